/**
 * Leaky integrate-and-fire neurons, hard reset to 0, and the gradient through their own time steps:
 *
 *   X[t] = scale z[t] + shift            (the norm, folded)
 *   H[t] = V[t-1] + (X[t] - V[t-1]) / tau,   S[t] = H[t] >= theta,   V[t] = H[t] (1 - S[t])
 *
 * Backwards, with the reset's S held constant and the ATan surrogate  dS/dH = a / (1 + (pi a (H - theta))^2),  a = alpha / 2:
 *
 *   dH[t] = dS[t] dS/dH + dV[t] (1 - S[t]),   dX[t] = dH[t] / tau,   dV[t-1] = dH[t] (1 - 1/tau)
 *
 * Norm, membrane, spike, feature and spike count are one pass over z. H is not kept: the backward pass computes it again, in cache.
 *
 * Items are tile * chunks + chunk; a chunk is `chunkImages` images. A drive held over time has zSteps = 1.
 * Features: 0 none, 1 firing rate, 2 drive X, 3 membrane H, each the mean over time, added up (times `share`) in cell cells[p] of the
 * feature row [cells][tiles * 16]; without pooling cells[p] = p and share = 1.
 */
import { ROW } from "./lanes";

export function neuronForward(
  begin: i32, end: i32, _thread: i32,
  chunks: i32, chunkImages: i32, images: i32, steps: i32, zSteps: i32, pixels: i32, tiles: i32,
  decay: f32, threshold: f32, feature: i32, share: f32, cellCount: i32,
  scale: usize, shift: usize, z: usize, masks: usize, counts: usize, features: usize, cells: usize,
): void {
  const k = f32x4.splat(decay), theta = f32x4.splat(threshold), one = f32x4.splat(1);
  const weight = f32x4.splat(share / <f32>steps);
  const plane = zSteps > 1 ? <usize>pixels << ROW : 0;
  const featureStride = <usize>cellCount * tiles << ROW;
  for (let item = begin; item < end; item++) {
    const tile = item / chunks, chunk = item - tile * chunks;
    const last = min(images, (chunk + 1) * chunkImages);
    for (let v: usize = 0; v < 4; v++) {
      const lane = (<usize>tile << ROW) + (v << 4);
      const a = v128.load(scale + lane), c = v128.load(shift + lane);
      let total = f32x4.splat(0);
      for (let b = chunk * chunkImages; b < last; b++) {
        const zImage = z + ((<usize>(tile * images + b) * zSteps * pixels) << ROW) + (v << 4);
        const maskImage = masks + (((<usize>b * steps * pixels) * tiles + tile) << 1);
        const row = features + <usize>b * featureStride + lane;
        if (feature && cellCount != pixels) {
          for (let c = 0; c < cellCount; c++) v128.store(row + (<usize>c * tiles << ROW), f32x4.splat(0));
        }
        for (let p = 0; p < pixels; p++) {
          let from = zImage + (<usize>p << ROW);
          let mask = maskImage + (<usize>p * tiles << 1);
          let state = f32x4.splat(0), spikes = f32x4.splat(0), sum = f32x4.splat(0);
          for (let t = 0; t < steps; t++, from += plane, mask += <usize>pixels * tiles << 1) {
            const x = f32x4.add(f32x4.mul(v128.load(from), a), c);
            const h = f32x4.add(state, f32x4.mul(f32x4.sub(x, state), k));
            const fired = f32x4.ge(h, theta);
            state = v128.andnot(h, fired);
            spikes = f32x4.add(spikes, v128.and(fired, one));
            if (feature == 2) sum = f32x4.add(sum, x);
            else if (feature == 3) sum = f32x4.add(sum, h);
            // Four neurons are a nibble of the tile's mask; the first vector clears the others.
            const bits = <u32>i32x4.bitmask(fired) << <u32>(v << 2);
            store<u16>(mask, <u16>(v == 0 ? bits : bits | load<u16>(mask)));
          }
          total = f32x4.add(total, spikes);
          if (feature) {
            if (feature == 1) sum = spikes;
            const at = row + (<usize>load<i32>(cells + (<usize>p << 2)) * tiles << ROW);
            const value = f32x4.mul(sum, weight);
            v128.store(at, cellCount == pixels ? value : f32x4.add(v128.load(at), value));
          }
        }
      }
      v128.store(counts + (<usize>item << ROW) + (v << 4), total);
    }
  }
}

