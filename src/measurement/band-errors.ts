/**
 * Where redrawn images err: coarse shapes or edges. The mean squared error of an image, split by spatial frequency.
 *
 *   D = orthonormal 2-D DFT of the difference d = x - y, a channel at a time
 *   low = 1/N sum of |D|^2 where f <= cut        high = 1/N sum of |D|^2 where f > cut        f = sqrt(fy^2 + fx^2), cycles a pixel, |fy|, |fx| <= 1/2
 *
 * N pixels and channels. The transform is orthonormal, so low + high = MSE (Parseval).
 */
import { type ImageShape, imageBytes } from "../data/dataset.ts";
import { cosineOfPi } from "../engine/elementary.ts";
import { BispikeError } from "../errors.ts";
import { checkRows, type Pixels } from "./image-rows.ts";

/** Cycles a pixel; the highest an axis can carry is 0.5. */
export const DEFAULT_CUT = 0.25;

/** Errors of redrawn images by band of spatial frequency. */
export interface BandErrors {
  /** Up to the cut; [image], in units of its mean squared error. */
  readonly low: Float64Array;
  /** Above the cut; likewise. low + high is the image's mean squared error. */
  readonly high: Float64Array;
}

/**
 * Mean squared error of each image in a low and a high band of spatial frequency, by an orthonormal DFT of the difference; low + high is the whole error.
 *
 * @param originals [count][height][width][channel], 0..1
 * @param redrawn as `originals`
 * @param cut radial frequency up to which the low band goes, cycles a pixel, 0 to sqrt(1/2). Default 0.25
 * @throws BispikeError "shape" or "data" for rows that are not `count` images of finite pixels, "usage" for another cut
 * @example
 * const { high } = bandErrors(originals, redrawn, { height: 28, width: 28, channels: 1 }, count);
 */
export function bandErrors(
  originals: Pixels,
  redrawn: Pixels,
  shape: ImageShape,
  count: number,
  cut = DEFAULT_CUT,
): BandErrors {
  if (!(cut >= 0 && cut <= Math.SQRT1_2))
    throw new BispikeError("usage", `frequency cut: expected 0 to ${Math.SQRT1_2} cycles a pixel, got ${cut}`);
  checkRows("originals", originals, shape, count);
  checkRows("redrawn images", redrawn, shape, count);
  const size = imageBytes(shape);
  const { height, width, channels } = shape;
  const spectrum = new Spectrum(height, width);
  const plane = new Float64Array(height * width);
  const low = new Float64Array(count);
  const high = new Float64Array(count);
  for (let image = 0; image < count; image++) {
    for (let channel = 0; channel < channels; channel++) {
      for (let i = 0, at = image * size + channel; i < plane.length; i++, at += channels)
        plane[i] = originals[at]! - redrawn[at]!;
      const power = spectrum.power(plane, cut);
      low[image]! += power.low / size;
      high[image]! += power.high / size;
    }
  }
  return { low, high };
}

/** cos and sin of 2 pi k / n for k = 0..n-1. */
function turns(n: number): { cos: Float64Array; sin: Float64Array } {
  // cosineOfPi takes 0..1: angles past half a turn by symmetry, the sine by a quarter turn back.
  const cosine = (turn: number) => {
    const within = turn - Math.floor(turn);
    return cosineOfPi(2 * Math.min(within, 1 - within));
  };
  return {
    cos: Float64Array.from({ length: n }, (_, k) => cosine(k / n)),
    sin: Float64Array.from({ length: n }, (_, k) => cosine(k / n - 0.25)),
  };
}

/** DFT of real planes as it stands in the books, along the lines and then down the columns: sides are a few dozen pixels. */
class Spectrum {
  readonly #height: number;
  readonly #width: number;
  /** Columns of the spectrum that are computed: the others are their conjugates. */
  readonly #half: number;
  readonly #along: { cos: Float64Array; sin: Float64Array };
  readonly #down: { cos: Float64Array; sin: Float64Array };
  /** [line][frequency], after the transform along the lines. */
  readonly #real: Float64Array;
  readonly #imaginary: Float64Array;

  constructor(height: number, width: number) {
    this.#height = height;
    this.#width = width;
    this.#half = Math.floor(width / 2) + 1;
    this.#along = turns(width);
    this.#down = turns(height);
    this.#real = new Float64Array(height * this.#half);
    this.#imaginary = new Float64Array(height * this.#half);
  }

  /** Sums of |D|^2 up to the cut and above. */
  power(plane: Float64Array, cut: number): { low: number; high: number } {
    this.#alongLines(plane);
    const [height, width, half] = [this.#height, this.#width, this.#half];
    const [real, imaginary] = [this.#real, this.#imaginary];
    const { cos, sin } = this.#down;
    const power = { low: 0, high: 0 };
    // f <= cut in units of 1 / (height width): whole numbers, so that a frequency on a cut of 1/4 is not parted by rounding.
    const limit = (cut * height * width) ** 2;
    for (let v = 0; v < height; v++) {
      const fy = Math.min(v, height - v) * width;
      for (let u = 0; u < half; u++) {
        let [re, im] = [0, 0];
        for (let y = 0, turn = 0, at = u; y < height; y++, at += half) {
          re += real[at]! * cos[turn]! + imaginary[at]! * sin[turn]!;
          im += imaginary[at]! * cos[turn]! - real[at]! * sin[turn]!;
          turn += v;
          if (turn >= height) turn -= height;
        }
        const twin = u > 0 && 2 * u !== width ? 2 : 1;
        const square = (twin * (re * re + im * im)) / (height * width);
        const fx = u * height;
        if (fy * fy + fx * fx <= limit) power.low += square;
        else power.high += square;
      }
    }
    return power;
  }

  #alongLines(plane: Float64Array): void {
    const [height, width, half] = [this.#height, this.#width, this.#half];
    const { cos, sin } = this.#along;
    for (let y = 0; y < height; y++) {
      for (let u = 0; u < half; u++) {
        let [re, im] = [0, 0];
        for (let x = 0, turn = 0, at = y * width; x < width; x++, at++) {
          re += plane[at]! * cos[turn]!;
          im -= plane[at]! * sin[turn]!;
          turn += u;
          if (turn >= width) turn -= width;
        }
        this.#real[y * half + u] = re;
        this.#imaginary[y * half + u] = im;
      }
    }
  }
}
