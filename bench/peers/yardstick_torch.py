"""PyTorch's side of the yardstick: one linear and one LIF layer, n -> n, over all steps; serves "step K" lines (see server.mjs).

The product is folded over time, the neurons are one autograd function, AdamW is fused: as a careful user would.
"""
import argparse
import os
import time

import torch
from torch import nn

from torch_neurons import Lif, fold
from torch_peer import memory, serve


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--n", type=int, default=512)
    p.add_argument("--batch", type=int, default=16)
    p.add_argument("--steps", type=int, default=500)
    p.add_argument("--rate", type=float, default=0.05, help="of the input's spikes")
    p.add_argument("--theta", type=float, default=0.6)
    p.add_argument("--tau", type=float, default=2.0)
    p.add_argument("--serve", action="store_true", help="accepted for the server's sake: there is no other mode")
    a = p.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count())))
    torch.set_flush_denormal(True)
    torch.manual_seed(1)
    start = memory("VmRSS")
    layer = nn.Linear(a.n, a.n)
    optimiser = torch.optim.AdamW(layer.parameters(), lr=1e-5, weight_decay=0.01, fused=True)
    spikes = (torch.rand(a.steps, a.batch, a.n) < a.rate).float()
    gradient = (2 * torch.rand(a.batch, a.n) - 1) / a.batch
    rate = 0.0

    def answer(_, count):
        nonlocal rate
        times = []
        for _ in range(count):
            begun = time.perf_counter()
            optimiser.zero_grad(set_to_none=True)
            fired = Lif.apply(fold(layer, spikes), a.steps, a.theta, a.tau, False).mean(0)
            (fired * gradient).sum().backward()
            optimiser.step()
            times.append((time.perf_counter() - begun) * 1e3)
            rate = fired.mean().item()
        return {"name": "yardstick-torch", "threads": torch.get_num_threads(), "all_ms": times, "rates": [rate],
                "peak_mb": memory("VmHWM"), "start_mb": start, "torch": torch.__version__}

    serve("yardstick-torch", ("step",), answer)


if __name__ == "__main__":
    main()
