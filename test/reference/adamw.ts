/**
 * AdamW with decoupled weight decay (Loshchilov and Hutter, ICLR 2019), float64, in PyTorch's order of operations:
 *
 *   p <- p (1 - lr decay)      m <- b1 m + (1 - b1) g      v <- b2 v + (1 - b2) g^2
 *   p <- p - lr / (1 - b1^k)  m / (sqrt(v) / sqrt(1 - b2^k) + eps)          k = 1, 2, ...
 */

export interface AdamwOptions {
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

export const adamwDefaults: AdamwOptions = {
  learningRate: 1e-2,
  weightDecay: 0.01,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
};

/** Everything AdamW knows of one parameter array; a new array starts at zero moments, step 0. */
export interface AdamwState {
  readonly parameter: Float64Array;
  readonly first: Float64Array;
  readonly second: Float64Array;
  readonly step: number;
}

export function adamwStart(parameter: Float64Array): AdamwState {
  return {
    parameter,
    first: new Float64Array(parameter.length),
    second: new Float64Array(parameter.length),
    step: 0,
  };
}

/** The state after one more step; the given one is left as it was. */
export function adamwStep(
  state: AdamwState,
  gradient: Float64Array,
  options: AdamwOptions = adamwDefaults,
): AdamwState {
  const { learningRate, weightDecay, beta1, beta2, epsilon } = options;
  const step = state.step + 1;
  const first = state.first.map((m, i) => beta1 * m + (1 - beta1) * gradient[i]!);
  const second = state.second.map((v, i) => beta2 * v + (1 - beta2) * gradient[i]! ** 2);
  const correction = { first: 1 - beta1 ** step, second: Math.sqrt(1 - beta2 ** step) };
  const parameter = state.parameter.map((p, i) => {
    const denominator = Math.sqrt(second[i]!) / correction.second + epsilon;
    return p * (1 - learningRate * weightDecay) - ((learningRate / correction.first) * first[i]!) / denominator;
  });
  return { parameter, first, second, step };
}
