"""Prototype that decided how recurrent pairs work: next characters by BSD, and by backprop through time on the same perception net, in PyTorch.

One hidden layer. Perception reads the characters from a window's start to its end, recall reads the targets from its end
to its start. Every position is an element of T micro-steps. The text's first 80 % are trained on but for their last tenth,
which is held out; the rest is never read. Prints the held-out accuracy of each epoch and a line of Markdown at the end.

    python3 experiments/recurrent_prototype.py --text alice.txt --rule bsd --norm batch --epochs 4
    python3 experiments/recurrent_prototype.py --text alice.txt --rule bptt --norm running --membrane carried --previous step
"""
import argparse
import math
import time

import torch
import torch.nn.functional as F

torch.set_num_threads(1)


class Lif(torch.autograd.Function):
    """T micro-steps of hard-reset LIF (tau 2, V_reset 0) over drives [..., T, rows, neurons]; ATan surrogate, reset detached."""

    @staticmethod
    def forward(ctx, drive, start, threshold, alpha):
        v, charges, spikes = start, [], []
        for x in drive.unbind(-3):
            h = (v + x) / 2
            s = (h >= threshold).float()
            v = h - h * s
            charges.append(h)
            spikes.append(s)
        charges, spikes = torch.stack(charges, -3), torch.stack(spikes, -3)
        ctx.save_for_backward(charges, spikes)
        ctx.threshold, ctx.alpha = threshold, alpha
        return spikes, v

    @staticmethod
    def backward(ctx, spike_gradient, end_gradient):
        charges, spikes = ctx.saved_tensors
        slope = (charges - ctx.threshold).mul_(math.pi * ctx.alpha / 2).square_().add_(1).reciprocal_().mul_(ctx.alpha / 2)
        slope.mul_(spike_gradient)
        kept = 1 - spikes
        v, gradients = end_gradient, []
        for k in reversed(range(charges.shape[-3])):
            v = (slope.select(-3, k) + v * kept.select(-3, k)) / 2
            gradients.append(v)
        return torch.stack(gradients[::-1], -3), v, None, None


def lif_run(drive, v, threshold):
    """The same forward without a graph: spikes, charges, membrane at the end."""
    charges, spikes = torch.empty_like(drive), torch.empty_like(drive)
    for k in range(drive.shape[0]):
        h = torch.add(v, drive[k], out=charges[k]).mul_(0.5)
        torch.ge(h, threshold, out=spikes[k])
        v = h - h * spikes[k]
    return spikes, charges, v


class Rate(torch.autograd.Function):
    """Firing rates of a run that is over, with the gradient to its drives through each neuron's own micro-steps."""

    @staticmethod
    def forward(ctx, normed, charges, spikes, threshold, alpha):
        ctx.save_for_backward(charges, spikes)
        ctx.threshold, ctx.alpha = threshold, alpha
        return spikes.mean(-3)

    @staticmethod
    def backward(ctx, gradient):
        charges, spikes = ctx.saved_tensors
        steps = charges.shape[-3]
        slope = (charges - ctx.threshold).mul_(math.pi * ctx.alpha / 2).square_().add_(1).reciprocal_().mul_(ctx.alpha / 2)
        slope.mul_(gradient.unsqueeze(-3) / steps)
        for k in reversed(range(steps)):
            g = slope.select(-3, k)
            if k < steps - 1:
                after = slope.select(-3, k + 1)
                g.add_(after - after * spikes.select(-3, k))
            g.mul_(0.5)
        return slope, None, None, None, None


