/** Spikes of neurons over time, for several images side by side: a row a neuron, a column a step, one empty column between images. */
import type { Trains } from "../worker/protocol-look.ts";
import type { Colour } from "./colours.ts";

/**
 * @param colour of spikes, and of positive activations
 * @param other of negative activations
 */
export function drawRaster(canvas: HTMLCanvasElement, trains: Trains, colour: Colour, other: Colour): void {
  const { images, steps, units, values } = trains;
  const width = images * (steps + 1) - 1;
  canvas.width = width;
  canvas.height = units;
  const context = canvas.getContext("2d");
  if (!context) return;
  const picture = context.createImageData(width, units);
  for (let image = 0; image < images; image++) {
    for (let t = 0; t < steps; t++) {
      for (let unit = 0; unit < units; unit++) {
        const value = values[(image * steps + t) * units + unit]!;
        const at = 4 * (unit * width + image * (steps + 1) + t);
        picture.data.set(value < 0 ? other : colour, at);
        picture.data[at + 3] = 2 * Math.abs(value);
      }
    }
  }
  context.putImageData(picture, 0, 0);
}

/** Spikes, or active units, of an image. */
export function countActive({ steps, units, values }: Trains, image: number): number {
  let count = 0;
  for (const value of values.subarray(image * steps * units, (image + 1) * steps * units)) if (value !== 0) count++;
  return count;
}
