"""What the two PyTorch peers share: arguments, batches, neurons, blocks, timing and the server mode.

Float32, CPU. Written the way a careful PyTorch user would: time is folded into the batch for synapses and norm, the
neurons' T steps are one autograd function with in-place arithmetic, a held input is driven through its synapses once
instead of T times, a time mean is taken before a linear map, convolutions run channels-last, AdamW is fused.
"""
import argparse
import json
import math
import os
import resource
import statistics
import sys
import time

import torch
from torch import nn


def arguments(description):
    p = argparse.ArgumentParser(description=description)
    p.add_argument("--net", choices=["mlp", "cnn"], default="mlp")
    p.add_argument("--hidden", type=int, nargs="+", default=None, help="neurons (mlp) or channels (cnn) of each hidden stage")
    p.add_argument("--inputs", type=int, default=784, help="mlp: numbers in a stimulus")
    p.add_argument("--image", type=int, default=32, help="cnn: side of the square image, pixels")
    p.add_argument("--channels", type=int, default=1, help="cnn: channels of the image")
    p.add_argument("--classes", type=int, default=10)
    p.add_argument("--batch", type=int, default=128)
    p.add_argument("--steps", type=int, default=4, help="time steps T")
    p.add_argument("--theta", type=float, default=0.6)
    p.add_argument("--tau", type=float, default=2.0)
    p.add_argument("--loss", choices=["infonce", "reco"], default="infonce")
    p.add_argument("--negatives", choices=["literal", "masked", "prototypes"], default="prototypes")
    p.add_argument("--uncentred", action="store_true")
    p.add_argument("--lambda", dest="weight", type=float, default=4.0, help="reco: weight of the negatives")
    p.add_argument("--temperature", type=float, default=0.1)
    p.add_argument("--lr", type=float, default=3e-3)
    p.add_argument("--data", help="raw little-endian float32, count x inputs; images are channels-last")
    p.add_argument("--labels", help="one byte a sample")
    p.add_argument("--pretrain", type=int, default=0, help="untimed training steps, so that firing rates are trained ones")
    p.add_argument("--warmup", type=int, default=3)
    p.add_argument("--repeat", type=int, default=20)
    p.add_argument("--serve", action="store_true", help='after the warm-up read "step K" lines and answer each')
    args = p.parse_args()
    args.hidden = args.hidden or ([512, 512, 256] if args.net == "mlp" else [32, 64, 128])
    if bool(args.data) != bool(args.labels):
        p.error("--data and --labels go together")
    if args.net == "cnn":
        args.inputs = args.channels * args.image**2
        if args.image % 2 ** len(args.hidden):
            p.error(f"--image {args.image} must be a multiple of {2 ** len(args.hidden)}: each hidden stage halves it")
    return args


