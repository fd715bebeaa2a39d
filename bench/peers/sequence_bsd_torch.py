"""PyTorch peer for sequences: one step of Bidirectional Spike-Based Distillation of a recurrent pair, one JSON line of step times.

OMP_NUM_THREADS=2 python3 sequence_bsd_torch.py --hidden 324 --window 32 --rows 64 --block 64 --repeat 20

Recall runs from the window's end to its start. Stage losses are InfoNCE between centred firing rates, every other row of a block a negative;
one backward pass over their sum gives the local gradients, as inputs are detached and no gradient goes to the element before.
"""
import math

import torch
from torch import nn
from torch.nn import functional as F

from bsd_torch import directions
from torch_sequence import SYMBOL_BOUND, Perception, Stage, run


def centred(rows):
    """Rows without their mean, which is a constant to the gradient."""
    return directions(rows - rows.detach().mean(0))


class SequenceBsd(nn.Module):
    def __init__(self, args):
        super().__init__()
        self.args = args
        self.perception = Perception(args)
        symbols = args.kind == "symbols"
        width = args.targets if symbols else args.targets * args.code_size
        self.recall = Stage(args, width, 1 / math.sqrt(width))
        self.redraw = nn.Linear(args.hidden, args.inputs)
        self.codes = centred(torch.eye(args.inputs)).t() if symbols else None
        self.block = min(args.block, args.window * args.rows)
        self.own = torch.arange(self.block).repeat(args.window * args.rows // self.block)
        self.seen = []

    def align(self, v, w):
        """Rows v against rows w of the same block, k to k."""
        v, w = centred(v).view(-1, self.block, v.shape[1]), centred(w).view(-1, self.block, w.shape[1])
        cos = torch.bmm(v, w.transpose(1, 2)).flatten(0, 1)
        return F.cross_entropy(cos / self.args.temperature, self.own)

    def drawn(self, picture, x):
        """Stage 1: redrawn rows against the alphabet, or against the block's stimuli."""
        if self.codes is None:
            return self.align(x.flatten(0, 1), picture)
        return F.cross_entropy(centred(picture) @ self.codes / self.args.temperature, x.flatten())

    def step(self, x, wanted):
        target, shown = wanted
        rates, redrawn = self.perception.stage(x, False), self.recall(shown.flip(0), False).flip(0)
        self.seen = [rates.detach(), redrawn.detach()]
        v, w = rates.flatten(0, 1), redrawn.flatten(0, 1)
        return self.perception.read(v.detach(), target) + self.align(v, w) + self.drawn(self.redraw(w.detach()), x)

    def rates(self):
        means = [rates.mean().item() for rates in self.seen]
        return {"rates": means[:1], "recall_rates": means[1:]}


if __name__ == "__main__":
    run("sequence-bsd-torch", SequenceBsd)
