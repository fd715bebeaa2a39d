/** An image mirrored and moved by whole pixels: every pixel is one of its own or black, so nothing is computed. What is moved into the frame's margin stays. */
import { fillBlack } from "../batch.ts";
import type { Ground } from "./ground.ts";
import type { Variant } from "./variant.ts";

/**
 * @param out the frame is written from `start` on
 * @param pixels the image is there from `from` on
 */
export function drawMoved(
  out: Float32Array,
  start: number,
  pixels: Uint8Array,
  from: number,
  ground: Ground,
  { right, down, mirrored }: Variant,
): void {
  const { shape, frame, table } = ground;
  const { height, width, channels } = shape;
  const [top, left] = [ground.top + down, ground.left + right];
  const line = frame.width * channels;
  const first = Math.min(Math.max(left, 0), frame.width);
  const end = Math.min(Math.max(left + width, first), frame.width);
  const column = mirrored ? width - 1 - (first - left) : first - left;
  const step = mirrored ? -channels : channels;
  for (let y = 0; y < frame.height; y++) {
    const row = start + y * line;
    if (y < top || y >= top + height) {
      fillBlack(out, row, row + line, table, channels);
      continue;
    }
    const [begin, stop] = [row + first * channels, row + end * channels];
    if (begin > row) fillBlack(out, row, begin, table, channels);
    if (stop < row + line) fillBlack(out, stop, row + line, table, channels);
    const source = from + ((y - top) * width + column) * channels;
    // Channel by channel, as a batch is filled.
    for (let channel = 0; channel < channels; channel++) {
      const base = 256 * channel;
      let at = source + channel;
      for (let to = begin + channel; to < stop; to += channels) {
        out[to] = table[base + (pixels[at] as number)] as number;
        at += step;
      }
    }
  }
}
