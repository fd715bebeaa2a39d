/**
 * An image turned about its centre, mirrored and moved, on a black ground without end of which the frame shows a part.
 *
 * A place of the frame, moved and mirrored back, is at (x, y) from the centre, down being positive; clockwise by an angle a it came from
 *
 *   (x cos a + y sin a, y cos a - x sin a)
 *
 * whose value is interpolated between the four pixels around it, of which those outside the image are black. Cosines are our own (engine/elementary.ts), so bytes are the same on every machine.
 */
import { cosineOfPi } from "../../engine/elementary.ts";
import type { Ground } from "./ground.ts";
import type { Variant } from "./variant.ts";

/** As `drawMoved`. */
export function drawTurned(
  out: Float32Array,
  start: number,
  pixels: Uint8Array,
  from: number,
  ground: Ground,
  { right, down, mirrored, turn }: Variant,
): void {
  const { shape, frame, table } = ground;
  const { height, width, channels } = shape;
  const [cos, sin] = [cosineOfPi(Math.abs(turn)), sineOfPi(turn)];
  const [centreX, centreY] = [(width - 1) / 2, (height - 1) / 2];
  const line = width * channels;
  let to = start;
  for (let row = 0; row < frame.height; row++) {
    const y = row - ground.top - down - centreY;
    for (let column = 0; column < frame.width; column++) {
      const unmoved = column - ground.left - right - centreX;
      const x = mirrored ? -unmoved : unmoved;
      const sourceX = centreX + (x * cos + y * sin);
      const sourceY = centreY + (y * cos - x * sin);
      const [x0, y0] = [Math.floor(sourceX), Math.floor(sourceY)];
      const [across, below] = [sourceX - x0, sourceY - y0];
      const at = from + y0 * line + x0 * channels;
      const [isLeft, isRight] = [x0 >= 0 && x0 < width, x0 >= -1 && x0 < width - 1];
      const [isUpper, isLower] = [y0 >= 0 && y0 < height, y0 >= -1 && y0 < height - 1];
      for (let channel = 0; channel < channels; channel++) {
        const base = 256 * channel;
        const black = table[base]!;
        const pixel = at + channel;
        const upperLeft = isUpper && isLeft ? table[base + pixels[pixel]!]! : black;
        const upperRight = isUpper && isRight ? table[base + pixels[pixel + channels]!]! : black;
        const lowerLeft = isLower && isLeft ? table[base + pixels[pixel + line]!]! : black;
        const lowerRight = isLower && isRight ? table[base + pixels[pixel + line + channels]!]! : black;
        const upper = (1 - across) * upperLeft + across * upperRight;
        const lower = (1 - across) * lowerLeft + across * lowerRight;
        out[to++] = (1 - below) * upper + below * lower;
      }
    }
  }
}

/** sin(pi x) for x in -1..1, by the cosine a quarter turn back. */
function sineOfPi(x: number): number {
  const size = cosineOfPi(Math.abs(Math.abs(x) - 0.5));
  return x < 0 ? -size : size;
}
