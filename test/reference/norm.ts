/**
 * Batch normalisation of the drive in training mode, float64.
 *
 *   y = scale (x - mean) / sqrt(variance + eps) + shift,   mean and (biased) variance over rows and space, per channel
 *
 * x, y: [rows][channels][space], row-major; rows are time x batch; a dense layer has space = 1. scale, shift: [channels].
 */

export const normEpsilon = 1e-5;

export interface NormTrace {
  /** y, [rows][channels][space] */
  readonly output: Float64Array;
  /** (x - mean) / sqrt(variance + eps), [rows][channels][space] */
  readonly standard: Float64Array;
  /** 1 / sqrt(variance + eps), [channels] */
  readonly inverseDeviation: Float64Array;
}

/** Calls `visit(index, channel)` for every entry of [rows][channels][space]. */
function forEachEntry(length: number, channels: number, space: number, visit: (at: number, c: number) => void): void {
  for (let at = 0; at < length; at++) visit(at, Math.floor(at / space) % channels);
}

/** Sum over rows and space, [channels]. */
function channelSums(x: Float64Array, channels: number, space: number): Float64Array {
  const sums = new Float64Array(channels);
  forEachEntry(x.length, channels, space, (at, c) => {
    sums[c]! += x[at]!;
  });
  return sums;
}

/** Normalises x: [rows][channels][space] by its own statistics. */
export function normForward(
  x: Float64Array,
  channels: number,
  space: number,
  scale: Float64Array,
  shift: Float64Array,
): NormTrace {
  const count = x.length / channels;
  const mean = channelSums(x, channels, space).map((sum) => sum / count);
  const squares = x.map((value, at) => (value - mean[Math.floor(at / space) % channels]!) ** 2);
  const variance = channelSums(squares, channels, space).map((sum) => sum / count);
  const inverseDeviation = variance.map((v) => 1 / Math.sqrt(v + normEpsilon));
  const standard = new Float64Array(x.length);
  const output = new Float64Array(x.length);
  forEachEntry(x.length, channels, space, (at, c) => {
    standard[at] = (x[at]! - mean[c]!) * inverseDeviation[c]!;
    output[at] = scale[c]! * standard[at]! + shift[c]!;
  });
  return { output, standard, inverseDeviation };
}

/**
 * Gradients of the input and of scale and shift.
 *
 *   dL/dx = scale / sqrt(variance + eps) (g - mean(g) - standard mean(g standard)),   g = dL/dy
 */
export function normBackward(
  gradOutput: Float64Array,
  trace: NormTrace,
  channels: number,
  space: number,
  scale: Float64Array,
): { input: Float64Array; scale: Float64Array; shift: Float64Array } {
  const count = gradOutput.length / channels;
  const gradShift = channelSums(gradOutput, channels, space);
  const products = gradOutput.map((g, at) => g * trace.standard[at]!);
  const gradScale = channelSums(products, channels, space);
  const input = new Float64Array(gradOutput.length);
  forEachEntry(gradOutput.length, channels, space, (at, c) => {
    const centredGrad = gradOutput[at]! - gradShift[c]! / count - (trace.standard[at]! * gradScale[c]!) / count;
    input[at] = scale[c]! * trace.inverseDeviation[c]! * centredGrad;
  });
  return { input, scale: gradScale, shift: gradShift };
}
