/**
 * The gradient of a drive X through the neuron's own time steps, with the reset's S held constant and the ATan surrogate
 * dS/dH = a / (1 + (pi a (H - theta))^2),  a = alpha / 2:
 *
 *   dH[t] = dS[t] dS/dH + dV[t] (1 - S[t]),   dX[t] = dH[t] / tau,   dV[t-1] = dH[t] (1 - 1/tau)
 *
 * computed as  e[t] = r dS[t] / (w + (H[t] - theta)^2) + (1 - 1/tau) e[t+1] (1 - S[t]),  e = dH / tau,  w = 1 / (pi a)^2,  r = a w / tau.
 *
 * Rows take each step together as in `neuron.ts`, here four neurons at a time: H of all steps first, then e from the last step to the first. For T = 4 they stay in
 * registers: see `neuron-four.ts`.
 */
import { ROW } from "./lanes";
import { ROWS, addTo, affine } from "./neuron";
import { heldFour, steppedFour } from "./neuron-four";

/** Scratch of a block of rows: r dS, then the direct gradient of X or H, four vectors a row; e of the step after, and H by step, a vector a row. */
const DIRECT: usize = <usize>ROWS << 6, AFTER: usize = 2 * DIRECT, STEP: usize = <usize>ROWS << 4, MEMBRANE: usize = AFTER + STEP;

/** H of the first step: X / tau. */
@inline
function drives(n: i32, from: usize, stride: usize, h: usize, a: v128, c: v128): void {
  for (const end = h + (<usize>n << 4); h < end; h += 16, from += stride) v128.store(h, affine(v128.load(from), a, c));
}

/** H of the next step, from H of this one. `drive`: X / tau where it is held. `held` is a constant at each call, as below. */
@inline
function charge(held: bool, n: i32, from: usize, stride: usize, h: usize, drive: usize, keep: v128, theta: v128, a: v128, c: v128): void {
  for (const end = h + (<usize>n << 4); h < end; h += 16, from += stride, drive += 16) {
    const H = v128.load(h), left = v128.and(f32x4.mul(keep, H), f32x4.lt(H, theta));
    v128.store(h, f32x4.add(left, held ? v128.load(drive) : affine(v128.load(from), a, c)), STEP);
  }
}

/** e of one step, to g and into the chunk sums; where the drive is held it is kept for the step before and added up in g. `last`: the latest step. */
@inline
function step(
  last: bool, held: bool, direct: bool, n: i32, from: usize, to: usize, stride: usize, plane: usize, h: usize, q: usize, after: usize,
  keep: v128, theta: v128, width: v128, m: v128, out: usize,
): void {
  let sum = f32x4.splat(0), product = sum;
  for (const end = h + (<usize>n << 4); h < end; h += 16, from += stride, to += stride, q += 64, after += 16) {
    const H = v128.load(h), u = f32x4.sub(H, theta);
    let e = f32x4.div(v128.load(q), f32x4.add(f32x4.mul(u, u), width));
    if (!last) e = f32x4.add(e, v128.and(f32x4.mul(keep, held ? v128.load(after) : v128.load(to + plane)), f32x4.lt(H, theta)));
    if (direct) e = f32x4.add(e, v128.load(q, DIRECT));
    if (held) {
      v128.store(after, e);
      addTo(to, e, !last);
    } else {
      v128.store(to, e);
      sum = f32x4.add(sum, e);
      product = f32x4.add(product, f32x4.mul(e, f32x4.sub(v128.load(from), m)));
    }
  }
  if (!held) { addTo(out, sum, true); addTo(out + 64, product, true); }
}

/** The step for membrane features, which few use: one loop for all cases. */
function stepWithDirect(
  last: bool, held: bool, n: i32, from: usize, to: usize, stride: usize, plane: usize, h: usize, q: usize, after: usize,
  keep: v128, theta: v128, width: v128, m: v128, out: usize,
): void {
  step(last, held, true, n, from, to, stride, plane, h, q, after, keep, theta, width, m, out);
}

/** Adds `times` the direct gradient to rows of g, and the change (all of it where `whole`) to the chunk sums. */
@inline
function finish(whole: bool, times: f32, n: i32, from: usize, to: usize, stride: usize, q: usize, m: v128, out: usize): void {
  let sum = f32x4.splat(0), product = sum;
  const factor = f32x4.splat(times);
  for (let i = 0; i < n; i++, from += stride, to += stride, q += 64) {
    let change = v128.load(to);
    if (times != 0) {
      const direct = f32x4.mul(factor, v128.load(q, DIRECT)), total = f32x4.add(change, direct);
      v128.store(to, total);
      change = whole ? total : direct;
    }
    sum = f32x4.add(sum, change);
    product = f32x4.add(product, f32x4.mul(change, f32x4.sub(v128.load(from), m)));
  }
  addTo(out, sum, true); addTo(out + 64, product, true);
}

