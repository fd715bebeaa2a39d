"""What the PyTorch peers for sequences share: arguments, windows, the recurrent stage, streaming inference. One hidden stage.

Written the way a careful PyTorch user would who wants speed: inputs are driven for the whole window at once, a symbol's row is looked up, a
window is one autograd function whose backward pass is derived by hand, works position by position in the cache, and leaves the weight
gradients to one product each. Rows of a window are (position, step, row, neuron).
"""
import argparse
import math
import os
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

import torch_peer

EPSILON = 1e-5
MOMENTUM = 0.1
SYMBOL_BOUND = 1.0  # first weights of one-hot inputs, of which one is active at a time: as src/nets/sequence-pair.ts


def arguments(description):
    p = argparse.ArgumentParser(description=description)
    p.add_argument("--kind", choices=["symbols", "values"], default="symbols", help="of inputs and targets")
    p.add_argument("--inputs", type=int, default=70, help="symbols of the alphabet, or values an element")
    p.add_argument("--targets", type=int, default=70, help="symbols of the alphabet, or values to predict")
    p.add_argument("--hidden", type=int, default=324)
    p.add_argument("--window", type=int, default=32)
    p.add_argument("--rows", type=int, default=64, help="windows side by side")
    p.add_argument("--steps", type=int, default=4, help="steps T an element")
    p.add_argument("--theta", type=float, default=0.6)
    p.add_argument("--tau", type=float, default=2.0)
    p.add_argument("--block", type=int, default=64, help="bsd: rows compared with each other")
    p.add_argument("--temperature", type=float, default=0.1)
    p.add_argument("--code-size", type=int, default=24, help="values: neurons a target value at the top of recall")
    p.add_argument("--code-range", type=float, default=2.5)
    p.add_argument("--lr", type=float, default=3e-3)
    p.add_argument("--stimuli", help="inputs in order, one a position: uint16 symbols or float32 values, little-endian")
    p.add_argument("--wanted", help="targets in order, the same way")
    p.add_argument("--starts", help="int32, first positions of windows: `rows` of them a batch")
    p.add_argument("--pretrain", type=int, default=0, help="untimed training steps")
    p.add_argument("--repeat", type=int, default=20)
    p.add_argument("--serve", action="store_true", help='read "step K" (windows) and "infer K" (elements) lines and answer each')
    args = p.parse_args()
    files = (args.stimuli, args.wanted, args.starts)
    if any(files) and not all(files):
        p.error("--stimuli, --wanted and --starts go together")
    if args.window * args.rows % min(args.block, args.window * args.rows):
        p.error(f"--block {args.block} must divide the {args.window * args.rows} rows of a batch")
    return args


