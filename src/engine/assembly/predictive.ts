/**
 * Predictive coding's steps between products, four numbers at a time: values x and their predictions mu = tanh(z) over blocks of 2048 floats,
 * and the read-out's errors by rows.
 */
import { exponentialLessOne, halvings, powerOfTwo } from "./exponential";
import { horizontalSum } from "./lanes";

/** Floats an item; see optimiser.ts. */
const BLOCK: i32 = 2048;

/** delta = (mu - x)(1 - mu^2): the gradient of |x - mu|^2 / 2 by the drive z. `length`: a multiple of 4. */
export function predictionError(
  begin: i32, end: i32, _thread: i32, length: i32, x: usize, mu: usize, delta: usize,
): void {
  const one = f32x4.splat(1), to = <usize>min(length, end * BLOCK) << 2;
  for (let i = <usize>begin * BLOCK << 2; i < to; i += 16) {
    const m = v128.load(mu + i);
    v128.store(delta + i, f32x4.mul(f32x4.sub(m, v128.load(x + i)), f32x4.sub(one, f32x4.mul(m, m))));
  }
}

/** x = x - inferenceRate ((x - mu) + pull): one inference step. `pull`: the gradient of the errors above by x. `length`: a multiple of 4. */
export function relax(
  begin: i32, end: i32, _thread: i32, length: i32, inferenceRate: f32, x: usize, mu: usize, pull: usize,
): void {
  const factor = f32x4.splat(inferenceRate), to = <usize>min(length, end * BLOCK) << 2;
  for (let i = <usize>begin * BLOCK << 2; i < to; i += 16) {
    const value = v128.load(x + i);
    const slope = f32x4.add(f32x4.sub(value, v128.load(mu + i)), v128.load(pull + i));
    v128.store(x + i, f32x4.sub(value, f32x4.mul(factor, slope)));
  }
}

/** The largest of a vector's four lanes. */
@inline
function largest(v: v128): f32 {
  return max<f32>(max<f32>(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)), max<f32>(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)));
}

/**
 * error[b] = softmax(logits[b]) - one-hot[label], 0 past the classes; items are rows, `stride` (a multiple of 4) floats apart. The same as
 * `softmaxCrossEntropy`'s gradient to 1e-6, without the loss and in a fifth of the time: inference asks for it at every step.
 */
export function softmaxError(
  begin: i32, end: i32, _thread: i32, classes: i32, stride: i32, logits: usize, labels: usize, errors: usize,
): void {
  const bytes = <usize>stride << 2, first = i32x4(0, 1, 2, 3), count = i32x4.splat(classes);
  const one = f32x4.splat(1), none = f32x4.splat(-f32.MAX_VALUE);
  for (let b = begin; b < end; b++) {
    const row = logits + <usize>b * bytes, out = errors + <usize>b * bytes;
    let high = none;
    for (let i: usize = 0; i < bytes; i += 16) {
      const within = i32x4.lt_s(i32x4.add(first, i32x4.splat(<i32>(i >> 2))), count);
      high = f32x4.max(high, v128.bitselect(v128.load(row + i), none, within));
    }
    const top = f32x4.splat(largest(high));
    let sum = f32x4.splat(0);
    for (let i: usize = 0; i < bytes; i += 16) {
      const within = i32x4.lt_s(i32x4.add(first, i32x4.splat(<i32>(i >> 2))), count);
      // Below -80 the exponential is nothing beside the largest one's, which is 1.
      const x = f32x4.max(f32x4.sub(v128.load(row + i), top), f32x4.splat(-80)), k = halvings(x);
      const e = v128.and(f32x4.mul(powerOfTwo(k), f32x4.add(one, exponentialLessOne(x, k))), within);
      v128.store(out + i, e);
      sum = f32x4.add(sum, e);
    }
    const share = f32x4.splat(1 / horizontalSum(sum));
    for (let i: usize = 0; i < bytes; i += 16) v128.store(out + i, f32x4.mul(share, v128.load(out + i)));
    const own = out + (<usize>load<u16>(labels + (<usize>b << 1)) << 2);
    store<f32>(own, load<f32>(own) - 1);
  }
}
