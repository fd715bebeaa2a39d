/**
 * From the gradient of every spike to that of the drive, through a neuron's own steps, for planes of pixels and flat populations: backprop's way through a feed-forward spiking
 * layer. Equations: neuron-gradient.ts, whose features are the time mean, so that all spikes of a neuron have one gradient there; here each step has its own.
 */
import { ROW } from "./lanes";
import { addTo, affine } from "./neuron";

/** Gradient of the drive X of four neurons by step; returns nothing, as g and the sums at `out` (dX, and dX (z - m) 64 bytes further) hold it. */
@inline
function fourNeurons(
  steps: i32, from: usize, zPlane: usize, ds: usize, sPlane: usize, to: usize, membrane: usize,
  keep: v128, theta: v128, width: v128, ratio: v128, a: v128, c: v128, m: v128, out: usize,
): void {
  const held = zPlane == 0;
  let left = f32x4.splat(0), p = from, h = membrane;
  for (let t = 0; t < steps; t++, p += zPlane, h += 16) {
    const H = f32x4.add(left, affine(v128.load(p), a, c));
    left = v128.and(f32x4.mul(keep, H), f32x4.lt(H, theta));
    v128.store(h, H);
  }
  let e = f32x4.splat(0), sum = e, product = e, o = to + <usize>(steps - 1) * zPlane;
  p -= zPlane;
  ds += <usize>(steps - 1) * sPlane;
  for (let t = 0; t < steps; t++, ds -= sPlane, o -= zPlane, p -= zPlane) {
    h -= 16;
    const H = v128.load(h), u = f32x4.sub(H, theta);
    const direct = f32x4.div(f32x4.mul(ratio, v128.load(ds)), f32x4.add(f32x4.mul(u, u), width));
    e = f32x4.add(direct, v128.and(f32x4.mul(keep, e), f32x4.lt(H, theta)));
    sum = f32x4.add(sum, e);
    if (held) continue;
    v128.store(o, e);
    product = f32x4.add(product, f32x4.mul(e, f32x4.sub(v128.load(p), m)));
  }
  if (held) {
    v128.store(to, sum);
    product = f32x4.mul(sum, f32x4.sub(v128.load(from), m));
  }
  addTo(out, sum, true);
  addTo(out + 64, product, true);
}

/**
 * Gradient of X to g (layout of z; summed over time where the drive is held, zSteps = 1), and the chunk sums of dX and dX x^ ([item][2][16]) for the norm. Items are
 * tile * chunks + chunk. `spikes`: dL/dS, [tile][image][sSteps][pixel][16]; sSteps = 1 where it is the same at all steps. `scratch`: steps * 16 bytes a thread.
 */
export function neuronBackwardSpikes(
  begin: i32, end: i32, thread: i32,
  chunks: i32, chunkImages: i32, images: i32, steps: i32, zSteps: i32, sSteps: i32, pixels: i32, decay: f32, threshold: f32, slope: f32,
  scale: usize, shift: usize, mean: usize, inverse: usize, z: usize, spikes: usize, g: usize, sums: usize, scratch: usize, scratchStride: i32,
): void {
  const k = f32x4.splat(decay), keep = f32x4.splat(1 - decay), theta = f32x4.splat(threshold);
  const w: f32 = 1 / (<f32>Math.PI * slope * (<f32>Math.PI * slope));
  const width = f32x4.splat(w), ratio = f32x4.splat(slope * w * decay);
  const plane = <usize>pixels << ROW, zPlane: usize = zSteps == 1 ? 0 : plane, sPlane: usize = sSteps == 1 ? 0 : plane;
  const membrane = scratch + <usize>thread * scratchStride;
  for (let item = begin; item < end; item++) {
    const tile = item / chunks, chunk = item - tile * chunks, lane = <usize>tile << ROW, out = sums + (<usize>item << 7);
    const first = chunk * chunkImages, last = min(images, first + chunkImages);
    for (let i: usize = 0; i < 128; i += 16) v128.store(out + i, f32x4.splat(0));
    for (let v: usize = 0; v < 64; v += 16) {
      const a = f32x4.mul(k, v128.load(scale + lane + v)), c = f32x4.mul(k, v128.load(shift + lane + v)), m = v128.load(mean + lane + v);
      for (let b = first; b < last; b++) {
        const block = <usize>(tile * images + b);
        let at = block * zSteps * plane + v, ds = spikes + block * sSteps * plane + v;
        for (let p = 0; p < pixels; p++, at += 64, ds += 64) {
          fourNeurons(steps, z + at, zPlane, ds, sPlane, g + at, membrane, keep, theta, width, ratio, a, c, m, out + v);
        }
      }
    }
    for (let v: usize = 64; v < 128; v += 16) v128.store(out + v, f32x4.mul(v128.load(out + v), v128.load(inverse + lane + v - 64)));
  }
}