/** Energy features: q becomes each neuron's spike count times q, plus the pull `o`. `h`: H of all steps. */
function byCounts(n: i32, steps: i32, h: usize, q: usize, theta: v128, o: v128): void {
  const one = f32x4.splat(1);
  for (let i = 0; i < n; i++, h += 16, q += 64) {
    let count = f32x4.splat(0);
    for (let t = 0, at = h; t < steps; t++, at += STEP) count = f32x4.add(count, v128.and(one, f32x4.ge(v128.load(at), theta)));
    v128.store(q, affine(v128.load(q), count, o));
  }
}

/** Four neurons of n rows where the drive is held: one dX, the sum over time. `block`: scratch; `q`: the four neurons' r dS in it. */
function heldRows(
  n: i32, steps: i32, feature: i32, from: usize, to: usize, stride: usize, block: usize, q: usize,
  keep: v128, theta: v128, width: v128, a: v128, c: v128, m: v128, o: v128, out: usize,
): void {
  if (steps == 4 && feature < 3) {
    heldFour(n, from, to, stride, q, feature == 2 ? DIRECT : 0, keep, theta, width, a, c, m, out);
    return;
  }
  const drive = block + MEMBRANE, after = block + AFTER;
  let h = drive;
  drives(n, from, stride, h, a, c);
  for (let t = 1; t < steps; t++, h += STEP) charge(true, n, from, stride, h, drive, keep, theta, a, c);
  if (feature == 4) byCounts(n, steps, drive, q, theta, o);
  if (feature == 3) {
    for (let t = 1; t <= steps; t++, h -= STEP) stepWithDirect(t == 1, true, n, from, to, stride, 0, h, q, after, keep, theta, width, m, out);
  } else {
    step(true, true, false, n, from, to, stride, 0, h, q, after, keep, theta, width, m, out);
    for (let t = 1; t < steps; t++) { h -= STEP; step(false, true, false, n, from, to, stride, 0, h, q, after, keep, theta, width, m, out); }
  }
  if (feature == 2) finish(true, <f32>steps, n, from, to, stride, q, m, out);
  else finish(true, 0, n, from, to, stride, q, m, out);
}

/** The same where each step has a drive of its own, `plane` bytes apart: dX of a step is where the step before finds it. */
function steppedRows(
  n: i32, steps: i32, feature: i32, from: usize, to: usize, stride: usize, plane: usize, block: usize, q: usize,
  keep: v128, theta: v128, width: v128, a: v128, c: v128, m: v128, o: v128, out: usize,
): void {
  if (steps == 4 && feature < 3) {
    steppedFour(n, from, to, stride, plane, q, keep, theta, width, a, c, m, out);
  } else {
    let h = block + MEMBRANE;
    drives(n, from, stride, h, a, c);
    for (let t = 1; t < steps; t++, h += STEP) { from += plane; to += plane; charge(false, n, from, stride, h, 0, keep, theta, a, c); }
    if (feature == 4) byCounts(n, steps, block + MEMBRANE, q, theta, o);
    if (feature == 3) stepWithDirect(true, false, n, from, to, stride, plane, h, q, 0, keep, theta, width, m, out);
    else step(true, false, false, n, from, to, stride, plane, h, q, 0, keep, theta, width, m, out);
    for (let t = 1; t < steps; t++) {
      h -= STEP; from -= plane; to -= plane;
      if (feature == 3) stepWithDirect(false, false, n, from, to, stride, plane, h, q, 0, keep, theta, width, m, out);
      else step(false, false, false, n, from, to, stride, plane, h, q, 0, keep, theta, width, m, out);
    }
  }
  if (feature == 2) {
    for (let t = 0; t < steps; t++, from += plane, to += plane) finish(false, 1, n, from, to, stride, q, m, out);
  }
}

/**
 * Gradient of X, from the gradient of the features, to g (layout of z; summed over time where the drive is held), and the chunk sums of
 * dX and dX x^ ([item][2][16]) for the norm. `pull` is added to dS of each neuron (firing-rate homeostasis). Arguments as of `neuronForward`.
 * Energy features (4): with E the root of a cell's summed share S^2, S the firing rate, dE/dS = share S / E, 0 in a silent cell.
 * `scratch`: ROWS * (steps * 16 + 144) bytes a thread.
 */
