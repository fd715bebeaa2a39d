/** Which variants of its images a training shows, in place of the images themselves. */

import { cosineOfPi } from "../engine/elementary.ts";
import { philoxInto, streamKey } from "../engine/random.ts";
import { BispikeError } from "../errors.ts";
import { checkFit, checkImageIndex, fillBlack, normalisationTable } from "./batch.ts";
import { describeShape, type ImageShape, imageBytes, type Split } from "./dataset.ts";
import type { FrameLayout } from "./frame-rows.ts";

/** What may happen to an image before a net learns from it; the configuration's section `data.augment`. It is turned first, then mirrored, then moved, and erased last. */
export interface AugmentOptions {
  /** Whole pixels the image is moved by at most, along each axis, each way as likely as any; what comes in is black as the frame's margin is. 0 to 64, default 0. */
  readonly shift: number;
  /** Mirror left and right, with probability 1/2. Default false. */
  readonly flip: boolean;
  /** Degrees the image is turned by at most, either way, about its centre, between pixels by bilinear interpolation. 0 to 180, default 0. */
  readonly rotate: number;
  /**
   * Side, in pixels, of a square that is set to each channel's mean over the training images (cutout: DeVries and Taylor 2017): its centre is any pixel of the image, and what of it
   * lies beyond the image's edges is cut off. At most the image's shorter side, default 0.
   */
  readonly erase: number;
}

/** Nothing is done to an image. */
export const augmentDefaults = { shift: 0, flip: false, rotate: 0, erase: 0 } as const satisfies AugmentOptions;

/** Largest values, whatever the images. */
export const AUGMENT_LIMITS = { shift: 64, rotate: 180, erase: 65535 } as const;

/** Whether any of it is on. */
export function augments({ shift, flip, rotate, erase }: AugmentOptions): boolean {
  return shift > 0 || flip || rotate > 0 || erase > 0;
}

/** @throws BispikeError "config" for options out of range, or beyond the images: moved out of sight, or erased by more than an image */
export function checkAugment(options: AugmentOptions, shape: ImageShape): void {
  const side = Math.min(shape.height, shape.width);
  const images = `for images of ${describeShape(shape)}`;
  const fail = (key: keyof AugmentOptions, expected: string) => {
    throw new BispikeError("config", `data.augment.${key}: expected ${expected}, got ${String(options[key])}`);
  };
  const { shift, flip, rotate, erase } = options;
  const farthest = Math.min(AUGMENT_LIMITS.shift, side - 1);
  if (!(Number.isInteger(shift) && shift >= 0 && shift <= farthest))
    fail("shift", `whole pixels from 0 to ${farthest} ${images}`);
  if (typeof flip !== "boolean") fail("flip", "true or false");
  if (!(rotate >= 0 && rotate <= AUGMENT_LIMITS.rotate)) fail("rotate", `degrees from 0 to ${AUGMENT_LIMITS.rotate}`);
  if (!(Number.isInteger(erase) && erase >= 0 && erase <= side))
    fail("erase", `whole pixels from 0 to ${side} ${images}`);
}

/** What variants are drawn on: the frame of a net's images, where in it an image lies, and what a pixel becomes. The same for all images of a training. */

export interface Ground extends FrameLayout {
  /** 256 values a channel: what each pixel value becomes. */
  readonly table: Float32Array;
  /** The image's first row and column in its frame, where it is not moved. */
  readonly top: number;
  readonly left: number;
}

/** Where `fillBatch` puts an image, half a pixel up and left where the margin is odd. */
export function groundOf(layout: FrameLayout): Ground {
  const { shape, frame, statistics } = layout;
  return {
    ...layout,
    table: normalisationTable(statistics, shape.channels),
    top: Math.floor((frame.height - shape.height) / 2),
    left: Math.floor((frame.width - shape.width) / 2),
  };
}

// An image mirrored and moved by whole pixels: every pixel is one of its own or black, so nothing is computed. What is moved into the frame's margin stays.

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

// An image turned about its centre, mirrored and moved, on a black ground without end of which the frame shows a part.
//
// A place of the frame, moved and mirrored back, is at (x, y) from the centre, down being positive; clockwise by an angle a it came from
//
// (x cos a + y sin a, y cos a - x sin a)
//
// whose value is interpolated between the four pixels around it, of which those outside the image are black. Cosines are our own (engine/elementary.ts), so bytes are the same on every machine.

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

// A square of an image that has been drawn, set to one value a channel. It is cut at the image's edges; where the image was moved makes no difference.

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

// Which variant of an image a training step shows. It follows from the seed, the step's number and the image's own, by Philox's counters: no state is kept, so a resumed run, another number
// of threads or a part of a pair elsewhere draws the same, and each epoch another one.
//
// block 0 of (image, step): right, down, mirrored, turned     block 1: the square's centre
//
// A word has one use, so that one option changes nothing that others draw.

/** What happens to an image, in this order but for the move, which comes after the mirror. */
export interface Variant {
  /** Whole pixels to the right, and down; negative for the other way. */
  readonly right: number;
  readonly down: number;
  readonly mirrored: boolean;
  /** Half turns clockwise, -1 to 1. */
  readonly turn: number;
  /** The pixel of the image that the erased square is centred on. */
  readonly centreX: number;
  readonly centreY: number;
}

