/** Spikes of populations as bytes, and cosines between firing rates of the two networks. */
import type { Population } from "../../../src/nets/population.ts";
import { pixelsOf, sizeOf, tilesOf } from "../../../src/nets/shape.ts";
import type { SpikeRows } from "./protocol.ts";

const LANES = 16;

/** One image's spikes. A population that is held over time is shown at every one of `steps` steps. */
export function spikeRows(population: Population, image: number, steps = population.steps): SpikeRows {
  const { shape } = population;
  const neurons = sizeOf(shape);
  const spikes = new Uint8Array(steps * neurons);
  const tiles = tilesOf(shape);
  const pixels = pixelsOf(shape);
  const masks = population.masks.view;
  for (let t = 0; t < steps; t++) {
    const from = (image * population.steps + (population.steps === 1 ? 0 : t)) * pixels;
    for (let pixel = 0; pixel < pixels; pixel++) {
      for (let c = 0; c < shape.channels; c++) {
        const mask = masks[(from + pixel) * tiles + Math.floor(c / LANES)]!;
        spikes[t * neurons + pixel * shape.channels + c] = (mask >> (c % LANES)) & 1;
      }
    }
  }
  return { steps, neurons, spikes };
}

/** Firing rates [image][neuron] of images `0 .. count - 1`, 0..1. */
export function firingRates(population: Population, count: number): Float32Array {
  const neurons = sizeOf(population.shape);
  const rates = new Float32Array(count * neurons);
  for (let image = 0; image < count; image++) {
    const { steps, spikes } = spikeRows(population, image);
    for (let at = 0; at < spikes.length; at++) rates[image * neurons + (at % neurons)]! += spikes[at]! / steps;
  }
  return rates;
}

/**
 * Cosines between two sets of rows after each neuron's mean over its set was taken away: [row of a][row of b]. A row without length has cosine 0.
 *
 * @example
 * centredCosines(Float32Array.of(1, 0, 0, 1), Float32Array.of(1, 0, 0, 1), 2); // [[1, -1], [-1, 1]]
 */
export function centredCosines(a: Float32Array, b: Float32Array, width: number): number[][] {
  const [rowsA, rowsB] = [unitRows(a, width), unitRows(b, width)];
  return rowsA.map((row) =>
    rowsB.map((other) => {
      let sum = 0;
      for (let i = 0; i < width; i++) sum += row[i]! * other[i]!;
      return sum;
    }),
  );
}

function unitRows(rows: Float32Array, width: number): Float64Array[] {
  const count = rows.length / width;
  const mean = new Float64Array(width);
  for (const [at, value] of rows.entries()) mean[at % width]! += value / count;
  return Array.from({ length: count }, (_, row) => {
    const unit = Float64Array.from({ length: width }, (_, i) => rows[row * width + i]! - mean[i]!);
    const length = Math.sqrt(unit.reduce((sum, value) => sum + value * value, 0));
    return length > 0 ? unit.map((value) => value / length) : unit;
  });
}
