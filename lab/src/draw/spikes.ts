/** Spikes on a canvas: neurons fill a near-square field, each a dot whose brightness is its share of steps with a spike. */
import type { SpikeRows } from "../worker/protocol.ts";

/** Columns of a field of so many neurons that is about three times as wide as high. */
export function fieldColumns(neurons: number): number {
  return Math.min(neurons, Math.ceil(Math.sqrt(3 * neurons)));
}

/** Where a population's neurons are in its field. */
export interface FieldLayout {
  readonly columns: number;
  readonly rows: number;
  /** Cell of each neuron, row by row. */
  readonly cells: Uint32Array;
}

/** Neurons in their order, line by line. */
export function flatLayout(neurons: number): FieldLayout {
  const columns = fieldColumns(neurons);
  return { columns, rows: Math.ceil(neurons / columns), cells: Uint32Array.from({ length: neurons }, (_, k) => k) };
}

/** Of a convolutional stage, whose neurons are [pixel][channel]: each channel is a picture of its own, with a line between them. */
export function planesLayout(width: number, height: number, channels: number): FieldLayout {
  const across = Math.min(channels, Math.ceil(Math.sqrt((3 * channels * height) / width)));
  const columns = across * (width + 1) - 1;
  const rows = Math.ceil(channels / across) * (height + 1) - 1;
  const cells = Uint32Array.from({ length: width * height * channels }, (_, neuron) => {
    const c = neuron % channels;
    const pixel = Math.floor(neuron / channels);
    const x = (c % across) * (width + 1) + (pixel % width);
    const y = Math.floor(c / across) * (height + 1) + Math.floor(pixel / width);
    return y * columns + x;
  });
  return { columns, rows, cells };
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
  { columns, rows, cells }: FieldLayout = flatLayout(light.length),
): void {
  if (canvas.width !== columns || canvas.height !== rows) {
    canvas.width = columns;
    canvas.height = rows;
  }
  const context = canvas.getContext("2d");
  if (!context) return;
  const picture = context.createImageData(columns, rows);
  const { data } = picture;
  const [red, green, blue] = colour;
  for (let neuron = 0; neuron < light.length; neuron++) {
    const at = 4 * cells[neuron]!;
    data[at] = red;
    data[at + 1] = green;
    data[at + 2] = blue;
    data[at + 3] = light[neuron]!;
  }
  context.putImageData(picture, 0, 0);
}

/** Draws a population's firing rates: full brightness for a neuron that fires at every step. */
export function drawField(
  canvas: HTMLCanvasElement,
  rows: SpikeRows,
  colour: readonly [number, number, number],
  layout: FieldLayout = flatLayout(rows.neurons),
): void {
  const { steps, neurons, spikes } = rows;
  const light = new Uint8Array(neurons);
  for (let neuron = 0; neuron < neurons; neuron++) {
    let count = 0;
    for (let t = 0; t < steps; t++) count += spikes[t * neurons + neuron]!;
    light[neuron] = Math.round((255 * count) / steps);
  }
  drawLight(canvas, light, colour, layout);
}
