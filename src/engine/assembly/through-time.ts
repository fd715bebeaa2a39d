/**
 * Kernels of backprop through time, which the local rules do without: the gradient of every spike, from the drives it went into, and from there through the neuron's steps.
 */
import { ROW } from "./lanes";

/** W [tile of outputs][input][16 outputs] to `factor` times its transpose, [tile of inputs][output][16 inputs], unused inputs 0; items are tiles of inputs. */
export function transposeWeights(begin: i32, end: i32, _thread: i32, inputs: i32, outputs: i32, factor: f32, weights: usize, out: usize): void {
  for (let tile = begin; tile < end; tile++) {
    for (let u = 0; u < outputs; u++) {
      const to = out + (<usize>(tile * outputs + u) << ROW), from = weights + (<usize>((u >> 4) * inputs + (tile << 4)) << ROW) + (<usize>(u & 15) << 2);
      for (let i = 0; i < 16; i++) {
        const inside = (tile << 4) + i < inputs;
        store<f32>(to + (<usize>i << 2), inside ? factor * load<f32>(from + (<usize>i << ROW)) : 0);
      }
    }
  }
}

/**
 * The gradient of spikes: dS[row, i] = c[row, i] + sum over outputs u of W[u, i] g[row, u], for rows `first` to `first` + `rows`; items are tiles of inputs.
 * g is [tile][gRows][16], c and dS [tile][rows of dS][16]; a row of c serves `repeat` rows of dS (the steps of an element). `weights`: as `transposeWeights` leaves them.
 */
export function spikeGradient(
  begin: i32, end: i32, _thread: i32,
  rows: i32, outputs: i32, gFirst: i32, gRows: i32, first: i32, allRows: i32, repeat: i32,
  g: usize, weights: usize, constant: usize, out: usize,
): void {
  const zero = f32x4.splat(0);
  for (let tile = begin; tile < end; tile++) {
    const w = weights + (<usize>(tile * outputs) << ROW);
    for (let r = 0; r < rows; r += 2) {
      // An odd last row is done with the one before it, twice.
      const r0 = min(r, max(rows - 2, 0)), r1 = min(r0 + 1, rows - 1);
      let a0 = zero, a1 = zero, a2 = zero, a3 = zero, b0 = zero, b1 = zero, b2 = zero, b3 = zero;
      for (let u = 0; u < outputs; u += 16) {
        const block = g + (<usize>((u >> 4) * gRows + gFirst) << ROW);
        let p = block + (<usize>r0 << ROW), q = block + (<usize>r1 << ROW), at = w + (<usize>u << ROW);
        for (const last = at + (<usize>min(16, outputs - u) << ROW); at < last; at += 64, p += 4, q += 4) {
          const x = v128.load32_splat(p), y = v128.load32_splat(q);
          const w0 = v128.load(at), w1 = v128.load(at, 16), w2 = v128.load(at, 32), w3 = v128.load(at, 48);
          a0 = f32x4.add(a0, f32x4.mul(x, w0)); a1 = f32x4.add(a1, f32x4.mul(x, w1)); a2 = f32x4.add(a2, f32x4.mul(x, w2)); a3 = f32x4.add(a3, f32x4.mul(x, w3));
          b0 = f32x4.add(b0, f32x4.mul(y, w0)); b1 = f32x4.add(b1, f32x4.mul(y, w1)); b2 = f32x4.add(b2, f32x4.mul(y, w2)); b3 = f32x4.add(b3, f32x4.mul(y, w3));
        }
      }
      const row0 = tile * allRows + first + r0, row1 = tile * allRows + first + r1;
      if (constant) {
        const c = constant + (<usize>(row0 / repeat) << ROW), d = constant + (<usize>(row1 / repeat) << ROW);
        a0 = f32x4.add(a0, v128.load(c)); a1 = f32x4.add(a1, v128.load(c, 16)); a2 = f32x4.add(a2, v128.load(c, 32)); a3 = f32x4.add(a3, v128.load(c, 48));
        b0 = f32x4.add(b0, v128.load(d)); b1 = f32x4.add(b1, v128.load(d, 16)); b2 = f32x4.add(b2, v128.load(d, 32)); b3 = f32x4.add(b3, v128.load(d, 48));
      }
      const o = out + (<usize>row0 << ROW), s = out + (<usize>row1 << ROW);
      v128.store(o, a0); v128.store(o, a1, 16); v128.store(o, a2, 32); v128.store(o, a3, 48);
      v128.store(s, b0); v128.store(s, b1, 16); v128.store(s, b2, 32); v128.store(s, b3, 48);
    }
  }
}

/**
 * Gradient of the drive X from that of each spike, through a neuron's steps (equations: neuron-gradient.ts), and the sums of dX and dX x^ for the norm ([tile][2][16]).
 * Items are tiles; images `first` to `first` + `count` of `images`; z, dS and g are [tile][image][step][16].
 * `scratch`: steps * 16 bytes a thread.
 */
export function neuronBackwardSteps(
  begin: i32, end: i32, thread: i32,
  first: i32, count: i32, images: i32, steps: i32, decay: f32, threshold: f32, slope: f32,
  scale: usize, shift: usize, mean: usize, inverse: usize, z: usize, spikes: usize, g: usize, sums: usize, scratch: usize, scratchStride: i32,
): void {
  const k = f32x4.splat(decay), keep = f32x4.splat(1 - decay), theta = f32x4.splat(threshold);
  const w: f32 = 1 / (<f32>Math.PI * slope * (<f32>Math.PI * slope));
  const width = f32x4.splat(w), ratio = f32x4.splat(slope * w * decay), zero = f32x4.splat(0);
  const membrane = scratch + <usize>thread * scratchStride;
  for (let tile = begin; tile < end; tile++) {
    const lane = <usize>tile << ROW;
    for (let v: usize = 0; v < 64; v += 16) {
      const a = f32x4.mul(k, v128.load(scale + lane + v)), c = f32x4.mul(k, v128.load(shift + lane + v));
      const m = v128.load(mean + lane + v), inv = v128.load(inverse + lane + v);
      let sum = zero, product = zero;
      for (let b = first; b < first + count; b++) {
        const block = (<usize>(tile * images + b) * steps << ROW) + v, from = z + block, to = g + block, ds = spikes + block;
        let H = zero, left = zero;
        for (let t: usize = 0; t < <usize>steps; t++) {
          const x = v128.load(from + (t << ROW));
          H = f32x4.add(left, f32x4.add(f32x4.mul(x, a), c));
          left = v128.and(f32x4.mul(keep, H), f32x4.lt(H, theta));
          v128.store(membrane + (t << 4), H);
        }
        let e = zero;
        for (let t: i32 = steps - 1; t >= 0; t--) {
          H = v128.load(membrane + (<usize>t << 4));
          const u = f32x4.sub(H, theta);
          const direct = f32x4.div(f32x4.mul(ratio, v128.load(ds + (<usize>t << ROW))), f32x4.add(f32x4.mul(u, u), width));
          e = f32x4.add(direct, v128.and(f32x4.mul(keep, e), f32x4.lt(H, theta)));
          v128.store(to + (<usize>t << ROW), e);
          sum = f32x4.add(sum, e);
          product = f32x4.add(product, f32x4.mul(e, f32x4.mul(inv, f32x4.sub(v128.load(from + (<usize>t << ROW)), m))));
        }
      }
      v128.store(sums + (<usize>tile << 7) + v, sum);
      v128.store(sums + (<usize>tile << 7) + v, product, 64);
    }
  }
}
