/** Spikes on a canvas: neurons fill a near-square field, each a dot whose brightness is its share of steps with a spike. */
import type { SpikeRows } from "../worker/protocol.ts";

/** Columns of a field of so many neurons that is about three times as wide as high. */
export function fieldColumns(neurons: number): number {
  return Math.min(neurons, Math.ceil(Math.sqrt(3 * neurons)));
}

/**
 * Draws a population's firing rates as a field of cells.
 *
 * @param colour of a neuron that fires at every step: red, green, blue
 */
export function drawField(canvas: HTMLCanvasElement, rows: SpikeRows, colour: readonly [number, number, number]): void {
  const { steps, neurons, spikes } = rows;
  const columns = fieldColumns(neurons);
  const height = Math.ceil(neurons / columns);
  if (canvas.width !== columns || canvas.height !== height) {
    canvas.width = columns;
    canvas.height = height;
  }
  const context = canvas.getContext("2d");
  if (!context) return;
  const picture = context.createImageData(columns, height);
  for (let neuron = 0; neuron < neurons; neuron++) {
    let count = 0;
    for (let t = 0; t < steps; t++) count += spikes[t * neurons + neuron]!;
    picture.data.set([...colour, Math.round((255 * count) / steps)], 4 * neuron);
  }
  context.putImageData(picture, 0, 0);
}
