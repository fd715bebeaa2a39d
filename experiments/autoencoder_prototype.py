"""Prototype that decided how autoencoder pairs learn: images redrawn by BSD, and by backprop on the same spiking net and on its ReLU twin, in PyTorch.

Perception reads the image at the bottom and redraws it at the top; recall reads it at the top and redraws it at the bottom. Same shapes,
own weights; hidden stage i of perception meets hidden stage n - 1 - i of recall, so an encoder half always meets a decoder half, and the
two latents each other. Every layer's input is a constant to its loss. Read-outs learn by MSE on the time mean of their drive.
Prints one line of Markdown: held-out MSE (pixels 0..1) of perception and recall, the part of it above the cut frequency, the Frechet
distance of features of a small classifier (trained once, kept in --cache), firing rates.

    python3 experiments/autoencoder_prototype.py --data DIR --rule bsd --loss reco --lam 0.02
    python3 experiments/autoencoder_prototype.py --data DIR --rule snn --net conv --channels 8,16
"""
import argparse
import gzip
import math
import os
import time

import numpy
import scipy.linalg
import torch
import torch.nn.functional as F

torch.set_num_threads(1)


class Lif(torch.autograd.Function):
    """T steps of hard-reset LIF (tau 2, V_reset 0) over drives [T, ...]; ATan surrogate (alpha 2), reset detached."""

    @staticmethod
    def forward(ctx, drive, threshold):
        charges, spikes = torch.empty_like(drive), torch.empty_like(drive)
        v = torch.zeros_like(drive[0])
        for k in range(drive.shape[0]):
            h = torch.add(v, drive[k], out=charges[k]).mul_(0.5)
            torch.ge(h, threshold, out=spikes[k])
            v = h - h * spikes[k]
        ctx.save_for_backward(charges, spikes)
        ctx.threshold = threshold
        return spikes, charges

    @staticmethod
    def backward(ctx, gradient, charge_gradient):
        charges, spikes = ctx.saved_tensors
        slope = (charges - ctx.threshold).mul_(math.pi).square_().add_(1).reciprocal_().mul_(gradient)
        if charge_gradient is not None:
            slope += charge_gradient
        for k in reversed(range(len(slope))):
            g = slope[k]
            if k < len(slope) - 1:
                after = slope[k + 1]
                g.add_(after - after * spikes[k])
            g.mul_(0.5)
        return slope, None


class Layer:
    """Synapses, norm, neurons of one half stage. Input [T or 1, rows, ...], output spikes [T, rows, *shape]."""

    def __init__(self, source, shape, o, generator, readout=False):
        self.o, self.source, self.shape, self.readout, self.seen = o, source, shape, readout, 0
        self.kind = "linear" if len(source) != len(shape) or len(shape) == 1 else "down" if source[1] > shape[1] else "up"
        width = math.prod(source) if self.kind == "linear" else source[0] * 9
        size = (math.prod(shape), width) if self.kind == "linear" else (shape[0], source[0], 3, 3)
        self.w = ((torch.rand(*size, generator=generator) * 2 - 1) / math.sqrt(width)).requires_grad_()
        self.units = math.prod(shape) if self.kind == "linear" and len(shape) == 1 else shape[0]
        self.gamma, self.beta = torch.ones(self.units).requires_grad_(), torch.zeros(self.units).requires_grad_()
        self.mean, self.var = torch.zeros(self.units), torch.ones(self.units)
        self.locals = []

    def parameters(self):
        return [self.w, self.beta] + ([] if self.readout else [self.gamma]) + self.locals

    def synapses(self, x):
        t, rows = x.shape[:2]
        flat = x.reshape(t * rows, *self.source)
        if self.kind == "linear":
            z = F.linear(flat.flatten(1), self.w).view(-1, *self.shape)
        elif self.kind == "down":
            z = F.conv2d(flat, self.w, stride=2, padding=1)
        else:
            z = F.conv2d(F.interpolate(flat, scale_factor=2, mode="nearest"), self.w, padding=1)
        return z

    def drive(self, x, training):
        """Normed drive [T or 1, rows, *shape]; a read-out has a bias instead of a norm and reads the time mean."""
        if self.readout:
            z = self.synapses(x.mean(0, keepdim=True))
            return (z + self.beta.view(-1, *[1] * (len(self.shape) - 1))).view(1, x.shape[1], *self.shape)
        z = self.synapses(x)
        if training:
            self.seen += 1
        m = max(0.1, 1 / max(1, self.seen))
        z = F.batch_norm(z, self.mean, self.var, self.gamma, self.beta, training, m, 1e-5)
        return z.view(x.shape[0], x.shape[1], *self.shape)

    def run(self, x, training):
        """Spikes and what the stage loss may look at."""
        u = self.drive(x, training)
        if self.readout:
            return u[0], None
        if self.o.rule == "ann":
            return F.relu(u), None
        u = u.expand(self.o.steps, *u.shape[1:]) if u.shape[0] == 1 else u
        s, h = Lif.apply(u, self.o.threshold)
        f = self.o.features
        return s, s.mean(0) if f == "rate" else u.mean(0) if f == "drive" else h.mean(0) if f == "membrane" else s.transpose(0, 1).flatten(1, 2)


