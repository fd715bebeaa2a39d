/** A matrix of cosines as a field of cells: stronger colour for larger ones, another colour below 0. */
import type { Colour } from "./colours.ts";

/** @param values [row][column], -1..1 */
export function drawMatrix(
  canvas: HTMLCanvasElement,
  columns: number,
  values: Float32Array,
  positive: Colour,
  negative: Colour,
): void {
  const rows = values.length / columns;
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d");
  if (!context) return;
  const picture = context.createImageData(columns, rows);
  for (const [cell, value] of values.entries()) {
    picture.data.set(value < 0 ? negative : positive, 4 * cell);
    picture.data[4 * cell + 3] = Math.round(255 * Math.min(1, Math.abs(value)));
  }
  context.putImageData(picture, 0, 0);
}