class Cell:
    """One recurrent layer: z[n][t] = W_x x_n + W_h s_prev, norm, LIF. Time runs along the given order of positions."""

    def __init__(self, width, hidden, o, generator):
        def uniform(*shape, fan_in):
            return ((torch.rand(*shape, generator=generator) * 2 - 1) / math.sqrt(fan_in)).requires_grad_()
        self.o, self.hidden, self.seen = o, hidden, 0
        self.wx = uniform(width, hidden, fan_in=1 / o.x_start ** 2)  # one-hot: one row is the whole input, so its fan-in is 1
        self.wh = uniform(hidden, hidden, fan_in=hidden / o.h_start ** 2)
        self.gamma = torch.ones(hidden).requires_grad_()
        self.beta = torch.zeros(hidden).requires_grad_()
        if o.norm == "none":
            self.gamma = None
            with torch.no_grad():
                self.beta.fill_(o.bias)
        self.mean, self.var = torch.zeros(hidden), torch.ones(hidden)

    def parameters(self):
        return [p for p in (self.wx, self.wh, self.gamma, self.beta) if p is not None]

    def normed(self, z, training):
        """z [..., T, rows, neurons]."""
        if self.o.norm == "none":
            return z + self.beta
        if self.o.norm == "batch" and training:
            mean, var = z.mean((-3, -2), keepdim=True), z.var((-3, -2), unbiased=False, keepdim=True)
        else:
            mean, var = self.mean, self.var
        return (z - mean) * ((var + 1e-5).rsqrt() * self.gamma) + self.beta

    def observe(self, z):
        """Running statistics from the drives of a whole batch of windows."""
        if self.o.norm == "none":
            return
        with torch.no_grad():
            self.seen += 1
            m = max(self.o.momentum, 1 / self.seen)
            flat = z.detach().reshape(-1, self.hidden)
            var, mean = torch.var_mean(flat, 0, unbiased=False)
            self.mean += m * (mean - self.mean)
            self.var += m * (var - self.var)

    def run(self, symbols, training=True):
        """symbols [N, rows] -> spikes, raw drives, spikes that fed them, charges (without a graph only) [N, T, rows, neurons]."""
        o = self.o
        n, rows = symbols.shape
        s = torch.zeros(o.steps, rows, self.hidden)
        v = torch.zeros(rows, self.hidden)
        spikes, drives, fed, charges = [], [], [], []
        graph = torch.is_grad_enabled()
        for k in range(n):
            x = self.wx[symbols[k]]
            if o.membrane == "reset":
                v = torch.zeros(rows, self.hidden)
            if o.previous == "element":
                fed.append(s)
                z = (s.reshape(-1, self.hidden) @ self.wh).view(s.shape) + x
                if graph:
                    s, v = Lif.apply(self.normed(z, training), v, o.threshold, o.alpha)
                else:
                    s, h, v = lif_run(self.normed(z, training), v, o.threshold)
                    charges.append(h)
            else:
                last, zs, ss, fs, hs = s[-1], [], [], [], []
                for _ in range(o.steps):
                    fs.append(last)
                    z1 = (last @ self.wh + x)[None]
                    if graph:
                        s1, v = Lif.apply(self.normed(z1, training), v, o.threshold, o.alpha)
                    else:
                        s1, h1, v = lif_run(self.normed(z1, training), v, o.threshold)
                        hs.append(h1[0])
                    last = s1[0]
                    zs.append(z1[0])
                    ss.append(last)
                z, s = torch.stack(zs), torch.stack(ss)
                fed.append(torch.stack(fs))
                if not graph:
                    charges.append(torch.stack(hs))
            drives.append(z)
            spikes.append(s)
        return torch.stack(spikes), torch.stack(drives), torch.stack(fed), torch.stack(charges) if charges else None

    def features(self, drives, charges, spikes):
        """Local second pass: firing rates [N * rows, neurons] with gradients to the drives only through the neuron's own micro-steps."""
        if self.o.norm == "batch" and self.o.previous == "step":  # statistics are a micro-step's there
            n, t, rows, h = drives.shape
            normed = self.normed(drives.reshape(n * t, 1, rows, h), True).view(n, t, rows, h)
        else:
            normed = self.normed(drives, True)
        return Rate.apply(normed, charges, spikes, self.o.threshold, self.o.alpha).reshape(-1, self.hidden)

    def give_gradients(self, symbols, fed, gradient):
        self.wh.grad = fed.reshape(-1, self.hidden).t() @ gradient.reshape(-1, self.hidden)
        self.wx.grad = torch.zeros_like(self.wx).index_add_(0, symbols.reshape(-1), gradient.sum(1).reshape(-1, self.hidden))


