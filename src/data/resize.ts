/**
 * Fits a picture to a network's stimulus. Along each axis on its own: where it shrinks, a new pixel is the mean of the
 * area it covers; where it grows, it is interpolated linearly between the two nearest pixel centres.
 */
import { BispikeError } from "../errors.ts";
import type { DecodedImage, ImageShape } from "./dataset.ts";

/** Old pixels that make one new pixel: `weights[i]` is that of pixel `first + i`; they sum to 1. */
interface Tap {
  readonly first: number;
  readonly weights: readonly number[];
}

/** Rec. 601 luma of red, green, blue. */
const LUMA = [0.299, 0.587, 0.114] as const;

/**
 * Stretches a picture to `height` x `width` pixels (the aspect is not kept).
 *
 * @throws BispikeError "shape" unless both are whole numbers from 1
 */
export function resize(image: DecodedImage, height: number, width: number): DecodedImage {
  if (height === image.height && width === image.width) return image;
  const fitted = resizePixels(image.pixels, image, height, width);
  return { height, width, channels: image.channels, pixels: Uint8Array.from(fitted, Math.round) };
}

/**
 * As `resize`, of real pixels in any units; a new array [height][width][channel].
 *
 * @throws BispikeError "shape" unless both are whole numbers from 1
 */
export function resizePixels(
  pixels: ArrayLike<number>,
  shape: ImageShape,
  height: number,
  width: number,
): Float64Array {
  if (!Number.isInteger(height) || !Number.isInteger(width) || height < 1 || width < 1) {
    throw new BispikeError("shape", `resize: expected a height and a width of 1 or more, got ${height} x ${width}`);
  }
  const { channels } = shape;
  const narrow = new Float64Array(shape.height * width * channels);
  resample(pixels, narrow, tapsOf(shape.width, width), shape.height, shape.width, channels);
  const fitted = new Float64Array(height * width * channels);
  resample(narrow, fitted, tapsOf(shape.height, height), 1, shape.height, width * channels);
  return fitted;
}

/** Grey (Rec. 601 luma) from colour, or three equal channels from grey. */
export function convertChannels(image: DecodedImage, channels: 1 | 3): DecodedImage {
  if (channels === image.channels) return image;
  const { height, width } = image;
  const pixels = new Uint8Array(height * width * channels);
  for (let pixel = 0; pixel < height * width; pixel++) {
    if (channels === 3) {
      pixels.fill(image.pixels[pixel] as number, 3 * pixel, 3 * pixel + 3);
    } else {
      const [red = 0, green = 0, blue = 0] = image.pixels.subarray(3 * pixel, 3 * pixel + 3);
      pixels[pixel] = Math.round(LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue);
    }
  }
  return { height, width, channels, pixels };
}

/**
 * A picture as a stimulus of `shape`: its channels converted, then stretched.
 *
 * @throws BispikeError "shape" when the shape has other than 1 or 3 channels
 */
export function fitImage(image: DecodedImage, shape: ImageShape): DecodedImage {
  if (shape.channels !== 1 && shape.channels !== 3) {
    throw new BispikeError("shape", `a picture has 1 or 3 channels; this network expects ${shape.channels}`);
  }
  return resize(convertChannels(image, shape.channels), shape.height, shape.width);
}

/** Along the middle axis of an `outer` x `from` x `inner` array, to `outer` x `taps.length` x `inner`. */
function resample(
  source: ArrayLike<number>,
  target: Float64Array,
  taps: readonly Tap[],
  outer: number,
  from: number,
  inner: number,
): void {
  let at = 0;
  for (let block = 0; block < outer; block++) {
    for (const { first, weights } of taps) {
      for (let item = 0; item < inner; item++) {
        let sum = 0;
        let read = (block * from + first) * inner + item;
        for (const weight of weights) {
          sum += weight * (source[read] as number);
          read += inner;
        }
        target[at++] = sum;
      }
    }
  }
}

function tapsOf(from: number, to: number): Tap[] {
  return Array.from({ length: to }, (_, index) => (from > to ? areaTap(index, from, to) : linearTap(index, from, to)));
}

function areaTap(index: number, from: number, to: number): Tap {
  const start = (index * from) / to;
  const end = ((index + 1) * from) / to;
  const first = Math.floor(start);
  const last = Math.min(Math.ceil(end), from);
  const weights: number[] = [];
  for (let pixel = first; pixel < last; pixel++) {
    const covered = Math.min(end, pixel + 1) - Math.max(start, pixel);
    weights.push((covered * to) / from);
  }
  return { first, weights };
}

function linearTap(index: number, from: number, to: number): Tap {
  const centre = Math.min(Math.max(((index + 0.5) * from) / to - 0.5, 0), from - 1);
  const first = Math.floor(centre);
  const fraction = centre - first;
  return fraction === 0 ? { first, weights: [1] } : { first, weights: [1 - fraction, fraction] };
}
