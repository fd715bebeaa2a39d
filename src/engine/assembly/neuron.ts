/**
 * Leaky integrate-and-fire neurons, hard reset to 0:
 *
 *   X[t] = scale z[t] + shift            (the norm, folded)
 *   H[t] = V[t-1] + (X[t] - V[t-1]) / tau,   S[t] = H[t] >= theta,   V[t] = H[t] (1 - S[t])
 *
 * Norm, membrane, spike, feature and spike count are one pass over z. H is not kept: the backward pass (`neuron-gradient.ts`) computes it again.
 *
 * Items are chunk * tiles + tile; a chunk is `chunkImages` images: threads then split images, and do not write the same cache lines of masks,
 * in which an image's tiles are neighbours. A drive held over time has zSteps = 1.
 * Features: 0 none, 1 firing rate, 2 drive X, 3 membrane H, each the mean over time, added up (times `share`) in cell cells[p] of the
 * feature row [cells][tiles * 16]; without pooling cells[p] = p and share = 1. 4, of planes of more than one pixel: the root of the sum of `share` times squared
 * firing rates, the energy of a cell as complex cells of visual cortex pool it (Adelson and Bergen, 1985), and its inverse, 0 in a silent cell, to `inverses`.
 *
 * A neuron's steps wait for each other, neurons do not. So rows (the pixels of an image; where there is one pixel, the images of a chunk) take
 * each step together, 32 at a time, with their membranes in the first-level cache.
 */
import { ROW } from "./lanes";

/** Rows that take a step together. */
export const ROWS: i32 = 32;

/** Scratch of a row: decayed membrane, spike counts (i16), X / tau where it is held, sum of the feature. */
const ROW_SCRATCH: usize = 256, COUNTS: usize = 64, HELD: usize = 128, FEATURE: usize = 192;

@inline
export function affine(z: v128, a: v128, c: v128): v128 { return f32x4.add(f32x4.mul(z, a), c); }

@inline
export function addTo(at: usize, value: v128, add: bool): void { v128.store(at, add ? f32x4.add(v128.load(at), value) : value); }

/** Float counts of four neurons from a register of 8 negative i16 counts. */
@inline
function lowCounts(counts: v128): v128 { return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(i16x8.neg(counts))); }
@inline
function highCounts(counts: v128): v128 { return f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(i16x8.neg(counts))); }

/**
 * One step of n rows. With y = X / tau:  H = (1 - 1/tau) V + y, so a and c are the norm's scale and shift over tau, and rows keep (1 - 1/tau) V.
 * `first` and `held` are constants at each call: each gets a loop of its own.
 */
