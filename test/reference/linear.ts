/**
 * Dense synapses, float64:  y = W x + b.
 *
 * x [rows][inputs], y [rows][outputs], W [outputs][inputs], b [outputs]; rows are time x batch.
 */

export interface LinearShape {
  readonly inputs: number;
  readonly outputs: number;
}

/** y [rows][outputs]. */
export function linearForward(
  x: Float64Array,
  rows: number,
  weight: Float64Array,
  bias: Float64Array,
  { inputs, outputs }: LinearShape,
): Float64Array {
  const y = new Float64Array(rows * outputs);
  for (let row = 0; row < rows; row++) {
    for (let o = 0; o < outputs; o++) {
      let sum = bias[o]!;
      for (let i = 0; i < inputs; i++) sum += weight[o * inputs + i]! * x[row * inputs + i]!;
      y[row * outputs + o] = sum;
    }
  }
  return y;
}

/** dL/dW [outputs][inputs] = sum over rows of g x', dL/db [outputs] = sum over rows of g; g = dL/dy [rows][outputs]. */
export function linearWeightGradient(
  x: Float64Array,
  gradOutput: Float64Array,
  rows: number,
  { inputs, outputs }: LinearShape,
): { weight: Float64Array; bias: Float64Array } {
  const weight = new Float64Array(outputs * inputs);
  const bias = new Float64Array(outputs);
  for (let row = 0; row < rows; row++) {
    for (let o = 0; o < outputs; o++) {
      const g = gradOutput[row * outputs + o]!;
      bias[o]! += g;
      for (let i = 0; i < inputs; i++) weight[o * inputs + i]! += g * x[row * inputs + i]!;
    }
  }
  return { weight, bias };
}

/** dL/dx [rows][inputs] = W' g. BSD never needs it; the backpropagation baseline does. */
export function linearInputGradient(
  gradOutput: Float64Array,
  rows: number,
  weight: Float64Array,
  { inputs, outputs }: LinearShape,
): Float64Array {
  const gradInput = new Float64Array(rows * inputs);
  for (let row = 0; row < rows; row++) {
    for (let o = 0; o < outputs; o++) {
      const g = gradOutput[row * outputs + o]!;
      for (let i = 0; i < inputs; i++) gradInput[row * inputs + i]! += weight[o * inputs + i]! * g;
    }
  }
  return gradInput;
}
