/**
 * Structural similarity (Wang, Bovik, Sheikh and Simoncelli 2004, IEEE Transactions on Image Processing 13(4), 600-612).
 *
 *   SSIM(x, y) = (2 mx my + C1) (2 sxy + C2) / ((mx^2 + my^2 + C1) (sx^2 + sy^2 + C2))        C1 = 0.01^2, C2 = 0.03^2
 *
 * with means m, variances s^2 and covariance sxy under a Gaussian window, and its mean over all places where the window lies inside the
 * image (the valid region) and over the channels. Pixels are 0..1. Nothing is scaled down first, which the authors advise for sides above 256.
 */
import { type ImageShape, imageBytes } from "../data/dataset.ts";
import { exponential } from "../engine/elementary.ts";
import { checkRows, type Pixels } from "./image-rows.ts";

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
 * Structural similarity (Wang, Bovik, Sheikh and Simoncelli 2004) of each redrawn image with its original, at most 1: the mean over channels and all places where the window lies inside the
 * image of
 *
 *     (2 mx my + C1) (2 sxy + C2) / ((mx^2 + my^2 + C1) (sx^2 + sy^2 + C2)),   C1 = 0.01^2, C2 = 0.03^2
 *
 * under a Gaussian window of 11 pixels a side (less in smaller images), sigma 1.5.
 *
 * @param originals [count][height][width][channel], 0..1
 * @param redrawn as `originals`
 * @throws BispikeError "shape" or "data" for rows that are not `count` images of finite pixels
 * @example
 * structuralSimilarities(images, images, { height: 28, width: 28, channels: 1 }, 1); // [1]
 */
export function structuralSimilarities(
  originals: Pixels,
  redrawn: Pixels,
  shape: ImageShape,
  count: number,
): Float64Array {
  checkRows("originals", originals, shape, count);
  checkRows("redrawn images", redrawn, shape, count);
  const weights = gaussian(ssimWindow(shape));
  const window = new MovingWindow(shape, weights);
  const size = imageBytes(shape);
  return Float64Array.from({ length: count }, (_, image) => {
    let sum = 0;
    for (let channel = 0; channel < shape.channels; channel++)
      sum += window.similarity(originals, redrawn, image * size + channel);
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