/**
 * Gradient of X, from the gradient of the features, to g (layout of z; summed over time where the drive is held), and the chunk sums of
 * dX and dX x^ ([item][2][16]) for the norm. `pull` is added to dS of each neuron (firing-rate homeostasis). `scratch`: steps * 16 bytes a thread.
 */
export function neuronBackward(
  begin: i32, end: i32, thread: i32,
  chunks: i32, chunkImages: i32, images: i32, steps: i32, zSteps: i32, pixels: i32, tiles: i32,
  decay: f32, threshold: f32, slope: f32, feature: i32, share: f32, cellCount: i32,
  scale: usize, shift: usize, mean: usize, inverse: usize, z: usize, gradients: usize, cells: usize, pull: usize,
  g: usize, sums: usize, scratch: usize, scratchStride: i32,
): void {
  const k = f32x4.splat(decay), keep = f32x4.splat(1 - decay), theta = f32x4.splat(threshold), one = f32x4.splat(1);
  const a0 = f32x4.splat(slope), width = f32x4.splat(<f32>Math.PI * slope);
  const weight = f32x4.splat(share / <f32>steps);
  const plane = zSteps > 1 ? <usize>pixels << ROW : 0;
  const featureStride = <usize>cellCount * tiles << ROW;
  const membrane = scratch + <usize>thread * scratchStride;
  for (let item = begin; item < end; item++) {
    const tile = item / chunks, chunk = item - tile * chunks;
    const last = min(images, (chunk + 1) * chunkImages);
    for (let v: usize = 0; v < 4; v++) {
      const lane = (<usize>tile << ROW) + (v << 4);
      const a = v128.load(scale + lane), c = v128.load(shift + lane);
      const m = v128.load(mean + lane), inv = v128.load(inverse + lane), own = v128.load(pull + lane);
      let sum = f32x4.splat(0), product = f32x4.splat(0);
      for (let b = chunk * chunkImages; b < last; b++) {
        const image = ((<usize>(tile * images + b) * zSteps * pixels) << ROW) + (v << 4);
        const row = gradients + <usize>b * featureStride + lane;
        for (let p = 0; p < pixels; p++) {
          const start = image + (<usize>p << ROW);
          const feedback = f32x4.mul(weight, v128.load(row + (<usize>load<i32>(cells + (<usize>p << 2)) * tiles << ROW)));
          const spikeGradient = feature == 1 ? f32x4.add(feedback, own) : own;
          let from = z + start, state = f32x4.splat(0), at = membrane;
          for (let t = 0; t < steps; t++, from += plane, at += 16) {
            const x = f32x4.add(f32x4.mul(v128.load(from), a), c);
            const h = f32x4.add(state, f32x4.mul(f32x4.sub(x, state), k));
            v128.store(at, h);
            state = v128.andnot(h, f32x4.ge(h, theta));
          }
          let dV = f32x4.splat(0), held = f32x4.splat(0), to = g + start + plane * (steps - 1);
          from -= plane;
          for (let t = 0; t < steps; t++, to -= plane, from -= plane) {
            at -= 16;
            const d = f32x4.sub(v128.load(at), theta);
            const u = f32x4.mul(width, d);
            let dH = f32x4.div(f32x4.mul(spikeGradient, a0), f32x4.add(one, f32x4.mul(u, u)));
            dH = f32x4.add(dH, v128.andnot(dV, f32x4.ge(d, f32x4.splat(0))));
            if (feature == 3) dH = f32x4.add(dH, feedback);
            dV = f32x4.mul(dH, keep);
            let dX = f32x4.mul(dH, k);
            if (feature == 2) dX = f32x4.add(dX, feedback);
            sum = f32x4.add(sum, dX);
            product = f32x4.add(product, f32x4.mul(dX, f32x4.mul(f32x4.sub(v128.load(from), m), inv)));
            if (zSteps > 1) v128.store(to, dX);
            else held = f32x4.add(held, dX);
          }
          if (zSteps == 1) v128.store(g + start, held);
        }
      }
      const out = sums + (<usize>item << 7) + (v << 4);
      v128.store(out, sum);
      v128.store(out, product, 64);
    }
  }
}
