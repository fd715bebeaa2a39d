/** Firing rates on a canvas, laid out as `spikes.ts` lays out spikes. */
import { fieldColumns } from "./spikes.ts";

/**
 * Draws a population as a field of cells, each as bright as its neuron fires often.
 *
 * @param rates a byte a neuron; 255 is a spike at every step
 * @param colour of a neuron that fires at every step: red, green, blue
 * @param layout "row" for all neurons side by side. Default "field"
 */
export function drawRates(
  canvas: HTMLCanvasElement,
  rates: Uint8Array,
  colour: readonly [number, number, number],
  layout: "field" | "row" = "field",
): void {
  const columns = layout === "row" ? rates.length : fieldColumns(rates.length);
  canvas.width = columns;
  canvas.height = Math.ceil(rates.length / columns);
  const context = canvas.getContext("2d");
  if (!context) return;
  const picture = context.createImageData(canvas.width, canvas.height);
  for (const [neuron, rate] of rates.entries()) picture.data.set([...colour, rate], 4 * neuron);
  context.putImageData(picture, 0, 0);
}