def shapes(o):
    image = (o.planes, 32, 32) if o.net == "conv" else (784 * o.planes,)
    if o.net == "conv":
        side = [(c, 32 >> (i + 1), 32 >> (i + 1)) for i, c in enumerate(o.channels)]
    else:
        side = [(c,) for c in o.channels]
    hidden = side + [(o.latent,)] + side[::-1]
    return image, hidden


class Net:
    def __init__(self, o, generator):
        image, hidden = shapes(o)
        ends = [image] + hidden + [image]
        self.layers = [Layer(ends[i], ends[i + 1], o, generator, i == len(hidden)) for i in range(len(hidden) + 1)]

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]

    def run(self, x, training, local):
        """Image [rows, *shape] -> redrawn, features and spikes of the hidden stages. local: each layer's input is a constant."""
        s, features, spikes = x[None], [], []
        for layer in self.layers[:-1]:
            s, f = layer.run(s.detach() if local else s, training)
            features.append(f)
            spikes.append(s)
        return self.layers[-1].run(s.detach() if local else s, training)[0], features, spikes


def bands(f, cut):
    """Feature rows of the low and high band: real and imaginary parts of the orthonormal FFT over space (flat rows: over the row)."""
    if f.dim() == 4:
        y = torch.fft.rfft2(f, norm="ortho")
        r = torch.sqrt(torch.fft.fftfreq(f.shape[2])[:, None] ** 2 + torch.fft.rfftfreq(f.shape[3])[None] ** 2)
    else:
        y = torch.fft.rfft(f, norm="ortho")
        r = torch.fft.rfftfreq(f.shape[-1])
    parts = torch.view_as_real(y)
    return [parts[..., keep, :].flatten(1) for keep in (r <= cut, r > cut)]