def batches(args):
    """List of (stimulus, labels); an image batch is (batch, channels, y, x) in channels-last memory."""
    if args.data:
        x = torch.from_file(args.data, size=os.path.getsize(args.data) // 4, dtype=torch.float32)
        y = torch.from_file(args.labels, size=os.path.getsize(args.labels), dtype=torch.uint8).long()
        if len(y) < args.batch or len(x) != len(y) * args.inputs or int(y.max()) >= args.classes:
            sys.exit(f"{args.data}: {len(x)} floats do not fit {len(y)} labels (up to {int(y.max())}) of {args.inputs} inputs, "
                     f"{args.classes} classes and a batch of {args.batch}")
    else:
        x, y = torch.randn(8 * args.batch * args.inputs), torch.arange(8 * args.batch) % args.classes
    x = x.view(len(y), args.inputs)
    if args.net == "cnn":
        x = x.view(len(y), args.image, args.image, args.channels).permute(0, 3, 1, 2)
    count = len(y) // args.batch * args.batch
    return list(zip(x[:count].split(args.batch), y[:count].split(args.batch)))


class Lif(torch.autograd.Function):
    """Drive (T, ...) or, held for all steps, (...) -> spikes (T, ...). Hard reset, detached; ATan surrogate, alpha 2."""

    @staticmethod
    def forward(ctx, drive, steps, theta, tau, held):
        shape = (steps, *drive.shape) if held else drive.shape
        layout = drive.unsqueeze(0).expand(shape) if held else drive
        h, s = torch.empty_like(layout), torch.empty_like(layout)
        v = None
        for t in range(steps):
            x = drive if held else drive[t]
            torch.mul(x, 1 / tau, out=h[t]) if v is None else torch.lerp(v, x, 1 / tau, out=h[t])
            torch.ge(h[t], theta, out=s[t])
            v = torch.addcmul(h[t], h[t], s[t], value=-1)
        ctx.save_for_backward(h, s)
        ctx.settings = steps, theta, tau, held
        return s

    @staticmethod
    def backward(ctx, grad):
        h, s = ctx.saved_tensors
        steps, theta, tau, held = ctx.settings
        g = (h - theta).mul_(math.pi).square_().add_(1).reciprocal_().mul_(grad)
        for t in range(steps - 2, -1, -1):  # dL/dH[t] += (1 - 1/tau) (1 - S[t]) dL/dH[t+1]
            later = g[t + 1] * (1 - 1 / tau)
            g[t].add_(later).addcmul_(later, s[t], value=-1)
        g.mul_(1 / tau)
        return (g.sum(0) if held else g), None, None, None, None


class Unflatten(nn.Module):
    def __init__(self, channels, side):
        super().__init__()
        self.shape = channels, side, side

    def forward(self, x):
        return x.view(-1, *self.shape).contiguous(memory_format=torch.channels_last)


def fold(block, s):
    """A block over (T, batch, ...) with time folded into the batch."""
    y = block(s.flatten(0, 1))
    return y.view(*s.shape[:2], *y.shape[1:])


def perception(args):
    """Hidden blocks and the top one."""
    if args.net == "mlp":
        w = [args.inputs, *args.hidden]
        blocks = [nn.Sequential(nn.Linear(a, b), nn.BatchNorm1d(b)) for a, b in zip(w, w[1:])]
        return nn.ModuleList(blocks), nn.Linear(w[-1], args.classes)
    ch = [args.channels, *args.hidden]
    small = args.image >> len(args.hidden)
    blocks = [nn.Sequential(nn.Conv2d(a, b, 3, padding=1), nn.MaxPool2d(2), nn.BatchNorm2d(b)) for a, b in zip(ch, ch[1:])]
    return nn.ModuleList(blocks).to(memory_format=torch.channels_last), nn.Linear(ch[-1] * small**2, args.classes)


def run(name, args, step, parameters, rates):
    """Pretrains, warms up, then times `args.repeat` steps or serves; prints one JSON line a measurement.

    step(stimulus, labels) -> loss to differentiate; rates() -> lists of mean firing rates of the last step.
    """
    parameters = list(parameters)
    optimiser = torch.optim.AdamW(parameters, lr=args.lr, weight_decay=0.01, fused=True)
    data, done, imported = batches(args), 0, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    def train(count):
        nonlocal done
        times, loss = [], None
        for _ in range(count):
            x, y = data[done % len(data)]
            start = time.perf_counter()
            optimiser.zero_grad(set_to_none=True)
            loss = step(x, y)
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 1.0, foreach=True)
            optimiser.step()
            times.append((time.perf_counter() - start) * 1e3)
            done += 1
        return times, loss

    def report(count):
        times, loss = train(count)
        line = {"name": name, "net": args.net, "threads": torch.get_num_threads(), "median_ms": statistics.median(times),
                "all_ms": times, **rates(), "loss": loss.item(), "steps_done": done, "data": "file" if args.data else "random",
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "start_mb": imported,
                "torch": torch.__version__}
        print(json.dumps(line), flush=True)

    train(args.pretrain + args.warmup)
    if not args.serve:
        return report(args.repeat)
    print(json.dumps({"name": name, "ready": True}), flush=True)
    for line in sys.stdin:
        words = line.split()
        if len(words) == 2 and words[0] == "step" and words[1].isdigit() and int(words[1]) > 0:
            report(int(words[1]))
        elif words == ["quit"]:
            return None
        elif words:
            print(json.dumps({"error": f'expected "step K" with K > 0, or "quit"; got {line.strip()!r}'}), flush=True)
    return None


def set_up(description):
    args = arguments(description)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count())))
    torch.set_flush_denormal(True)
    torch.manual_seed(1)
    return args
