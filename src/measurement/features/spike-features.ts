/**
 * Features of one of our own classifiers: the firing rates of perception's last hidden stage, over time and over the cells of its plane.
 *
 *   feature[c] = 1 / (T P) sum over steps t and pixels p of s[t, p, c]
 *
 * Norms use their running statistics (evaluation), so an image's features do not depend on its batch.
 */
import { describeShape, type ImageShape, imageBytes } from "../../data/dataset.ts";
import { toFrameRows } from "../../data/frame-rows.ts";
import { LANES } from "../../engine/kernels.ts";
import { BispikeError } from "../../errors.ts";
import { perceiveHidden } from "../../network/inference.ts";
import type { Model } from "../../network/model.ts";
import { pixelsOf, tilesOf } from "../../network/shape.ts";
import { checkRows, type Pixels } from "../image-rows.ts";
import type { FeatureExtractor } from "./extractor.ts";

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
