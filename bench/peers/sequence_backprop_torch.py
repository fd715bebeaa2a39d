"""PyTorch peer for sequences: surrogate-gradient backpropagation through time on perception alone, one JSON line of step times.

OMP_NUM_THREADS=2 python3 sequence_backprop_torch.py --hidden 324 --window 32 --rows 64 --repeat 20
"""
from torch import nn

from torch_sequence import Perception, run


class Backprop(nn.Module):
    def __init__(self, args):
        super().__init__()
        self.perception = Perception(args)
        self.seen = None

    def step(self, x, wanted):
        target, _ = wanted
        rates = self.perception.stage(x, True)
        self.seen = rates.detach()
        return self.perception.read(rates.flatten(0, 1), target)

    def rates(self):
        return {"rates": [] if self.seen is None else [self.seen.mean().item()]}


if __name__ == "__main__":
    run("sequence-backprop-torch", Backprop)
