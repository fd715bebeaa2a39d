"""Neurons, blocks and decisions of the PyTorch peers."""
import math

import torch
from torch import nn

CONCEPT_THETA = 2.0  # threshold of the concept's neurons, as in src/nets/neuron.ts


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


def fire(drive, steps, theta, tau, held):
    """The spikes of Lif where nothing will be learnt: one membrane, no history."""
    s = torch.empty_like(drive.unsqueeze(0).expand(steps, *drive.shape) if held else drive)
    v = None
    for t in range(steps):
        x = drive if held else drive[t]
        v = x * (1 / tau) if v is None else v.lerp_(x, 1 / tau)
        torch.ge(v, theta, out=s[t])
        v.addcmul_(v, s[t], value=-1)
    return s


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


def decide(spikes, drives):
    """Classes from the concept's spikes (T, batch, classes), one-hot codes: most spikes; the larger mean drive where they tie."""
    counts = spikes.sum(0)
    most = counts.amax(1, keepdim=True)
    return drives.mean(0).masked_fill(counts < most, -torch.inf).argmax(1)


def perceive(args, blocks, top, x):
    """Classes of a batch; time folded into the batch, a held stimulus driven once."""
    s = fire(blocks[0](x), args.steps, args.theta, args.tau, True)
    for block in blocks[1:]:
        s = fire(fold(block, s), args.steps, args.theta, args.tau, False)
    drives = fold(top, s.flatten(2))
    return decide(fire(drives, args.steps, CONCEPT_THETA, args.tau, False), drives)