@inline
function step(
  first: bool, held: bool, n: i32, from: usize, zStride: usize, mask: usize, maskStride: usize, at: usize, feature: i32,
  keep: v128, theta: v128, a0: v128, a1: v128, a2: v128, a3: v128, c0: v128, c1: v128, c2: v128, c3: v128,
): void {
  for (let i = 0; i < n; i++, from += zStride, mask += maskStride, at += ROW_SCRATCH) {
    let y0: v128, y1: v128, y2: v128, y3: v128;
    if (first || !held) {
      y0 = affine(v128.load(from), a0, c0); y1 = affine(v128.load(from, 16), a1, c1);
      y2 = affine(v128.load(from, 32), a2, c2); y3 = affine(v128.load(from, 48), a3, c3);
    } else {
      y0 = v128.load(at, HELD); y1 = v128.load(at, HELD + 16); y2 = v128.load(at, HELD + 32); y3 = v128.load(at, HELD + 48);
    }
    if (first && held) { v128.store(at, y0, HELD); v128.store(at, y1, HELD + 16); v128.store(at, y2, HELD + 32); v128.store(at, y3, HELD + 48); }
    const h0 = first ? y0 : f32x4.add(v128.load(at), y0), h1 = first ? y1 : f32x4.add(v128.load(at, 16), y1);
    const h2 = first ? y2 : f32x4.add(v128.load(at, 32), y2), h3 = first ? y3 : f32x4.add(v128.load(at, 48), y3);
    const f0 = f32x4.ge(h0, theta), f1 = f32x4.ge(h1, theta), f2 = f32x4.ge(h2, theta), f3 = f32x4.ge(h3, theta);
    v128.store(at, v128.andnot(f32x4.mul(keep, h0), f0)); v128.store(at, v128.andnot(f32x4.mul(keep, h1), f1), 16);
    v128.store(at, v128.andnot(f32x4.mul(keep, h2), f2), 32); v128.store(at, v128.andnot(f32x4.mul(keep, h3), f3), 48);
    // A comparison's "true" is -1: narrowed it counts spikes downwards and makes the mask.
    const low = i16x8.narrow_i32x4_s(f0, f1), high = i16x8.narrow_i32x4_s(f2, f3);
    v128.store(at, first ? low : i16x8.add(v128.load(at, COUNTS), low), COUNTS);
    v128.store(at, first ? high : i16x8.add(v128.load(at, COUNTS + 16), high), COUNTS + 16);
    store<u16>(mask, <u16>i8x16.bitmask(i8x16.narrow_i16x8_s(low, high)));
    if (feature == 2 || feature == 3) {
      const x0 = feature == 2 ? y0 : h0, x1 = feature == 2 ? y1 : h1, x2 = feature == 2 ? y2 : h2, x3 = feature == 2 ? y3 : h3;
      v128.store(at, first ? x0 : f32x4.add(v128.load(at, FEATURE), x0), FEATURE);
      v128.store(at, first ? x1 : f32x4.add(v128.load(at, FEATURE + 16), x1), FEATURE + 16);
      v128.store(at, first ? x2 : f32x4.add(v128.load(at, FEATURE + 32), x2), FEATURE + 32);
      v128.store(at, first ? x3 : f32x4.add(v128.load(at, FEATURE + 48), x3), FEATURE + 48);
    }
  }
}

/** The roots of the sums of a feature row's `cells` cells, `stride` bytes apart, and their inverses. */
function roots(row: usize, inverse: usize, cells: i32, stride: usize): void {
  const one = f32x4.splat(1), zero = f32x4.splat(0);
  for (let c = 0; c < cells; c++, row += stride, inverse += stride) {
    for (let i: usize = 0; i < 64; i += 16) {
      const root = f32x4.sqrt(v128.load(row + i));
      v128.store(row + i, root);
      v128.store(inverse + i, v128.and(f32x4.div(one, root), f32x4.gt(root, zero)));
    }
  }
}

