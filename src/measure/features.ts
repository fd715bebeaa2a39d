/** A net that turns images into features whose distribution is compared. */
import { describeShape, type ImageShape, imageBytes } from "../data/dataset.ts";
import { toFrameRows } from "../data/frame-rows.ts";
import { resizePixels } from "../data/resize.ts";
import { LANES } from "../engine/kernels.ts";
import { BispikeError } from "../errors.ts";
import { perceiveHidden } from "../nets/inference.ts";
import type { Model } from "../nets/model.ts";
import { pixelsOf, tilesOf } from "../nets/shape.ts";
import { checkRows, type Pixels } from "./decide.ts";

/** What makes features of images. */
export interface FeatureExtractor {
  /** What a figure must be called by: "bispike-mnist features" stands for "Fréchet distance, bispike-mnist features". */
  readonly name: string;
  /** Features an image. */
  readonly width: number;
  /**
   * Features of images, [count][width]; a new array. An image's features do not depend on what else is in the batch.
   *
   * @param images [count][height][width][channel], pixels 0..1
   * @throws BispikeError "shape" for images the net does not take
   */
  features(images: Pixels, shape: ImageShape, count: number): Promise<Float32Array>;
}

/**
 * The name of a distance by these features, for tables and figures. It is FID only by the Inception features of that paper, which nothing
 * here can vouch for: a figure is always named by its features.
 *
 * @example
 * distanceName({ name: "bispike-mnist features" }); // "Fréchet distance, bispike-mnist features"
 */
export function distanceName(extractor: Pick<FeatureExtractor, "name">): string {
  const { name } = extractor;
  return `Fréchet distance, ${name}`;
}

// Features of one of our own classifiers: the firing rates of perception's last hidden stage, over time and over the cells of its plane.
//
// feature[c] = 1 / (T P) sum over steps t and pixels p of s[t, p, c]
//
// Norms use their running statistics (evaluation), so an image's features do not depend on its batch.

/**
 * The features of a trained model. A Poisson stimulus is drawn by an image's place among those given, so its features are of that draw.
 *
 * @param name what figures call them, such as "bispike-mnist features"
 * @example
 * const { model } = await openModel("runs/fashion-cnn-seed1");
 * const extractor = spikeFeatures(spikingModel(model, "this script"), "fashion-cnn features");
 * await extractor.features(pixels, model.data.shape, 100); // 100 x extractor.width rates
 */
export function spikeFeatures(model: Model, name: string): FeatureExtractor {
  const { pair, data, frame } = model;
  const { channels } = pair.perception.at(-2)!.synapses.shape;
  const statistics = { mean: model.stimulusMean, std: model.stimulusScale };
  const layout = { shape: data.shape, frame, stride: pair.stimulusWidth, statistics };
  const { maxImages } = pair.options;

  async function features(images: Pixels, shape: ImageShape, count: number): Promise<Float32Array> {
    if (describeShape(shape) !== describeShape(data.shape)) {
      throw new BispikeError(
        "shape",
        `${name}: expected images of ${describeShape(data.shape)}, got ${describeShape(shape)}`,
      );
    }
    checkRows(name, images, shape, count);
    const size = imageBytes(shape);
    const rates = new Float32Array(count * channels);
    for (let from = 0; from < count; from += maxImages) {
      const batch = Math.min(maxImages, count - from);
      toFrameRows(pair.stimulus.view, images.subarray(from * size), batch, layout);
      for (let k = 0; k < batch; k++) pair.imageIds.view[k] = from + k;
      perceiveHidden(pair, batch);
      rates.set(lastRates(model, batch), from * channels);
    }
    return rates;
  }
  return { name, width: channels, features };
}

/** Rates of the last hidden stage's channels, [image][channel], from the newest pass. */
function lastRates({ pair }: Model, images: number): Float32Array {
  const { masks, shape, steps } = pair.perception.at(-2)!.output!;
  const { channels } = shape;
  const tiles = tilesOf(shape);
  const rows = steps * pixelsOf(shape);
  const rates = new Float32Array(images * channels);
  const counts = new Int32Array(tiles * LANES);
  for (let image = 0, word = 0; image < images; image++) {
    counts.fill(0);
    for (let row = 0; row < rows; row++) {
      for (let tile = 0; tile < tiles; tile++) {
        // One spike after the other: most words hold few.
        for (let mask = masks.view[word++]!; mask !== 0; mask &= mask - 1)
          counts[tile * LANES + 31 - Math.clz32(mask & -mask)]!++;
      }
    }
    for (let c = 0; c < channels; c++) rates[image * channels + c] = counts[c]! / rows;
  }
  return rates;
}

