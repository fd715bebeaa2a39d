/** Predictive coding's steps between products: values x, their predictions mu = tanh(z), four at a time over blocks of 2048 floats. */

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

/** x = x - rate ((x - mu) + pull): one inference step. `pull`: the gradient of the errors above by x. `length`: a multiple of 4. */
export function relax(
  begin: i32, end: i32, _thread: i32, length: i32, rate: f32, x: usize, mu: usize, pull: usize,
): void {
  const factor = f32x4.splat(rate), to = <usize>min(length, end * BLOCK) << 2;
  for (let i = <usize>begin * BLOCK << 2; i < to; i += 16) {
    const value = v128.load(x + i);
    const slope = f32x4.add(f32x4.sub(value, v128.load(mu + i)), v128.load(pull + i));
    v128.store(x + i, f32x4.sub(value, f32x4.mul(factor, slope)));
  }
}
