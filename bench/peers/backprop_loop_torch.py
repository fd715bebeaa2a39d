"""PyTorch peer: surrogate-gradient backpropagation written as users of the spiking libraries write it, one JSON line of step times.

OMP_NUM_THREADS=2 python3 backprop_loop_torch.py --net mlp --hidden 512 512 256 --repeat 20

A Python loop over the T steps that calls every layer at each of them, the stimulus again each time; neurons are modules with a
membrane, their arithmetic plain tensor operations, and only the spike has a gradient of its own. Autograd goes back through time.
"""
import math

import torch
from torch import nn
from torch.nn import functional as F

from torch_neurons import CONCEPT_THETA, decide, perception
from torch_peer import run


class Spike(torch.autograd.Function):
    """1 where the membrane is over the threshold (x >= 0); gradient of an arctangent, alpha 2."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return (x >= 0).to(x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad / (1 + (math.pi * x).square())


class Node(nn.Module):
    """Leaky integrate-and-fire neurons: one step a call. Hard reset to 0, detached."""

    def __init__(self, theta, tau):
        super().__init__()
        self.theta, self.tau, self.v = theta, tau, 0.0

    def reset(self):
        self.v = 0.0

    def forward(self, x):
        h = self.v + (x - self.v) / self.tau
        s = Spike.apply(h - self.theta)
        self.v = h * (1 - s.detach())
        return s


class StepByStep(nn.Module):
    def __init__(self, args):
        super().__init__()
        self.args = args
        self.blocks, self.top = perception(args)
        self.nodes = nn.ModuleList(Node(args.theta, args.tau) for _ in self.blocks)
        self.concept = Node(CONCEPT_THETA, args.tau)
        self.seen = []

    def drives(self, x):
        """The concept's drive at each step."""
        for node in (*self.nodes, self.concept):
            node.reset()
        self.seen = [[] for _ in self.nodes]
        for _ in range(self.args.steps):
            s = x
            for block, node, seen in zip(self.blocks, self.nodes, self.seen):
                s = node(block(s))
                seen.append(s.detach())
            yield self.top(s.flatten(1))

    def step(self, x, labels):
        total = 0
        for drive in self.drives(x):
            total = total + drive
        return F.cross_entropy(total / self.args.steps, labels)

    def infer(self, x):
        spikes, drives = [], []
        for drive in self.drives(x):
            spikes.append(self.concept(drive))
            drives.append(drive)
        return decide(torch.stack(spikes), torch.stack(drives))

    def rates(self):
        return {"rates": [torch.stack([s.mean() for s in seen]).mean().item() for seen in self.seen]}


if __name__ == "__main__":
    run("backprop-loop-torch", StepByStep)