// Images as the input of someone else's net: its size, its number of channels, its units and its order of axes.
//
// x = (range(pixel) - mean[c]) / std[c]        range: pixel itself, 2 pixel - 1, or 255 pixel
//
// Sizes are fitted as in `data/resize.ts`: bilinear between pixel centres where an image grows, area means where it shrinks.

/** What pixels 0..1 are scaled to first. */
export const inputRanges = ["0..1", "-1..1", "0..255"] as const;
/** The range of pixels a feature net expects. */
export type InputRange = (typeof inputRanges)[number];

/** How pixels are scaled for a feature net. */
export interface InputScaling {
  /** Default "0..1". */
  readonly range?: InputRange;
  /** Per channel, in units of the range; one number stands for all. Default 0. */
  readonly mean?: readonly number[];
  /** As `mean`. Default 1. */
  readonly std?: readonly number[];
}

/** What a net takes. */
export interface NetInput {
  /** Size of its images; 1 or 3 channels. */
  readonly shape: ImageShape;
  /** [channel][height][width] or [height][width][channel]. */
  readonly layout: "NCHW" | "NHWC";
}

/**
 * Images for a net, in its order; a new array.
 *
 * @param images [count][height][width][channel], pixels 0..1; one channel is repeated for a net of three
 * @throws BispikeError "shape" for colour images and a grey net, or a mean or std that fits no channels; "usage" for a std that is not above 0
 */
export function netInput(
  images: Pixels,
  shape: ImageShape,
  count: number,
  input: NetInput,
  scaling: InputScaling = {},
): Float32Array {
  checkRows("images", images, shape, count);
  const { channels, height, width } = input.shape;
  if (shape.channels !== channels && shape.channels !== 1) {
    throw new BispikeError("shape", `images of ${describeShape(shape)}: the net takes ${channels} channel images`);
  }
  const { gain, offset } = linearScaling(scaling, channels);
  const size = imageBytes(shape);
  const plane = height * width;
  const out = new Float32Array(count * plane * channels);
  const [ofPixel, ofChannel] = input.layout === "NCHW" ? [1, plane] : [channels, 1];
  for (let image = 0; image < count; image++) {
    const own = images.subarray(image * size, (image + 1) * size);
    const fitted = height === shape.height && width === shape.width ? own : resizePixels(own, shape, height, width);
    for (let channel = 0; channel < channels; channel++) {
      const source = Math.min(channel, shape.channels - 1);
      const base = image * plane * channels + channel * ofChannel;
      for (let pixel = 0; pixel < plane; pixel++)
        out[base + pixel * ofPixel] = fitted[pixel * shape.channels + source]! * gain[channel]! + offset[channel]!;
    }
  }
  return out;
}

/** x = gain[c] pixel + offset[c]. */
function linearScaling({ range = "0..1", mean = [0], std = [1] }: InputScaling, channels: number) {
  const perChannel = (what: string, values: readonly number[]) => {
    if ((values.length !== 1 && values.length !== channels) || !values.every(Number.isFinite)) {
      throw new BispikeError("shape", `${what}: expected 1 or ${channels} numbers, got ${values.join(",")}`);
    }
    return Array.from({ length: channels }, (_, c) => values[c % values.length]!);
  };
  const [means, stds] = [perChannel("mean", mean), perChannel("std", std)];
  if (!stds.every((value) => value > 0))
    throw new BispikeError("usage", `std: expected numbers above 0, got ${stds.join(",")}`);
  const span = { "0..1": [1, 0], "-1..1": [2, -1], "0..255": [255, 0] } as const;
  if (!(range in span))
    throw new BispikeError("usage", `range: expected one of ${inputRanges.join(", ")}, got ${range}`);
  const [scale, shift] = span[range];
  return {
    gain: stds.map((value) => scale / value),
    offset: stds.map((value, c) => (shift - means[c]!) / value),
  };
}