def sequence(args):
    """Inputs and targets, one a position: symbols (positions) int64, or values (positions, width); made up without files."""
    if not args.stimuli:
        made = 8 * args.window * args.rows
        if args.kind == "values":
            return torch.randn(made, args.inputs), torch.randn(made, args.targets)
        symbols = torch.randint(args.inputs, (made + 1,))
        return symbols[:-1], symbols[1:]
    both = []
    for path, width in ((args.stimuli, args.inputs), (args.wanted, args.targets)):
        size = os.path.getsize(path)
        if args.kind == "values":
            both.append(torch.from_file(path, size=size // 4, dtype=torch.float32).view(-1, width))
        else:
            both.append(torch.from_file(path, size=size // 2, dtype=torch.int16).long() & 0xFFFF)
            if int(both[-1].max()) >= width:
                sys.exit(f"{path}: expected symbols below {width}, found {int(both[-1].max())}")
    return both


def batches(args):
    """List of (x, (y, shown)): (positions, rows, ...) each; `shown` is what recall starts from: y itself, or its population code's spikes."""
    x, y = sequence(args)
    if args.starts:
        starts = torch.from_file(args.starts, size=os.path.getsize(args.starts) // 4, dtype=torch.int32).long()
    else:
        starts = torch.arange(0, len(x) - args.window + 1, args.window)
    if len(starts) < args.rows:
        sys.exit(f"expected the starts of at least {args.rows} windows, found {len(starts)}")
    made = []
    for chunk in starts[:len(starts) // args.rows * args.rows].split(args.rows):
        at = torch.arange(args.window)[:, None] + chunk
        made.append((x[at], (y[at], code(y[at], args) if args.kind == "values" else y[at])))
    return made


def code(values, args):
    """Population code (src/coding/population-code.ts): values (positions, rows, width) -> spikes (positions, T, rows, width * size)."""
    size, reach, steps = args.code_size, args.code_range, args.steps
    place = (values.clamp(-reach, reach) + reach) * ((size - 1) / (2 * reach))
    counts = (torch.exp(-(place[..., None] - torch.arange(size)).square() / 2) * steps + 0.5).floor().flatten(2)
    t = torch.arange(steps).view(1, steps, 1, 1)
    counts = counts[:, None]
    return (((t + 1) * counts / steps).floor() > (t * counts / steps).floor()).float()


class Window(torch.autograd.Function):
    """Firing rates (positions, rows, neurons) of a recurrent stage over a window, from silence.

    x (positions, T or 1, rows, neurons) is what the inputs drive, wh (from, to). Each position: z = x + s_before wh, batch norm over its rows
    and steps, T steps of hard-reset LIF from rest (ATan surrogate, alpha 2; reset detached). The gradient goes back to the element before
    only where `through_time`.
    """

    @staticmethod
    def forward(ctx, x, wh, gamma, beta, stage, through_time):
        theta, part, steps = stage.theta, 1 / stage.tau, stage.steps
        n, _, rows, width = x.shape
        z, h, s, _ = stage.room(n, rows)
        s[0].zero_()  # the element before the window is silent
        mean, inverse = x.new_empty(n, width), x.new_empty(n, width)
        for k in range(n):
            drive = z[k].copy_(x[k]).view(-1, width).addmm_(s[k].view(-1, width), wh)
            normed, mean[k], inverse[k] = torch.native_batch_norm(drive, gamma, beta, None, None, True, 0.0, EPSILON)
            fire(normed.view(steps, rows, width), h[k], s[k + 1], theta, part)
        stage.observe(mean, inverse, rows * steps)
        ctx.save_for_backward(mean, inverse, wh, gamma)
        ctx.stage, ctx.through_time, ctx.held = stage, through_time, x.shape[1] == 1
        return s[1:].mean(1)

    @staticmethod
    def backward(ctx, grad):
        mean, inverse, wh, gamma = ctx.saved_tensors
        theta, part = ctx.stage.theta, 1 / ctx.stage.tau
        z, h, s, g = ctx.stage.room(len(mean), grad.shape[1])
        n, steps, rows, width = z.shape
        back = wh.t()
        d_gamma, d_beta = torch.zeros_like(gamma), torch.zeros_like(gamma)
        grad = grad * (1 / steps)
        for k in range(n - 1, -1, -1):
            slope = (h[k] - theta).mul_(math.pi).square_().add_(1)
            if ctx.through_time and k < n - 1:
                sent = (g[k + 1].view(-1, width) @ back).view(steps, rows, width).add_(grad[k])
                d = sent.div_(slope)
            else:
                d = torch.div(grad[k], slope, out=slope)
            for t in range(steps - 2, -1, -1):  # dL/dH[t] += (1 - 1/tau) (1 - S[t]) dL/dH[t+1]
                later = d[t + 1] * (1 - part)
                d[t].add_(later).addcmul_(later, s[k + 1, t], value=-1)
            d.mul_(part)
            g_k, own_gamma, own_beta = torch.ops.aten.native_batch_norm_backward(
                d.view(-1, width), z[k].view(-1, width), gamma, None, None, mean[k], inverse[k], True, EPSILON, [True, True, True])
            g[k] = g_k.view(steps, rows, width)
            d_gamma += own_gamma
            d_beta += own_beta
        d_wh = s[:-1].reshape(-1, width).t() @ g.view(-1, width)
        return (g.sum(1, keepdim=True) if ctx.held else g), d_wh, d_gamma, d_beta, None, None


def fire(x, h, s, theta, part):
    """T steps of LIF from rest: membranes before the reset into h, spikes into s; all (T, ...)."""
    v = None
    for t in range(len(x)):
        torch.mul(x[t], part, out=h[t]) if v is None else torch.lerp(v, x[t], part, out=h[t])
        torch.ge(h[t], theta, out=s[t])
        v = torch.addcmul(h[t], h[t], s[t], value=-1)


def uniform(*shape, bound):
    return nn.Parameter((2 * torch.rand(*shape) - 1) * bound)


class Stage(nn.Module):
    """A network's hidden stage: symbols (positions, rows), values (positions, rows, width) or spikes (positions, T, rows, width) -> rates."""

    def __init__(self, args, width, bound):
        super().__init__()
        self.steps, self.theta, self.tau = args.steps, args.theta, args.tau
        self.wx = uniform(width, args.hidden, bound=bound)
        self.wh = uniform(args.hidden, args.hidden, bound=1 / math.sqrt(args.hidden))
        self.gamma, self.beta = nn.Parameter(torch.ones(args.hidden)), nn.Parameter(torch.zeros(args.hidden))
        self.mean, self.variance, self.seen = torch.zeros(args.hidden), torch.ones(args.hidden), 0
        self.kept = ()

    def room(self, positions, rows):
        """Drives, membranes before the reset, spikes (of the element before the window too) and gradients of drives: kept from step to
        step, as fresh memory of this size costs page faults in each of them."""
        shape = positions, self.steps, rows, len(self.gamma)
        if not self.kept or self.kept[0].shape != shape:
            z = torch.empty(shape)
            self.kept = z, torch.empty_like(z), z.new_empty(positions + 1, *shape[1:]), torch.empty_like(z)
        return self.kept

    def forward(self, x, through_time):
        drive = x @ self.wx if x.is_floating_point() else F.embedding(x, self.wx)
        return Window.apply(drive if drive.dim() == 4 else drive[:, None], self.wh, self.gamma, self.beta, self, through_time)

    def observe(self, means, inverses, rows):
        """Moves the running statistics by a window's, from its positions'."""
        self.seen += 1
        share, count = max(MOMENTUM, 1 / self.seen), rows * len(means)
        variance = (inverses.pow(-2) - EPSILON).mean(0) + means.var(0, unbiased=False)
        self.mean.lerp_(means.mean(0), share)
        self.variance.lerp_(variance * (count / max(1, count - 1)), share)


class Perception(nn.Module):
    """The stage and its read-out: logits of symbols, or values."""

    def __init__(self, args):
        super().__init__()
        symbols = args.kind == "symbols"
        self.stage = Stage(args, args.inputs, SYMBOL_BOUND if symbols else 1 / math.sqrt(args.inputs))
        self.top = nn.Linear(args.hidden, args.targets)
        self.loss = F.cross_entropy if symbols else F.mse_loss

    def read(self, rates, target):
        """Top loss of rates (rows, neurons)."""
        return self.loss(self.top(rates), target.flatten(0, 1))


class Stream:
    """One element at a time, its spikes kept as the state: norms by running statistics, folded into the weights; inference alone."""

    def __init__(self, perception):
        stage = perception.stage
        scale = stage.gamma * (stage.variance + EPSILON).rsqrt()
        self.wx, self.wh = stage.wx * scale, stage.wh * scale
        self.shift = stage.beta - stage.mean * scale
        self.table = self.wx + self.shift
        self.theta, self.part = stage.theta, 1 / stage.tau
        self.top, self.bias = perception.top.weight / stage.steps, perception.top.bias
        self.s = torch.zeros(stage.steps, len(scale))

    def next(self, element):
        """Logits or values after one more element: a symbol's number, or its values."""
        x = torch.addmv(self.shift, self.wx.t(), element) if isinstance(element, torch.Tensor) else self.table[element]
        drives = torch.addmm(x, self.s, self.wh)
        v = None
        spikes = []
        for drive in drives.unbind(0):
            v = drive * self.part if v is None else v.lerp_(drive, self.part)
            s = v >= self.theta
            v.masked_fill_(s, 0)
            spikes.append(s)
        self.s = torch.stack(spikes).float()
        return torch.addmv(self.bias, self.top, self.s.sum(0))


def infer(peer, data, count):
    """Goes on with the stream of the first windows' first row; milliseconds of each element."""
    times = []
    with torch.inference_mode():
        elements = torch.cat([x[:, 0] for x, _ in data])
        elements = elements.tolist() if elements.dim() == 1 else list(elements.unbind(0))
        stream = Stream(peer.perception)
        for n in range(count):
            element = elements[n % len(elements)]
            begun = time.perf_counter()
            stream.next(element)
            times.append((time.perf_counter() - begun) * 1e3)
    return times


def run(name, make):
    torch_peer.run(name, make, read=arguments, load=batches, decide=infer)
