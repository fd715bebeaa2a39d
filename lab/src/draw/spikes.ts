/** Spikes on a canvas: neurons fill a near-square field, each a dot whose brightness is its share of steps with a spike. */
import type { SpikeRows } from "../worker/protocol.ts";

/** Columns of a field of so many neurons that is about three times as wide as high. */
export function fieldColumns(neurons: number): number {
  return Math.min(neurons, Math.ceil(Math.sqrt(3 * neurons)));
}

/**
 * Draws a population as a field of cells.
 *
 * @param light brightness of each neuron, 0..255
 * @param colour of full brightness: red, green, blue
 */
export function drawLight(
  canvas: HTMLCanvasElement,
  light: Uint8Array,
  colour: readonly [number, number, number],
): void {
  const neurons = light.length;
  const columns = fieldColumns(neurons);
  const height = Math.ceil(neurons / columns);
  if (canvas.width !== columns || canvas.height !== height) {
    canvas.width = columns;
    canvas.height = height;
  }
  const context = canvas.getContext("2d");
  if (!context) return;
  const picture = context.createImageData(columns, height);
  const { data } = picture;
  const [red, green, blue] = colour;
  for (let neuron = 0, at = 0; neuron < neurons; neuron++) {
    data[at++] = red;
    data[at++] = green;
    data[at++] = blue;
    data[at++] = light[neuron]!;
  }
  context.putImageData(picture, 0, 0);
}

/** Draws a population's firing rates: full brightness for a neuron that fires at every step. */
export function drawField(canvas: HTMLCanvasElement, rows: SpikeRows, colour: readonly [number, number, number]): void {
  const { steps, neurons, spikes } = rows;
  const light = new Uint8Array(neurons);
  for (let neuron = 0; neuron < neurons; neuron++) {
    let count = 0;
    for (let t = 0; t < steps; t++) count += spikes[t * neurons + neuron]!;
    light[neuron] = Math.round((255 * count) / steps);
  }
  drawLight(canvas, light, colour);
}