export function neuronBackward(
  begin: i32, end: i32, thread: i32,
  chunks: i32, chunkImages: i32, images: i32, steps: i32, zSteps: i32, pixels: i32, tiles: i32,
  decay: f32, threshold: f32, slope: f32, feature: i32, share: f32, cellCount: i32,
  scale: usize, shift: usize, mean: usize, inverse: usize, z: usize, gradients: usize, inverses: usize, cells: usize, pull: usize,
  g: usize, sums: usize, scratch: usize, scratchStride: i32,
): void {
  const k = f32x4.splat(decay), keep = f32x4.splat(1 - decay), theta = f32x4.splat(threshold);
  const w: f32 = 1 / (<f32>Math.PI * slope * (<f32>Math.PI * slope)), r: f32 = slope * w * decay, weight = share / <f32>steps;
  const width = f32x4.splat(w), ratio = f32x4.splat(r), rate = f32x4.splat(feature == 1 ? r * weight : feature == 4 ? r * weight / <f32>steps : 0);
  const direct = f32x4.splat(feature == 3 ? weight * decay : weight);
  const flat = pixels == 1, held = zSteps == 1;
  const stride: usize = flat ? <usize>zSteps << ROW : 64, plane = <usize>pixels << ROW;
  const featureStride = <usize>cellCount * tiles << ROW;
  const block = scratch + <usize>thread * scratchStride;
  for (let item = begin; item < end; item++) {
    const tile = item / chunks, chunk = item - tile * chunks;
    const first = chunk * chunkImages, last = min(images, first + chunkImages);
    const lane = <usize>tile << ROW, out = sums + (<usize>item << 7), own = pull + lane;
    for (let i: usize = 0; i < 128; i += 16) v128.store(out + i, f32x4.splat(0));
    const o0 = f32x4.mul(ratio, v128.load(own)), o1 = f32x4.mul(ratio, v128.load(own, 16));
    const o2 = f32x4.mul(ratio, v128.load(own, 32)), o3 = f32x4.mul(ratio, v128.load(own, 48));
    const rows = flat ? last - first : pixels;
    for (let b = first; b < last; b += flat ? rows : 1) {
      const row = gradients + <usize>b * featureStride + lane;
      for (let done = 0; done < rows; done += ROWS) {
        const n = min(ROWS, rows - done);
        for (let i = done, at = block; i < done + n; i++, at += 64) {
          const cell = row + (flat ? <usize>i * featureStride : <usize>load<i32>(cells + (<usize>i << 2)) * tiles << ROW);
          const d0 = v128.load(cell), d1 = v128.load(cell, 16), d2 = v128.load(cell, 32), d3 = v128.load(cell, 48);
          if (feature == 4) {
            const inverse = cell - gradients + inverses;
            v128.store(at, f32x4.mul(f32x4.mul(d0, v128.load(inverse)), rate)); v128.store(at, f32x4.mul(f32x4.mul(d1, v128.load(inverse, 16)), rate), 16);
            v128.store(at, f32x4.mul(f32x4.mul(d2, v128.load(inverse, 32)), rate), 32); v128.store(at, f32x4.mul(f32x4.mul(d3, v128.load(inverse, 48)), rate), 48);
            continue;
          }
          v128.store(at, affine(d0, rate, o0)); v128.store(at, affine(d1, rate, o1), 16);
          v128.store(at, affine(d2, rate, o2), 32); v128.store(at, affine(d3, rate, o3), 48);
          if (feature > 1) {
            v128.store(at, f32x4.mul(d0, direct), DIRECT); v128.store(at, f32x4.mul(d1, direct), DIRECT + 16);
            v128.store(at, f32x4.mul(d2, direct), DIRECT + 32); v128.store(at, f32x4.mul(d3, direct), DIRECT + 48);
          }
        }
        const start = ((<usize>(tile * images + b) * zSteps * pixels) << ROW) + <usize>done * stride;
        for (let v: usize = 0; v < 64; v += 16) {
          const a = f32x4.mul(k, v128.load(scale + lane + v)), c = f32x4.mul(k, v128.load(shift + lane + v)), m = v128.load(mean + lane + v);
          const o = f32x4.mul(ratio, v128.load(own + v)), from = z + start + v, to = g + start + v;
          if (held) heldRows(n, steps, feature, from, to, stride, block, block + v, keep, theta, width, a, c, m, o, out + v);
          else steppedRows(n, steps, feature, from, to, stride, plane, block, block + v, keep, theta, width, a, c, m, o, out + v);
        }
      }
    }
    for (let v: usize = 64; v < 128; v += 16) v128.store(out + v, f32x4.mul(v128.load(out + v), v128.load(inverse + lane + v - 64)));
  }
}
