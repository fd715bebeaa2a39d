"""What the PyTorch peers share: arguments, batches, timing and the server mode.

Float32, CPU. BSD and backprop are written the way a careful PyTorch user would: time is folded into the batch for synapses
and norm, the neurons' T steps are one autograd function with in-place arithmetic, a held input is driven through its synapses
once instead of T times, a time mean is taken before a linear map, convolutions run channels-last, AdamW is fused.
"""
import argparse
import json
import os
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
    p.add_argument("--pull-weight", type=float, default=0.0, help="bsd: homeostasis, weight of the squared excess of firing rates")
    p.add_argument("--pull-rate", type=float, default=0.0, help="bsd: the firing rate from which on it pulls")
    p.add_argument("--lr", type=float, default=3e-3)
    p.add_argument("--data", help="raw little-endian float32, count x inputs; images are channels-last")
    p.add_argument("--labels", help="one byte a sample")
    p.add_argument("--pretrain", type=int, default=0, help="untimed training steps")
    p.add_argument("--repeat", type=int, default=20)
    p.add_argument("--serve", action="store_true", help='read "step K" and "infer K" lines and answer each')
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


def memory(field):
    """A line of /proc/self/status in MiB: VmRSS (now), VmHWM (largest so far; getrusage's figure would count the parent's)."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(field))


def train(peer, data, start, count):
    """Takes `count` steps from batch number `start`; milliseconds of each."""
    times = []
    for done in range(start, start + count):
        x, y = data[done % len(data)]
        begun = time.perf_counter()
        peer.optimiser.zero_grad(set_to_none=True)
        peer.step(x, y).backward()
        nn.utils.clip_grad_norm_(peer.parameters(), 1.0, foreach=True)
        peer.optimiser.step()
        times.append((time.perf_counter() - begun) * 1e3)
    return times


def infer(peer, data, count):
    """Decides `count` batches; milliseconds of each."""
    times = []
    peer.eval()
    with torch.no_grad():
        for batch in range(count):
            x, _ = data[batch % len(data)]
            begun = time.perf_counter()
            peer.infer(x)
            times.append((time.perf_counter() - begun) * 1e3)
    peer.train()
    return times


def run(name, make, read=arguments, load=batches, decide=infer):
    """Reads the arguments, makes the peer, pretrains it, then times `--repeat` steps or serves; prints a JSON line a measurement.

    make(args) -> an nn.Module with step(stimulus, labels) -> loss to differentiate, infer(stimulus) -> classes where `decide` is this
    module's, and rates() -> lists of mean firing rates of the newest step. `read`, `load` and `decide` are of images unless given.
    """
    args = read(f"{name}: prints step times as JSON")
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count())))
    torch.set_flush_denormal(True)
    torch.manual_seed(1)
    start = memory("VmRSS")
    peer = make(args)
    peer.optimiser = torch.optim.AdamW(peer.parameters(), lr=args.lr, weight_decay=0.01, fused=True)
    data = load(args)
    train(peer, data, 0, args.pretrain)
    done = args.pretrain

    def answer(job, count):
        nonlocal done
        times = decide(peer, data, count) if job == "infer" else train(peer, data, done, count)
        done += count if job == "step" else 0
        return {"name": name, "job": job, "threads": torch.get_num_threads(), "median_ms": statistics.median(times),
                "all_ms": times, **peer.rates(), "steps_done": done, "peak_mb": memory("VmHWM"), "start_mb": start,
                "torch": torch.__version__}

    if args.serve:
        serve(name, ("step", "infer"), answer)
    else:
        print(json.dumps(answer("step", args.repeat)), flush=True)


def serve(name, jobs, answer):
    """Says that it is ready, then answers lines of a job and a count until "quit" or the end."""
    print(json.dumps({"name": name, "ready": True}), flush=True)
    for line in sys.stdin:
        words = line.split()
        if len(words) == 2 and words[0] in jobs and words[1].isdigit() and int(words[1]) > 0:
            print(json.dumps(answer(words[0], int(words[1]))), flush=True)
        elif words == ["quit"]:
            return
        elif words:
            wanted = " or ".join(f'"{job} K"' for job in jobs)
            print(json.dumps({"error": f'expected {wanted} with K > 0, or "quit"; got {line.strip()!r}'}), flush=True)
