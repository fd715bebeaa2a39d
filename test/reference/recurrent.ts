/**
 * The non-spiking recurrent net in float64, one window at a time, in plain loops:  h_n = tanh(W_x x_n + W_h h_{n-1} + b),  y_n = W_y h_n + c.
 *
 * Matrices are [out][in]. Gradients are had by central differences of whole losses or energies, so that no derivative is worked out twice.
 */
import { expect } from "vitest";

export interface PlainLayer {
  readonly input: Float64Array;
  readonly recurrent: Float64Array;
  readonly bias: Float64Array;
}

export interface PlainNet {
  readonly layers: readonly PlainLayer[];
  readonly weight: Float64Array;
  readonly bias: Float64Array;
}

/** A window: one-hot or real inputs, and targets, by position. */
export interface PlainWindow {
  readonly inputs: readonly Float64Array[];
  readonly targets: readonly (number | Float64Array)[];
}

/** out = start + M v. */
export function affine(matrix: Float64Array, v: ArrayLike<number>, start: ArrayLike<number>): Float64Array {
  return Float64Array.from(start, (sum, out) => {
    let total = sum;
    for (let i = 0; i < v.length; i++) total += matrix[out * v.length + i]! * v[i]!;
    return total;
  });
}

/** tanh(W_x x + W_h h + b). */
export function predictLayer(
  layer: PlainLayer,
  x: ArrayLike<number>,
  previous: Float64Array | undefined,
): Float64Array {
  const drive = affine(layer.input, x, layer.bias);
  return (previous ? affine(layer.recurrent, previous, drive) : drive).map(Math.tanh);
}

export const readOut = (net: PlainNet, h: Float64Array): Float64Array => affine(net.weight, h, net.bias);

/** Values by position and layer. */
export function forwardWindow(net: PlainNet, { inputs }: PlainWindow): Float64Array[][] {
  const values: Float64Array[][] = [];
  for (const [n, x] of inputs.entries()) {
    let below: ArrayLike<number> = x;
    values.push(
      net.layers.map((layer, l) => {
        const h = predictLayer(layer, below, values[n - 1]?.[l]);
        below = h;
        return h;
      }),
    );
  }
  return values;
}

/** softmax(y) - one-hot, or y - target. */
export function outputError(y: Float64Array, target: number | Float64Array): Float64Array {
  if (typeof target !== "number") return y.map((value, i) => value - target[i]!);
  const total = y.reduce((sum, value) => sum + Math.exp(value), 0);
  return y.map((value, i) => Math.exp(value) / total - (i === target ? 1 : 0));
}

/** Cross-entropy, or squared error: the mean over the outputs, or half the sum ("energy"). */
export function outputLoss(y: Float64Array, target: number | Float64Array, form: "mean" | "energy"): number {
  if (typeof target === "number") return Math.log(y.reduce((sum, value) => sum + Math.exp(value), 0)) - y[target]!;
  const sum = y.reduce((total, value, i) => total + (value - target[i]!) ** 2, 0);
  return form === "mean" ? sum / y.length : sum / 2;
}

/** Mean loss over all positions of all windows. */
export function meanLoss(net: PlainNet, windows: readonly PlainWindow[]): number {
  let sum = 0;
  let positions = 0;
  for (const window of windows) {
    for (const [n, values] of forwardWindow(net, window).entries()) {
      sum += outputLoss(readOut(net, values.at(-1)!), window.targets[n]!, "mean");
      positions++;
    }
  }
  return sum / positions;
}

/** All arrays a net learns, under the engine's names. */
export function arraysOf(net: PlainNet): Map<string, Float64Array> {
  const arrays = new Map<string, Float64Array>();
  for (const [l, layer] of net.layers.entries()) {
    for (const block of ["input", "recurrent", "bias"] as const) {
      arrays.set(`perception.stage${l + 2}.${block}`, layer[block]);
    }
  }
  const top = `perception.stage${net.layers.length + 2}`;
  return arrays.set(`${top}.weight`, net.weight).set(`${top}.bias`, net.bias);
}

const DIFFERENCE = 1e-5;

/** dL/dx of every element of an array that `loss` reads, by central differences. */
export function differences(x: Float64Array, loss: () => number): Float64Array {
  return x.map((value, i) => {
    x[i] = value + DIFFERENCE;
    const above = loss();
    x[i] = value - DIFFERENCE;
    const below = loss();
    x[i] = value;
    return (above - below) / (2 * DIFFERENCE);
  });
}

/** Expects gradients that are the central differences of `total`, within `gap` of an array's largest (of `floor`, where that is more). */
export function expectDifferences(
  gradients: ReadonlyMap<string, ArrayLike<number>>,
  plain: PlainNet,
  total: () => number,
  { floor, gap }: { floor: number; gap: number },
): void {
  for (const [name, array] of arraysOf(plain)) {
    const expected = differences(array, total);
    const scale = Math.max(floor, ...expected.map(Math.abs));
    for (let i = 0; i < expected.length; i++) {
      expect(Math.abs(gradients.get(name)![i]! - expected[i]!), `${name} ${i}`).toBeLessThan(gap * scale);
    }
  }
}
