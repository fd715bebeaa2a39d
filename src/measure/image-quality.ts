/**
 * Pixel errors of reconstructed images, one figure an image; N pixels and channels an image, peak 1.
 *
 *   MSE = 1/N sum (x - y)^2        PSNR = 10 log10(1 / MSE) dB
 */
import { type ImageShape, imageBytes } from "../data/dataset.ts";
import { cosineOfPi, exponential, logarithm } from "../engine/elementary.ts";
import { BispikeError } from "../errors.ts";
import { checkRows, type Pixels } from "./decide.ts";

/**
 * Mean squared error of each image, over its pixels and channels.
 *
 * @param originals [count][height][width][channel], 0..1
 * @param reconstructed as `originals`
 * @throws BispikeError "shape" or "data" for rows that are not `count` images of finite pixels
 * @example
 * meanSquaredErrors(Float32Array.of(0, 1), Float32Array.of(0, 0.5), { height: 1, width: 2, channels: 1 }, 1); // [0.125]
 */
export function meanSquaredErrors(
  originals: Pixels,
  reconstructed: Pixels,
  shape: ImageShape,
  count: number,
): Float64Array {
  checkRows("originals", originals, shape, count);
  checkRows("reconstructed images", reconstructed, shape, count);
  const size = imageBytes(shape);
  return Float64Array.from({ length: count }, (_, image) => {
    let sum = 0;
    for (let i = image * size, end = i + size; i < end; i++) sum += (originals[i]! - reconstructed[i]!) ** 2;
    return sum / size;
  });
}

/**
 * Peak signal-to-noise ratio of pixels 0..1, 10 log10(1 / MSE), in decibels; Infinity where there is no error.
 *
 * @example
 * peakSignalToNoise(0.01); // 20
 */
export function peakSignalToNoise(meanSquaredError: number): number {
  return meanSquaredError === 0 ? Number.POSITIVE_INFINITY : (-10 / Math.LN10) * logarithm(meanSquaredError);
}

// Structural similarity (Wang, Bovik, Sheikh and Simoncelli 2004, IEEE Transactions on Image Processing 13(4), 600-612).
//
// SSIM(x, y) = (2 mx my + C1) (2 sxy + C2) / ((mx^2 + my^2 + C1) (sx^2 + sy^2 + C2))        C1 = 0.01^2, C2 = 0.03^2
//
// with means m, variances s^2 and covariance sxy under a Gaussian window, and its mean over all places where the window lies inside the
// image (the valid region) and over the channels. Pixels are 0..1. Nothing is scaled down first, which the authors advise for sides above 256.

/** The paper's window: sides in pixels and standard deviation; and the constants, as shares of the peak. */
const ssimDefaults = { window: 11, sigma: 1.5, k1: 0.01, k2: 0.03 } as const;