def align(v, w, target_v, target_w, o):
    """Stage loss between perception's rows v and recall's rows w (paired by index), centred, cosine."""
    if o.centre:
        v, w = v - v.mean(0), w - w.mean(0)
    c = F.normalize(v, dim=1, eps=1e-6) @ F.normalize(w, dim=1, eps=1e-6).t()
    k = torch.arange(len(v))
    out = None
    if o.masked:
        out = target_v[:, None] == target_w[None, :]
        out[k, k] = False
    if o.loss == "infonce":
        logits = c / o.temperature
        if out is not None:
            logits = logits.masked_fill(out, -1e9)
        loss = F.cross_entropy(logits, k)
        if o.symmetric:
            loss = (loss + F.cross_entropy(logits.t(), k)) / 2
        return loss
    own = c.diagonal()
    rivals = c.clamp(min=0).square()
    if out is not None:
        rivals = rivals.masked_fill(out, 0)
    lam = o.lam * 9 / (len(v) - 1) if o.relative else o.lam  # lam as if there were 9 rivals (prototypes of 10 classes)
    return ((1 - own).square() + lam * (rivals.sum(1) - own.clamp(min=0).square())).mean()


def bsd_step(perception, recall, wy, by, x, y, o):
    """Gradients of one batch of windows. x, y [N, rows]."""
    n, rows = x.shape
    with torch.no_grad():
        s, z, fed, h = perception.run(x)
        back = y.flip(0)
        r, zr, fed_r, h_r = recall.run(back)
    zr_forward, h_forward, r_forward = zr.flip(0), h_r.flip(0), r.flip(0)  # recall ran from the window's end: back to the order of positions
    per = {"all": n, "position": 1}.get(o.block) or max(1, int(o.block) // rows)
    blocks = math.ceil(n / per)
    gz, gr, sums = [], [], [0.0] * 4
    for i in range(0, n, per):  # a block of positions at a time: nothing of one block is needed for another
        zb, rb = z[i:i + per].detach().requires_grad_(), zr_forward[i:i + per].detach().requires_grad_()
        v = perception.features(zb, h[i:i + per], s[i:i + per])
        w = recall.features(rb, h_forward[i:i + per], r_forward[i:i + per])
        target = y[i:i + per].reshape(-1)
        stage = align(v, w, target, target, o)
        if o.ahead > 0 and len(v) > rows:  # perception also told from what recall held one position later
            stage = stage + o.ahead * align(v[:-rows], w[rows:], target[:-rows], target[rows:], o)
        top = F.cross_entropy(v.detach() @ wy + by, target)
        ((stage + top) * (len(v) / (n * rows))).backward()
        gz.append(zb.grad)
        gr.append(rb.grad)
        sums = [p + q.item() / blocks for p, q in zip(sums, (top, stage, v.mean(), w.mean()))]
    perception.give_gradients(x, fed, torch.cat(gz))
    recall.give_gradients(back, fed_r, torch.cat(gr).flip(0))
    if not o.recall_recurrent:
        recall.wh.grad.zero_()
    perception.observe(z)
    recall.observe(zr)
    return sums


def bptt_step(perception, wy, by, x, y, o):
    s, z, _, _ = perception.run(x)
    v = s.mean(1)
    top = F.cross_entropy((v @ wy + by).reshape(-1, wy.shape[1]), y.reshape(-1))
    top.backward()
    perception.observe(z)
    return top.item(), 0.0, v.mean().item(), 0.0


def evaluate(perception, wy, by, text, starts, window):
    right = bits = count = 0
    with torch.no_grad():
        for chunk in starts.split(512):
            at = chunk[None, :] + torch.arange(window)[:, None]
            s, *_ = perception.run(text[at], training=False)
            logits = s.mean(1) @ wy + by
            y = text[at + 1]
            right += (logits.argmax(-1) == y).sum().item()
            bits += F.cross_entropy(logits.reshape(-1, logits.shape[-1]), y.reshape(-1), reduction="sum").item() / math.log(2)
            count += y.numel()
    return right / count, bits / count


def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a = p.add_argument
    a("--text", required=True)
    a("--rule", choices=["bsd", "bptt"], default="bsd")
    a("--hidden", type=int, default=324)
    a("--window", type=int, default=32)
    a("--batch", type=int, default=64)
    a("--epochs", type=int, default=6)
    a("--seed", type=int, default=1)
    a("--steps", type=int, default=4, help="micro-steps T an element")
    a("--threshold", type=float, default=0.6)
    a("--alpha", type=float, default=2.0)
    a("--rate", type=float, default=3e-3)
    a("--top-rate", type=float, default=0.0, help="rate of the read-out; 0: the same")
    a("--decay", type=float, default=0.01)
    a("--membrane", choices=["carried", "reset"], default="reset")
    a("--previous", choices=["element", "step"], default="element")
    a("--norm", choices=["batch", "running", "none"], default="running")
    a("--momentum", type=float, default=0.1)
    a("--x-start", type=float, default=1.0, help="first W_x is uniform within this")
    a("--h-start", type=float, default=1.0, help="first W_h is uniform within this / sqrt(neurons)")
    a("--bias", type=float, default=0.0, help="norm none: first bias")
    a("--loss", choices=["infonce", "reco"], default="infonce")
    a("--temperature", type=float, default=0.1)
    a("--lam", type=float, default=2.0)
    a("--relative", type=int, default=1)
    a("--symmetric", type=int, default=0)
    a("--centre", type=int, default=1)
    a("--masked", type=int, default=0)
    a("--block", default="512", help="rows compared at once, or all, or position")
    a("--recall-recurrent", type=int, default=1)
    a("--ahead", type=float, default=0.0)
    a("--label", default="")
    return p.parse_args()


def main():
    o = options()
    began = time.time()
    raw = open(o.text, encoding="utf-8").read()
    alphabet = sorted(set(raw))
    index = {c: i for i, c in enumerate(alphabet)}
    text = torch.tensor([index[c] for c in raw])
    part = int(0.8 * len(text))
    held = part - part // 10
    def windows(a, b):
        return torch.arange(a, b - o.window, o.window)
    train, heldout = windows(0, held), windows(held, part)
    g = torch.Generator().manual_seed(o.seed)
    perception = Cell(len(alphabet), o.hidden, o, g)
    recall = Cell(len(alphabet), o.hidden, o, g)
    if not o.recall_recurrent:
        with torch.no_grad():
            recall.wh.zero_()
    bound = 1 / math.sqrt(o.hidden)
    wy = ((torch.rand(o.hidden, len(alphabet), generator=g) * 2 - 1) * bound).requires_grad_()
    by = torch.zeros(len(alphabet)).requires_grad_()
    groups = [perception.parameters(), [wy, by]] + ([recall.parameters()] if o.rule == "bsd" else [])
    scales = [1.0, (o.top_rate or o.rate) / o.rate, 1.0]
    optimiser = torch.optim.AdamW([{"params": q} for q in groups], lr=o.rate, weight_decay=o.decay)
    total, step, curve = o.epochs * math.ceil(len(train) / o.batch), 0, []
    for epoch in range(o.epochs):
        sums, count = [0.0] * 4, 0
        for chunk in train[torch.randperm(len(train), generator=g)].split(o.batch):
            at = chunk[None, :] + torch.arange(o.window)[:, None]
            x, y = text[at], text[at + 1]
            rate = o.rate * (1 + math.cos(math.pi * step / total)) / 2
            for q, scale in zip(optimiser.param_groups, scales):
                q["lr"] = rate * scale
            optimiser.zero_grad()
            got = bsd_step(perception, recall, wy, by, x, y, o) if o.rule == "bsd" else bptt_step(perception, wy, by, x, y, o)
            for q in groups:
                torch.nn.utils.clip_grad_norm_(q, 1.0)
            optimiser.step()
            step += 1
            sums = [p + q for p, q in zip(sums, got)]
            count += 1
        accuracy, bits = evaluate(perception, wy, by, text, heldout, o.window)
        curve.append(accuracy)
        print(f"epoch {epoch + 1} held-out {accuracy:.4f} bits {bits:.3f} top {sums[0] / count:.3f} stage {sums[1] / count:.3f} "
              f"rates {sums[2] / count:.3f} {sums[3] / count:.3f} {time.time() - began:.0f}s", flush=True)
    line = (f"| {o.label or o.rule} | {o.rule} | {o.epochs} | {o.seed} | {100 * curve[-1]:.2f} | {100 * max(curve):.2f} | {bits:.3f} "
            f"| {sums[2] / count:.3f} / {sums[3] / count:.3f} | {time.time() - began:.0f} |")
    print(line)


if __name__ == "__main__":
    main()
