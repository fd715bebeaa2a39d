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
import { fillBlack } from "../batch.ts";
import type { Ground } from "./ground.ts";
import type { Variant } from "./variant.ts";

/** Black pixels around the copy that is turned: one left and above, two right and below, so that a place beyond the image, put at its edge, has four neighbours. */
const MARGIN = { before: 1, after: 2 } as const;

/** Draws images as `drawMoved` does, turned first. Has room for one image of its own. */
export class TurnedImages {
  readonly #ground: Ground;
  /** The newest image's values with the margin around, which stays black. */
  readonly #copy: Float32Array;

  constructor(ground: Ground) {
    this.#ground = ground;
    const { shape, table } = ground;
    const around = MARGIN.before + MARGIN.after;
    this.#copy = new Float32Array((shape.height + around) * (shape.width + around) * shape.channels);
    fillBlack(this.#copy, 0, this.#copy.length, table, shape.channels);
  }

  draw(
    out: Float32Array,
    start: number,
    pixels: Uint8Array,
    from: number,
    { right, down, mirrored, turn }: Variant,
  ): void {
    this.#take(pixels, from);
    const copy = this.#copy;
    const { shape, frame, top, left } = this.#ground;
    const { height, width, channels } = shape;
    const cos = cosineOfPi(Math.abs(turn));
    const sin = sineOfPi(turn);
    const centreX = (width - 1) / 2;
    const centreY = (height - 1) / 2;
    const line = (width + MARGIN.before + MARGIN.after) * channels;
    const sign = mirrored ? -1 : 1;
    let to = start;
    for (let row = 0; row < frame.height; row++) {
      const y = row - top - down - centreY;
      for (let column = 0; column < frame.width; column++) {
        const x = sign * (column - left - right - centreX);
        // Places in the copy; those in the margin or beyond it are as black as its edge.
        const copyX = Math.min(Math.max(centreX + (x * cos + y * sin) + MARGIN.before, 0), width + MARGIN.before);
        const copyY = Math.min(Math.max(centreY + (y * cos - x * sin) + MARGIN.before, 0), height + MARGIN.before);
        // Below 2^31 and not negative; as integers, so that places are.
        const wholeX = copyX | 0;
        const wholeY = copyY | 0;
        const across = copyX - wholeX;
        const below = copyY - wholeY;
        const upperLeft = (1 - across) * (1 - below);
        const upperRight = across * (1 - below);
        const lowerLeft = (1 - across) * below;
        const lowerRight = across * below;
        const at = wholeY * line + wholeX * channels;
        for (let pixel = at; pixel < at + channels; pixel++)
          out[to++] =
            upperLeft * (copy[pixel] as number) +
            upperRight * (copy[pixel + channels] as number) +
            lowerLeft * (copy[pixel + line] as number) +
            lowerRight * (copy[pixel + line + channels] as number);
      }
    }
  }

  /** Copies an image within the margin. */
  #take(pixels: Uint8Array, from: number): void {
    const { shape, table } = this.#ground;
    const { height, width, channels } = shape;
    const line = (width + MARGIN.before + MARGIN.after) * channels;
    const inner = MARGIN.before * (line + channels);
    for (let y = 0; y < height; y++) {
      for (let channel = 0; channel < channels; channel++) {
        const base = 256 * channel;
        const end = from + (y + 1) * width * channels;
        let to = inner + y * line + channel;
        for (let at = from + y * width * channels + channel; at < end; at += channels) {
          this.#copy[to] = table[base + (pixels[at] as number)] as number;
          to += channels;
        }
      }
    }
  }
}

/** sin(pi x) for x in -1..1, by the cosine a quarter turn back. */
function sineOfPi(x: number): number {
  const size = cosineOfPi(Math.abs(Math.abs(x) - 0.5));
  return x < 0 ? -size : size;
}