/** `scratch`: ROWS * 256 bytes a thread. Fewer than 65536 steps. `inverses`: rows as of `features`, where the feature is 4. */
export function neuronForward(
  begin: i32, end: i32, thread: i32,
  chunks: i32, chunkImages: i32, images: i32, steps: i32, zSteps: i32, pixels: i32, tiles: i32,
  decay: f32, threshold: f32, feature: i32, share: f32, cellCount: i32,
  scale: usize, shift: usize, z: usize, masks: usize, counts: usize, features: usize, inverses: usize, cells: usize, scratch: usize, scratchStride: i32,
): void {
  const k = f32x4.splat(decay), keep = f32x4.splat(1 - decay), theta = f32x4.splat(threshold);
  const weight = f32x4.splat((feature == 2 ? share / decay : feature == 4 ? share / <f32>steps : share) / <f32>steps);
  const flat = pixels == 1, pooled = cellCount != pixels;
  const zStride: usize = flat ? <usize>zSteps << ROW : 64, zStep = <usize>pixels << ROW;
  const maskStep = <usize>pixels * tiles << 1, maskStride: usize = flat ? <usize>steps * maskStep : <usize>tiles << 1;
  const featureStride = <usize>cellCount * tiles << ROW;
  const block = scratch + <usize>thread * scratchStride;
  for (let item = begin; item < end; item++) {
    const chunk = item / tiles, tile = item - chunk * tiles;
    const first = chunk * chunkImages, last = min(images, first + chunkImages);
    const lane = <usize>tile << ROW;
    const a0 = f32x4.mul(k, v128.load(scale + lane)), a1 = f32x4.mul(k, v128.load(scale + lane, 16));
    const a2 = f32x4.mul(k, v128.load(scale + lane, 32)), a3 = f32x4.mul(k, v128.load(scale + lane, 48));
    const c0 = f32x4.mul(k, v128.load(shift + lane)), c1 = f32x4.mul(k, v128.load(shift + lane, 16));
    const c2 = f32x4.mul(k, v128.load(shift + lane, 32)), c3 = f32x4.mul(k, v128.load(shift + lane, 48));
    const count = counts + (<usize>(tile * chunks + chunk) << ROW);
    for (let i: usize = 0; i < 64; i += 16) v128.store(count + i, f32x4.splat(0));
    const rows = flat ? last - first : pixels;
    for (let b = first; b < last; b += flat ? last - first : 1) {
      const row = features + <usize>b * featureStride + lane;
      if (feature && pooled) {
        for (let c = 0, at = row; c < cellCount; c++, at += <usize>tiles << ROW) {
          for (let i: usize = 0; i < 64; i += 16) v128.store(at + i, f32x4.splat(0));
        }
      }
      for (let r = 0; r < rows; r += ROWS) {
        const n = min(ROWS, rows - r);
        let from = z + ((<usize>(tile * images + b) * zSteps * pixels) << ROW) + <usize>r * zStride;
        let mask = masks + ((<usize>b * steps * pixels * tiles + tile) << 1) + <usize>r * maskStride;
        if (zSteps == 1) {
          step(true, true, n, from, zStride, mask, maskStride, block, feature, keep, theta, a0, a1, a2, a3, c0, c1, c2, c3);
          for (let t = 1; t < steps; t++) {
            mask += maskStep;
            step(false, true, n, from, zStride, mask, maskStride, block, feature, keep, theta, a0, a1, a2, a3, c0, c1, c2, c3);
          }
        } else {
          step(true, false, n, from, zStride, mask, maskStride, block, feature, keep, theta, a0, a1, a2, a3, c0, c1, c2, c3);
          for (let t = 1; t < steps; t++) {
            mask += maskStep; from += zStep;
            step(false, false, n, from, zStride, mask, maskStride, block, feature, keep, theta, a0, a1, a2, a3, c0, c1, c2, c3);
          }
        }
        for (let i = 0, at = block; i < n; i++, at += ROW_SCRATCH) {
          const s = v128.load(at, COUNTS), s2 = v128.load(at, COUNTS + 16);
          let x0 = lowCounts(s), x1 = highCounts(s), x2 = lowCounts(s2), x3 = highCounts(s2);
          addTo(count, x0, true); addTo(count + 16, x1, true); addTo(count + 32, x2, true); addTo(count + 48, x3, true);
          if (feature) {
            if (feature == 4) { x0 = f32x4.mul(x0, x0); x1 = f32x4.mul(x1, x1); x2 = f32x4.mul(x2, x2); x3 = f32x4.mul(x3, x3); }
            else if (feature > 1) { x0 = v128.load(at, FEATURE); x1 = v128.load(at, FEATURE + 16); x2 = v128.load(at, FEATURE + 32); x3 = v128.load(at, FEATURE + 48); }
            const to = flat ? row + <usize>(r + i) * featureStride : row + (<usize>load<i32>(cells + (<usize>(r + i) << 2)) * tiles << ROW);
            addTo(to, f32x4.mul(x0, weight), pooled); addTo(to + 16, f32x4.mul(x1, weight), pooled);
            addTo(to + 32, f32x4.mul(x2, weight), pooled); addTo(to + 48, f32x4.mul(x3, weight), pooled);
          }
        }
      }
      if (feature == 4) roots(row, inverses + <usize>b * featureStride + lane, cellCount, <usize>tiles << ROW);
    }
  }
}
