"""PyTorch peer: surrogate-gradient backpropagation through the perception network alone, one JSON line of step times.

OMP_NUM_THREADS=2 python3 backprop_torch.py --net mlp --hidden 512 512 256 --repeat 20

Cross-entropy on the time mean of the top drive; no stage is cut off, so the error travels through all of them.
"""
from torch import nn
from torch.nn import functional as F

from torch_neurons import Lif, fold, perceive, perception
from torch_peer import run


class Backprop(nn.Module):
    def __init__(self, args):
        super().__init__()
        self.args = args
        self.blocks, self.top = perception(args)
        self.seen = []

    def step(self, x, labels):
        a = self.args
        s = Lif.apply(self.blocks[0](x), a.steps, a.theta, a.tau, True)
        self.seen = [s.detach()]
        for block in self.blocks[1:]:
            s = Lif.apply(fold(block, s), a.steps, a.theta, a.tau, False)
            self.seen.append(s.detach())
        return F.cross_entropy(self.top(s.mean(0).flatten(1)), labels)

    def infer(self, x):
        return perceive(self.args, self.blocks, self.top, x)

    def rates(self):
        return {"rates": [s.mean().item() for s in self.seen]}


if __name__ == "__main__":
    run("backprop-torch", Backprop)
