"""PyTorch peer: one step of Bidirectional Spike-Based Distillation by autograd, one JSON line of step times.

OMP_NUM_THREADS=2 python3 bsd_torch.py --net mlp --hidden 512 512 256 --negatives prototypes --loss infonce --repeat 20

Every stage's inputs are detached, so one backward pass over the sum of the stage losses gives the local gradients.
With prototypes recall runs on one row a class. Features are firing rates, centred unless told otherwise.
"""
import torch
from torch import nn
from torch.nn import functional as F

from torch_neurons import Lif, Unflatten, fold, perceive, perception
from torch_peer import run


def recall(args):
    """Blocks from the target down to the stimulus; the last redraws it and has no norm."""
    if args.net == "mlp":
        w = [args.classes, *args.hidden[::-1], args.inputs]
        blocks = [nn.Sequential(nn.Linear(a, b), nn.BatchNorm1d(b)) for a, b in zip(w, w[1:-1])]
        return nn.ModuleList([*blocks, nn.Linear(w[-2], w[-1])])
    small = args.image >> len(args.hidden)
    ch = [*args.hidden[::-1], args.channels]
    first = nn.Sequential(nn.Linear(args.classes, ch[0] * small**2), Unflatten(ch[0], small), nn.BatchNorm2d(ch[0]))
    up = [nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b)) for a, b in zip(ch, ch[1:-1])]
    last = nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(ch[-2], ch[-1], 3, padding=1))
    return nn.ModuleList([first, *up, last]).to(memory_format=torch.channels_last)


def directions(x):
    """Rows of length 1; a silent row stays 0 and gets no gradient (normalize alone would give it one of 1e12)."""
    norm = x.norm(dim=1, keepdim=True)
    return x / norm.clamp_min(1e-12) * (norm > 1e-12)


class Bsd(nn.Module):
    def __init__(self, args):
        super().__init__()
        self.args = args
        self.blocks, self.top = perception(args)
        self.recall = recall(args)
        self.prototypes = torch.eye(args.classes)
        self.seen, self.redrawn = [], []

    def align(self, v, w, labels, other):
        """v (batch, ...), w (batch or classes, ...); `other` marks the pairs that are negatives."""
        a = self.args
        v, w = v.flatten(1), w.flatten(1)
        if not a.uncentred:
            v, w = v - v.detach().mean(0), w - w.detach().mean(0)
        cos = directions(v) @ directions(w).t()
        own = labels if a.negatives == "prototypes" else torch.arange(len(labels))
        mine = F.one_hot(own, cos.shape[1]).bool()
        if a.loss == "infonce":
            return F.cross_entropy((cos / a.temperature).masked_fill(~(other | mine), -torch.inf), own)
        positive = (1 - cos[mine]).square().sum()
        return (positive + a.weight * (cos.clamp_min(0).square() * other).sum()) / len(labels)

    def pull(self, rates):
        """Homeostasis: mean over neurons (channels) of the squared excess of their firing rate; rates (rows, neurons, ...)."""
        mean = rates.mean([0, *range(2, rates.dim())])
        return self.args.pull_weight * (mean - self.args.pull_rate).clamp_min(0).square().mean()

    def negatives(self, labels):
        if self.args.negatives == "prototypes":
            return ~F.one_hot(labels, self.args.classes).bool()
        if self.args.negatives == "masked":
            return labels[:, None] != labels[None, :]
        return ~torch.eye(len(labels), dtype=torch.bool)

    def hidden(self, blocks, held):
        """Spikes of each stage, (T, rows, ...); the first block's input is held, so its drive is computed once."""
        a = self.args
        trains = [Lif.apply(blocks[0](held), a.steps, a.theta, a.tau, True)]
        for block in blocks[1:]:
            trains.append(Lif.apply(fold(block, trains[-1].detach()), a.steps, a.theta, a.tau, False))
        return trains

    def step(self, x, labels):
        shown = self.prototypes if self.args.negatives == "prototypes" else self.prototypes[labels]
        self.seen, self.redrawn = self.hidden(self.blocks, x), self.hidden(self.recall[:-1], shown)
        seen, redrawn = [s.mean(0) for s in self.seen], [r.mean(0) for r in self.redrawn]
        other = self.negatives(labels)
        picture = self.recall[-1](redrawn[-1].detach())
        decision = self.top(seen[-1].detach().flatten(1))
        loss = F.cross_entropy(decision, labels) + self.align(x, picture, labels, other)
        for v, w in zip(seen, redrawn[::-1]):
            loss = loss + self.align(v, w, labels, other)
            if self.args.pull_weight > 0:
                loss = loss + self.pull(v) + self.pull(w)
        return loss

    def infer(self, x):
        return perceive(self.args, self.blocks, self.top, x)

    def rates(self):
        return {"rates": [s.mean().item() for s in self.seen], "recall_rates": [r.mean().item() for r in self.redrawn]}


if __name__ == "__main__":
    run("bsd-torch", Bsd)
