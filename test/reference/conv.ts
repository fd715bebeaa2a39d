/**
 * Convolutional synapses (cross-correlation, as every framework has it), float64:
 *
 *   y[o][p][q] = b[o] + sum over i, dy, dx of W[o][i][dy][dx] x[i][p stride + dy - padding][q stride + dx - padding]
 *
 * x [rows][in][height][width], y [rows][out][height'][width'], W [out][in][kernel][kernel], b [out]; outside x is 0.
 */

export interface ConvShape {
  readonly channelsIn: number;
  readonly channelsOut: number;
  /** Height and width of the input, pixels. */
  readonly height: number;
  readonly width: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}

/** Height and width of the output, pixels. */
export function convOutputSize(shape: ConvShape): { height: number; width: number } {
  const errorDepth = (size: number): number => Math.floor((size + 2 * shape.padding - shape.kernel) / shape.stride) + 1;
  return { height: errorDepth(shape.height), width: errorDepth(shape.width) };
}

/** Calls `visit(output, input, weight, channelOut)` for every product of the convolution, as flat indices. */
function forEachProduct(
  rows: number,
  shape: ConvShape,
  visit: (output: number, input: number, weight: number, channelOut: number) => void,
): void {
  const { channelsIn, channelsOut, height, width, kernel, stride, padding } = shape;
  const out = convOutputSize(shape);
  for (let row = 0; row < rows; row++)
    for (let o = 0; o < channelsOut; o++)
      for (let p = 0; p < out.height; p++)
        for (let q = 0; q < out.width; q++)
          for (let i = 0; i < channelsIn; i++)
            for (let dy = 0; dy < kernel; dy++)
              for (let dx = 0; dx < kernel; dx++) {
                const y = p * stride + dy - padding;
                const x = q * stride + dx - padding;
                if (y < 0 || y >= height || x < 0 || x >= width) continue;
                visit(
                  ((row * channelsOut + o) * out.height + p) * out.width + q,
                  ((row * channelsIn + i) * height + y) * width + x,
                  ((o * channelsIn + i) * kernel + dy) * kernel + dx,
                  o,
                );
              }
}

/** y [rows][out][height'][width']. */
export function convForward(
  x: Float64Array,
  rows: number,
  weight: Float64Array,
  bias: Float64Array,
  shape: ConvShape,
): Float64Array {
  const { height, width } = convOutputSize(shape);
  const space = height * width;
  const y = new Float64Array(rows * shape.channelsOut * space);
  for (let at = 0; at < y.length; at++) y[at] = bias[Math.floor(at / space) % shape.channelsOut]!;
  forEachProduct(rows, shape, (output, input, tap) => {
    y[output]! += weight[tap]! * x[input]!;
  });
  return y;
}

/** dL/dW [out][in][kernel][kernel] and dL/db [out] from g = dL/dy. */
export function convWeightGradient(
  x: Float64Array,
  gradOutput: Float64Array,
  rows: number,
  shape: ConvShape,
): { weight: Float64Array; bias: Float64Array } {
  const weight = new Float64Array(shape.channelsOut * shape.channelsIn * shape.kernel ** 2);
  const bias = new Float64Array(shape.channelsOut);
  const { height, width } = convOutputSize(shape);
  const space = height * width;
  for (let at = 0; at < gradOutput.length; at++) bias[Math.floor(at / space) % shape.channelsOut]! += gradOutput[at]!;
  forEachProduct(rows, shape, (output, input, tap) => {
    weight[tap]! += gradOutput[output]! * x[input]!;
  });
  return { weight, bias };
}

/** dL/dx [rows][in][height][width] from g = dL/dy. BSD never needs it; the backpropagation baseline does. */
export function convInputGradient(
  gradOutput: Float64Array,
  rows: number,
  weight: Float64Array,
  shape: ConvShape,
): Float64Array {
  const gradInput = new Float64Array(rows * shape.channelsIn * shape.height * shape.width);
  forEachProduct(rows, shape, (output, input, tap) => {
    gradInput[input]! += gradOutput[output]! * weight[tap]!;
  });
  return gradInput;
}