const TWO_31 = 0x8000_0000;
const TWO_32 = 0x1_0000_0000;

/** Draws variants, one after the other into the same object. */
export class VariantDraws {
  readonly #options: AugmentOptions;
  readonly #shape: ImageShape;
  readonly #key: readonly [number, number];
  readonly #block = new Uint32Array(4);
  readonly #drawn = { right: 0, down: 0, mirrored: false, turn: 0, centreX: 0, centreY: 0 };

  /** @param seed integer from 0 to 2^53 - 1 */
  constructor(options: AugmentOptions, shape: ImageShape, seed: number) {
    this.#options = options;
    this.#shape = shape;
    this.#key = streamKey(seed, "augment");
  }

  /**
   * @param image its number in the training part, below 2^32
   * @param counter number of the training step, from 0
   * @returns good until the next one is drawn
   */
  draw(image: number, counter: number): Variant {
    const { shift, flip, rotate, erase } = this.#options;
    const drawn = this.#drawn;
    const block = this.#block;
    this.#fill(0, image, counter);
    drawn.right = below(block[0]!, 2 * shift + 1) - shift;
    drawn.down = below(block[1]!, 2 * shift + 1) - shift;
    drawn.mirrored = flip && block[2]! >= TWO_31;
    drawn.turn = ((block[3]! + 0.5) / TWO_31 - 1) * (rotate / 180);
    if (erase > 0) {
      this.#fill(1, image, counter);
      drawn.centreX = below(block[0]!, this.#shape.width);
      drawn.centreY = below(block[1]!, this.#shape.height);
    }
    return drawn;
  }

  #fill(position: number, image: number, counter: number): void {
    const [key0, key1] = this.#key;
    philoxInto(this.#block, position, image, counter >>> 0, Math.floor(counter / TWO_32), key0, key1);
  }
}

/** 0 .. bound - 1 from a word: each as likely to within bound / 2^32, which no number of training steps would tell. */
function below(word: number, bound: number): number {
  return Math.floor((word * bound) / TWO_32);
}

// Variants of a training's images, drawn in a net's rows in place of the images themselves. Runs once a batch, so: tables and plain loops, and nothing is allocated.

/** A batch that is to be loaded as variants. */
export interface VariedBatch {
  readonly augmenter: Augmenter;
  /** Number of the training step, from 0: the same step shows the same variant of an image, another step another one. */
  readonly counter: number;
}

/**
 * What makes variants of images.
 *
 * @example
 * const augmenter = model.augmenter({ shift: 2, flip: true, rotate: 0, erase: 0 }, config.train.seed);
 * model.load(dataset.train, order, from, count, augmenter && { augmenter, counter: step });
 */
export class Augmenter {
  readonly options: AugmentOptions;
  readonly #ground: Ground;
  readonly #erased: readonly number[];
  readonly #draws: VariantDraws;
  readonly #turned: TurnedImages | undefined;

  /**
   * @param seed integer from 0 to 2^53 - 1
   * @param layout of the net's rows, and how pixels become their values
   * @param means what an erased pixel shows, in units of pixel / 255, one a channel
   * @throws BispikeError "config" for options out of range or beyond such images
   */
  constructor(options: AugmentOptions, seed: number, layout: FrameLayout, means: readonly number[]) {
    checkAugment(options, layout.shape);
    this.options = options;
    const { mean, std } = layout.statistics;
    this.#ground = groundOf(layout);
    this.#erased = means.map((value, channel) => (value - mean[channel]!) / std[channel]!);
    this.#turned = options.rotate > 0 ? new TurnedImages(this.#ground) : undefined;
    this.#draws = new VariantDraws(options, layout.shape, seed);
  }

  /** How the net's rows hold an image. */
  get layout(): FrameLayout {
    return this.#ground;
  }

  /**
   * Writes variants of the images at `indices[from .. from + count)` as rows, as `fillBatch` writes the images: what of a row lies behind its frame is left alone.
   *
   * @param out at least `count` rows of the layout's stride
   * @param counter number of the training step, from 0
   * @throws BispikeError "shape" when something does not fit
   */
  fill(
    out: Float32Array,
    split: Split,
    indices: Int32Array | Uint32Array,
    from: number,
    count: number,
    counter: number,
  ): void {
    const ground = this.#ground;
    const { shape, frame, stride } = ground;
    const { erase } = this.options;
    checkFit(out, indices, from, count, shape, frame, stride);
    const size = imageBytes(shape);
    for (let k = 0; k < count; k++) {
      const image = indices[from + k]!;
      checkImageIndex(image, split);
      const variant = this.#draws.draw(image, counter);
      const start = k * stride;
      if (this.#turned) this.#turned.draw(out, start, split.images, image * size, variant);
      else drawMoved(out, start, split.images, image * size, ground, variant);
      if (erase > 0) eraseSquare(out, start, ground, variant, erase, this.#erased);
    }
  }
}