def rows_of(f, o):
    """[groups, rows, width]: the whole feature row, or a group a cell."""
    if f.dim() == 4 and o.space == "cell":
        return f.flatten(2).permute(2, 0, 1)
    if f.dim() == 4 and o.space.startswith("pool"):
        n = int(o.space[4:])
        if f.shape[2] > n:
            f = F.adaptive_avg_pool2d(f, n)
    if f.dim() == 4 and o.space == "patch":  # 2 x 2 quarters
        b, c, h, w = f.shape
        return f.view(b, c, 2, h // 2, 2, w // 2).permute(2, 4, 0, 1, 3, 5).reshape(4, b, -1)
    return f.flatten(1)[None]


def terms(v, w, o, similarity, loss):
    """Positive and negative part of the stage loss of rows v (learning or not) and w, [groups, rows, width]."""
    if o.centre:
        v, w = v - v.mean(1, keepdim=True), w - w.mean(1, keepdim=True)
    if loss == "mse":
        n = v.shape[2] / 16
        return (v - w).square().sum(2).mean() / n, v.new_zeros(())
    if loss == "barlow":  # correlations of neurons over the batch instead of samples
        v, w = v.transpose(1, 2), w.transpose(1, 2)
    if loss == "gauss":  # squared distance for the pair, cosines for the rest
        scale = (v.detach().square().sum(2).mean() + w.detach().square().sum(2).mean()) / 2 + 1e-6
        positive = (v - w).square().sum(2).mean() / scale
    a, c = F.normalize(v, dim=2, eps=1e-6), F.normalize(w, dim=2, eps=1e-6)
    m = a @ c.transpose(1, 2)
    own = m.diagonal(dim1=1, dim2=2)
    rows = m.shape[1]
    if loss == "infonce":
        logits = m / o.temperature
        k = torch.arange(rows).expand(m.shape[0], rows)
        return F.cross_entropy(logits, k), v.new_zeros(())
    if loss != "gauss":
        positive = (1 - own).square().mean()
    if loss == "cos":
        positive = (1 - own).mean()
    off = 1 - torch.eye(rows)
    if loss == "similar":  # negatives are as far apart as their images
        rest = (m - similarity).square() * off
    elif loss == "relaxed":  # only closer than their images costs
        rest = (m - similarity.clamp(min=0)).clamp(min=0).square() * off
    else:
        rest = m.clamp(min=0).square() * off
    return positive, rest.sum(2).mean()


def one_side(v, w, o, similarity, positive, negative, lam, loss):
    """Stage loss by which v learns; w is a constant."""
    if o.split:
        total = 0
        for a, b, l in zip(bands(v, o.cut), bands(w, o.cut), (o.lam_low, o.lam_high)):
            if a.shape[1]:
                p, n = terms(a[None], b[None], o, similarity, loss)
                total = total + positive * p + negative * l * n
        return total
    p, n = terms(rows_of(v, o), rows_of(w, o), o, similarity, loss)
    return positive * p + negative * lam * n


def own_readout(layer, features, target):
    """Local redraw: MSE of the target redrawn linearly from this layer's features alone (weights of its own)."""
    if not layer.locals:
        width, size = math.prod(features.shape[1:]), math.prod(target.shape[1:])
        if features.dim() == 4 and target.dim() == 4:
            k = target.shape[2] // features.shape[2]
            w = torch.zeros(target.shape[1] * k * k, features.shape[1], 3, 3)
            size = len(w)
        else:
            w = torch.zeros(size, width)
        layer.locals = [w.requires_grad_(), torch.zeros(size).requires_grad_()]
    w, b = layer.locals
    if w.dim() == 4:
        k = target.shape[2] // features.shape[2]
        drawn = F.pixel_shuffle(F.conv2d(features, w, b, padding=1), k) if k > 1 else F.conv2d(features, w, b, padding=1)
    else:
        drawn = F.linear(features.flatten(1), w, b).view_as(target)
    return F.mse_loss(drawn, target)


def hidden_losses(p, r, x, o):
    """Sum over stages of the losses of both networks' hidden layers."""
    similarity = None
    if {"similar", "relaxed"} & {o.enc_loss, o.lat_loss, o.dec_loss}:
        flat = x.flatten(1)
        a = F.normalize(flat - flat.mean(0), dim=1)
        similarity = (a @ a.t())[None]
    (pn, pf), (rn, rf) = p, r
    n = len(pf)
    total = 0
    for i in range(n):
        j = n - 1 - i
        for net, mine, other, at, there in ((pn, pf, rf, i, j), (rn, rf, pf, i, j)):
            v, w = mine[at], other[there].detach()
            half = "enc" if at < n // 2 else "lat" if at == n // 2 else "dec"
            plus, minus = getattr(o, half + "_pos"), getattr(o, half + "_neg")
            if plus or minus:
                total = total + one_side(v, w, o, similarity, plus, minus, getattr(o, half + "_lam"), getattr(o, half + "_loss"))
            weight = getattr(o, half + "_draw")
            if weight:
                target = x if o.draw == "image" or at == 0 or half == "dec" else mine[at - 1].detach()
                total = total + weight * own_readout(net.layers[at], v, target)
            if o.homeostasis:
                total = total + o.homeostasis * (v.mean(0) - o.target_rate).clamp(min=0).square().mean()
    return total


# Data, features, measures

def idx(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rb") as f:
        raw = f.read()
    n = int.from_bytes(raw[4:8], "big")
    return torch.from_numpy(numpy.frombuffer(raw, numpy.uint8, offset=16 if raw[3] == 3 else 8).copy()).view(n, -1)


def load(folder):
    def find(stem):
        return next(os.path.join(folder, stem + e) for e in ("", ".gz") if os.path.exists(os.path.join(folder, stem + e)))
    return [idx(find(s)) for s in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")]


class Classifier(torch.nn.Sequential):
    """Small CNN whose 64 penultimate features the Frechet distance compares."""

    def __init__(self):
        c = torch.nn
        super().__init__(c.Conv2d(1, 16, 3, 2, 1), c.BatchNorm2d(16), c.ReLU(), c.Conv2d(16, 32, 3, 2, 1), c.BatchNorm2d(32), c.ReLU(),
                         c.Flatten(), c.Linear(32 * 49, 64), c.ReLU(), c.Linear(64, 10))


def classifier(images, labels, cache):
    net = Classifier()
    if os.path.exists(cache):
        net.load_state_dict(torch.load(cache))
        return net.eval()
    torch.manual_seed(0)
    net = Classifier()
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3)
    for epoch in range(3):
        order = torch.randperm(len(images))
        for at in order.split(128):
            optimiser.zero_grad()
            F.cross_entropy(net(images[at].float().view(-1, 1, 28, 28) / 255), labels[at].long().view(-1)).backward()
            optimiser.step()
    torch.save(net.state_dict(), cache)
    return net.eval()


def frechet(a, b):
    a, b = a.double().numpy(), b.double().numpy()
    ca, cb = numpy.cov(a, rowvar=False), numpy.cov(b, rowvar=False)
    values = scipy.linalg.eigvals(ca @ cb).real
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + numpy.trace(ca) + numpy.trace(cb) - 2 * numpy.sqrt(numpy.clip(values, 0, None)).sum())


def measure(redraw, images, net, mean, std):
    """images [n, 28, 28] 0..1. MSE, MSE above 0.25 cycles a pixel, Frechet distance."""
    with torch.no_grad():
        drawn = torch.cat([redraw(chunk) for chunk in images.split(250)])
        drawn = (drawn * std + mean).clamp(0, 1)
        error = drawn - images
        power = torch.fft.fft2(error, norm="ortho").abs().square()
        r = torch.sqrt(torch.fft.fftfreq(28)[:, None] ** 2 + torch.fft.fftfreq(28)[None] ** 2)
        body = torch.nn.Sequential(*list(net)[:-1])
        fd = frechet(body(images[:, None]), body(drawn[:, None]))
        return error.square().mean().item(), (power * (r > 0.25)).mean().item(), fd


def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a = p.add_argument
    a("--data", required=True, help="folder of IDX files")
    a("--cache", default="", help="file for the feature net; default beside the data's name in the temporary folder")
    a("--rule", choices=["bsd", "snn", "ann"], default="bsd")
    a("--net", choices=["conv", "mlp"], default="mlp")
    a("--channels", default="")
    a("--latent", type=int, default=64)
    a("--planes", type=int, default=1)
    a("--images", type=int, default=5000)
    a("--heldout", type=int, default=5000)
    a("--epochs", type=int, default=4)
    a("--batch", type=int, default=128)
    a("--steps", type=int, default=8)
    a("--threshold", type=float, default=0.6)
    a("--rate", type=float, default=3e-3)
    a("--decay", type=float, default=0.01)
    a("--clip", type=float, default=0.0, help="gradient norm a layer; 0: none")
    a("--seed", type=int, default=1)
    a("--loss", choices=["reco", "infonce", "cos", "cos2", "mse", "gauss", "similar", "relaxed", "barlow"], default="reco")
    a("--lam", type=float, default=0.02, help="weight of each negative")
    a("--temperature", type=float, default=0.1)
    a("--centre", type=int, default=1)
    a("--features", choices=["rate", "drive", "membrane", "spikes"], default="rate")
    a("--space", default="whole", help="whole, cell, patch, pool4")
    a("--split", type=int, default=0)
    a("--cut", type=float, default=0.25)
    a("--lam-low", type=float, default=0.02)
    a("--lam-high", type=float, default=0.02)
    for half in ("enc", "lat", "dec"):
        a(f"--{half}-pos", type=float, default=1.0, help="weight of the pairs in this half's learning; 0 and neg 0: learns nothing from them")
        a(f"--{half}-neg", type=float, default=1.0)
        a(f"--{half}-draw", type=float, default=0.0)
        a(f"--{half}-loss", default="", help="default: --loss")
        a(f"--{half}-lam", type=float, default=-1.0, help="default: --lam")
    a("--draw", choices=["image", "below"], default="image", help="what enc and lat stages redraw from their own rates; dec stages always the image")
    a("--homeostasis", type=float, default=0.0)
    a("--target-rate", type=float, default=0.2)
    a("--label", default="")
    a("--verbose", type=int, default=0)
    o = p.parse_args()
    o.channels = [int(c) for c in (o.channels or ("8,16" if o.net == "conv" else "256")).split(",")]
    for half in ("enc", "lat", "dec"):
        if not getattr(o, half + "_loss"):
            setattr(o, half + "_loss", o.loss)
        if getattr(o, half + "_lam") < 0:
            setattr(o, half + "_lam", o.lam)
    if o.rule == "ann":
        o.steps = 1
    return o


def main():
    o = options()
    raw, labels = load(o.data)
    cache = o.cache or os.path.join("/tmp", "features-" + o.data.strip("/").replace("/", "-") + ".pt")
    net = classifier(raw[:-5000], labels[:-5000], cache)
    began = time.time()
    pixels = raw.float() / 255
    mean, std = pixels[:2000].mean(), pixels[:2000].std()

    def stimulus(x):  # [n, 784] 0..1
        x = (x - mean) / std
        return F.pad(x.view(-1, 1, 28, 28), (2, 2, 2, 2), value=(-mean / std).item()) if o.net == "conv" else x

    def picture(y):
        return y[:, 0, 2:30, 2:30] if o.net == "conv" else y.view(-1, 28, 28)

    train, held = pixels[:o.images], pixels[-5000:][:o.heldout].view(-1, 28, 28)
    g = torch.Generator().manual_seed(o.seed)
    nets = [Net(o, g)] + ([Net(o, g)] if o.rule == "bsd" else [])
    if o.rule == "bsd" and (o.enc_draw or o.lat_draw or o.dec_draw):  # make their weights
        _, hidden = shapes(o)
        x = stimulus(train[:2])
        feats = [[torch.zeros(2, *s) for s in hidden] for _ in nets]
        hidden_losses((nets[0], feats[0]), (nets[1], feats[1]), x, o)
    optimiser = torch.optim.AdamW([{"params": q.parameters()} for q in nets], lr=o.rate, weight_decay=o.decay)
    total, step = o.epochs * (o.images // o.batch), 0
    for epoch in range(o.epochs):
        tops = 0.0
        order = torch.randperm(o.images, generator=g)
        for at in order[: o.images // o.batch * o.batch].split(o.batch):
            x = stimulus(train[at])
            for q in optimiser.param_groups:
                q["lr"] = o.rate * (1 + math.cos(math.pi * step / total)) / 2
            optimiser.zero_grad()
            runs = [q.run(x, True, o.rule == "bsd") for q in nets]
            loss = sum(F.mse_loss(run[0], x) for run in runs)
            tops += loss.item()
            if o.rule == "bsd":
                loss = loss + hidden_losses((nets[0], runs[0][1]), (nets[1], runs[1][1]), x, o)
            loss.backward()
            if o.clip:
                for q in nets:
                    for layer in q.layers:
                        torch.nn.utils.clip_grad_norm_(layer.parameters(), o.clip)
            optimiser.step()
            step += 1
        if o.verbose:
            print(f"epoch {epoch + 1} top {tops * (o.images // o.batch) ** -1 / len(nets) * std.item() ** 2:.4f} {time.time() - began:.0f}s", flush=True)
    seconds = time.time() - began
    got = [measure(lambda c, q=q: picture(q.run(stimulus(c.flatten(1)), False, True)[0]), held, net, mean, std) for q in nets]
    with torch.no_grad():
        rates = " / ".join(f"{s.mean():.2f}" for s in nets[0].run(stimulus(held[:500].flatten(1)), False, True)[2])
    mse, high, fd = (sum(m[i] for m in got) / len(got) for i in range(3))
    both = " ".join(f"{m[0]:.4f}/{m[2]:.2f}" for m in got)
    print(f"| {o.label or o.rule} | {1000 * mse:.2f} | {1000 * high:.2f} | {fd:.3f} | {both} | {rates} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