/** Weights along one axis, which sum to 1; the window is their product along both. */
function gaussian(side: number): Float64Array {
  const weights = Float64Array.from({ length: side }, (_, i) =>
    exponential(-((i - (side - 1) / 2) ** 2) / (2 * ssimDefaults.sigma ** 2)),
  );
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

/** Side of the window for images of a shape: 11 pixels, or the largest odd number that fits a smaller image (sigma stays 1.5). */
export function ssimWindow({ height, width }: ImageShape): number {
  const side = Math.min(ssimDefaults.window, height, width);
  return side % 2 === 1 ? side : side - 1;
}

/**
 * Structural similarity (Wang, Bovik, Sheikh and Simoncelli 2004) of each reconstructed image with its original, at most 1: the mean over channels and all places where the window lies inside the
 * image of
 *
 *     (2 mx my + C1) (2 sxy + C2) / ((mx^2 + my^2 + C1) (sx^2 + sy^2 + C2)),   C1 = 0.01^2, C2 = 0.03^2
 *
 * under a Gaussian window of 11 pixels a side (less in smaller images), sigma 1.5.
 *
 * @param originals [count][height][width][channel], 0..1
 * @param reconstructed as `originals`
 * @throws BispikeError "shape" or "data" for rows that are not `count` images of finite pixels
 * @example
 * structuralSimilarities(images, images, { height: 28, width: 28, channels: 1 }, 1); // [1]
 */
export function structuralSimilarities(
  originals: Pixels,
  reconstructed: Pixels,
  shape: ImageShape,
  count: number,
): Float64Array {
  checkRows("originals", originals, shape, count);
  checkRows("reconstructed images", reconstructed, shape, count);
  const weights = gaussian(ssimWindow(shape));
  const window = new MovingWindow(shape, weights);
  const size = imageBytes(shape);
  return Float64Array.from({ length: count }, (_, image) => {
    let sum = 0;
    for (let channel = 0; channel < shape.channels; channel++)
      sum += window.similarity(originals, reconstructed, image * size + channel);
    return sum / shape.channels;
  });
}

/** The window's five moments at every place of a plane: first along the lines, then down the columns. */
class MovingWindow {
  readonly #shape: ImageShape;
  readonly #weights: Float64Array;
  readonly #columns: number;
  /** [line][valid column][moment]. */
  readonly #lines: Float64Array;

  constructor(shape: ImageShape, weights: Float64Array) {
    this.#shape = shape;
    this.#weights = weights;
    this.#columns = shape.width - weights.length + 1;
    this.#lines = new Float64Array(shape.height * this.#columns * 5);
  }

  /** Mean SSIM of the plane whose first pixel is at `from`. */
  similarity(x: Pixels, y: Pixels, from: number): number {
    this.#alongLines(x, y, from);
    const { height } = this.#shape;
    const [weights, columns, lines] = [this.#weights, this.#columns, this.#lines];
    const side = weights.length;
    const [c1, c2] = [ssimDefaults.k1 ** 2, ssimDefaults.k2 ** 2];
    let sum = 0;
    for (let top = 0; top + side <= height; top++) {
      for (let column = 0; column < columns; column++) {
        let [mx, my, xx, yy, xy] = [0, 0, 0, 0, 0];
        for (let k = 0, at = (top * columns + column) * 5; k < side; k++, at += columns * 5) {
          const weight = weights[k]!;
          mx += weight * lines[at]!;
          my += weight * lines[at + 1]!;
          xx += weight * lines[at + 2]!;
          yy += weight * lines[at + 3]!;
          xy += weight * lines[at + 4]!;
        }
        const [vx, vy, vxy] = [xx - mx * mx, yy - my * my, xy - mx * my];
        sum += ((2 * mx * my + c1) * (2 * vxy + c2)) / ((mx * mx + my * my + c1) * (vx + vy + c2));
      }
    }
    return sum / (columns * (height - side + 1));
  }

  #alongLines(x: Pixels, y: Pixels, from: number): void {
    const { height, width, channels } = this.#shape;
    const [weights, columns, lines] = [this.#weights, this.#columns, this.#lines];
    let to = 0;
    for (let line = 0; line < height; line++) {
      for (let column = 0; column < columns; column++) {
        let [mx, my, xx, yy, xy] = [0, 0, 0, 0, 0];
        for (let k = 0, at = from + (line * width + column) * channels; k < weights.length; k++, at += channels) {
          const [a, b, weight] = [x[at]!, y[at]!, weights[k]!];
          mx += weight * a;
          my += weight * b;
          xx += weight * a * a;
          yy += weight * b * b;
          xy += weight * a * b;
        }
        lines[to++] = mx;
        lines[to++] = my;
        lines[to++] = xx;
        lines[to++] = yy;
        lines[to++] = xy;
      }
    }
  }
}

// Where reconstructed images err: coarse shapes or edges. The mean squared error of an image, split by spatial frequency.
//
// D = orthonormal 2-D DFT of the difference d = x - y, a channel at a time
// low = 1/N sum of |D|^2 where f <= cut        high = 1/N sum of |D|^2 where f > cut        f = sqrt(fy^2 + fx^2), cycles a pixel, |fy|, |fx| <= 1/2
//
// N pixels and channels. The transform is orthonormal, so low + high = MSE (Parseval).

/** Cycles a pixel; the highest an axis can carry is 0.5. */
export const DEFAULT_CUT = 0.25;

/** Errors of reconstructed images by band of spatial frequency. */
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
 * @param reconstructed as `originals`
 * @param cut radial frequency up to which the low band goes, cycles a pixel, 0 to sqrt(1/2). Default 0.25
 * @throws BispikeError "shape" or "data" for rows that are not `count` images of finite pixels, "usage" for another cut
 * @example
 * const { high } = bandErrors(originals, reconstructed, { height: 28, width: 28, channels: 1 }, count);
 */
export function bandErrors(
  originals: Pixels,
  reconstructed: Pixels,
  shape: ImageShape,
  count: number,
  cut = DEFAULT_CUT,
): BandErrors {
  if (!(cut >= 0 && cut <= Math.SQRT1_2))
    throw new BispikeError("usage", `frequency cut: expected 0 to ${Math.SQRT1_2} cycles a pixel, got ${cut}`);
  checkRows("originals", originals, shape, count);
  checkRows("reconstructed images", reconstructed, shape, count);
  const size = imageBytes(shape);
  const { height, width, channels } = shape;
  const spectrum = new Spectrum(height, width);
  const plane = new Float64Array(height * width);
  const low = new Float64Array(count);
  const high = new Float64Array(count);
  for (let image = 0; image < count; image++) {
    for (let channel = 0; channel < channels; channel++) {
      for (let i = 0, at = image * size + channel; i < plane.length; i++, at += channels)
        plane[i] = originals[at]! - reconstructed[at]!;
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
