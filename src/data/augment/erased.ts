/** A square of an image that has been drawn, set to one value a channel. It is cut at the image's edges; where the image was moved makes no difference. */
import type { Ground } from "./ground.ts";
import type { Variant } from "./variant.ts";

/**
 * @param side pixels; of an even one the centre is the pixel right of and below the middle
 * @param values one a channel, as the rows hold them
 */
export function eraseSquare(
  out: Float32Array,
  start: number,
  { shape, frame, top, left }: Ground,
  { centreX, centreY }: Variant,
  side: number,
  values: readonly number[],
): void {
  const { height, width, channels } = shape;
  const half = Math.floor(side / 2);
  const end = { x: Math.min(width, centreX - half + side), y: Math.min(height, centreY - half + side) };
  for (let y = Math.max(0, centreY - half); y < end.y; y++) {
    const line = start + ((top + y) * frame.width + left) * channels;
    for (let x = Math.max(0, centreX - half); x < end.x; x++)
      for (let channel = 0; channel < channels; channel++) out[line + x * channels + channel] = values[channel]!;
  }
}
