/** Squared error of real-valued outputs against their targets. */

/**
 * Per row: loss[b] = mean over the width of (y - t)^2 (float64) and gradient[b] = (y - t) * factor; items are rows.
 * Rows are `stride` floats apart, unused columns of the gradient are set to 0.
 */
export function squaredError(
  begin: i32, end: i32, _thread: i32,
  width: i32, stride: i32, factor: f32, y: usize, targets: usize, losses: usize, gradients: usize,
): void {
  for (let b = begin; b < end; b++) {
    const start = <usize>b * stride << 2;
    let sum: f64 = 0;
    for (let i = 0; i < stride; i++) {
      const at = start + (<usize>i << 2);
      const gap = i < width ? load<f32>(y + at) - load<f32>(targets + at) : 0;
      sum += <f64>gap * <f64>gap;
      store<f32>(gradients + at, gap * factor);
    }
    store<f64>(losses + (<usize>b << 3), sum / <f64>width);
  }
}
