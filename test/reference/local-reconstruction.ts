/**
 * A half of a stage reconstructs the stage below it from its firing rates, float64:
 *
 *   L = weight / (rows values) sum |R(rates) - below|^2
 */
import { convForward, convInputGradient, convWeightGradient } from "./conv.ts";
import { linearForward, linearInputGradient, linearWeightGradient } from "./linear.ts";

export interface Plane {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/**
 * What reconstructs the stage below from a half's firing rates. Of a plane: a 3x3 convolution to the 2x2 pixels that a cell covers, weight [(dy, dx, channel below)][channel][3][3];
 * of a flat half: weight [unit below][unit].
 */
export interface LocalReadOut {
  readonly weight: Float64Array;
  readonly bias: Float64Array;
}

/** weight / n |y - x|^2 of n values, and its gradient. */
export function squaredError(
  y: Float64Array,
  x: Float64Array,
  weight: number,
): { loss: number; gradient: Float64Array } {
  const share = weight / x.length;
  const loss = y.reduce((sum, value, at) => sum + share * (value - x[at]!) ** 2, 0);
  return { loss, gradient: y.map((value, at) => 2 * share * (value - x[at]!)) };
}

/** Loss and gradients of a read-out of `below` [batch][channels][4 space] or, of a flat half, [batch][units]. */
export function localReconstruction(
  readOut: LocalReadOut,
  rates: Float64Array,
  below: Float64Array,
  batch: number,
  plane: Plane,
  weight: number,
) {
  const { height, width, channels } = plane;
  const space = height * width;
  const outputs = readOut.bias.length;
  const linear = { inputs: channels, outputs };
  const conv = { channelsIn: channels, channelsOut: outputs, height, width, kernel: 3, stride: 1, padding: 1 };
  const flat = space === 1;
  const drawn = flat
    ? linearForward(rates, batch, readOut.weight, readOut.bias, linear)
    : convForward(rates, batch, readOut.weight, readOut.bias, conv);
  const channelsBelow = outputs / 4;
  const target = flat
    ? below
    : drawn.map((_, at) => {
        const [b, o] = [Math.floor(at / (outputs * space)), Math.floor(at / space) % outputs];
        const [y, x] = [Math.floor((at % space) / width), at % width];
        const [corner, channel] = [Math.floor(o / channelsBelow), o % channelsBelow];
        const row = ((b * channelsBelow + channel) * 2 * height + 2 * y + (corner >> 1)) * 2 * width;
        return below[row + 2 * x + (corner & 1)]!;
      });
  const { loss, gradient } = squaredError(drawn, target, weight);
  return {
    loss,
    parameters: flat
      ? linearWeightGradient(rates, gradient, batch, linear)
      : convWeightGradient(rates, gradient, batch, conv),
    rates: flat
      ? linearInputGradient(gradient, batch, readOut.weight, linear)
      : convInputGradient(gradient, batch, readOut.weight, conv),
  };
}
