/**
 * Mean and standard deviation of each channel over chosen images, for
 *
 *     drive = (pixel / 255 - mean) / std
 *
 * Sums are exact integers, so the result does not depend on the order of the images.
 */
import { BispikeError } from "../errors.ts";
import { type ImageShape, imageBytes, type Split } from "./dataset.ts";

/** One number a channel, in units of pixel / 255. */
export interface ChannelStatistics {
  /** Mean over the images' pixels. */
  readonly mean: readonly number[];
  /** Population standard deviation; 1 where all pixels are equal, so that dividing by it changes nothing. */
  readonly std: readonly number[];
}

/**
 * Statistics of the images at `indices` (the training ones: a test image must not shift them).
 *
 * @param indices at least one, each below `split.count`
 * @throws BispikeError "usage" for no indices, "data" for one outside the split
 * @example
 * channelStatistics(dataset.train, trainIndices, dataset.shape); // MNIST, all 60000: mean [0.1307], std [0.3081]
 */
export function channelStatistics(
  split: Split,
  indices: Int32Array | Uint32Array,
  shape: ImageShape,
): ChannelStatistics {
  if (indices.length === 0)
    throw new BispikeError("usage", "channel statistics: expected at least one image, got none");
  const { channels } = shape;
  const size = imageBytes(shape);
  const histogram = new Float64Array(channels * 256);
  for (let position = 0; position < indices.length; position++) {
    const image = indices[position] as number;
    if (image < 0 || image >= split.count) {
      throw new BispikeError("data", `channel statistics: expected an index below ${split.count}, got ${image}`);
    }
    const end = (image + 1) * size;
    for (let at = image * size; at < end; at += channels) {
      for (let channel = 0; channel < channels; channel++) {
        const bin = 256 * channel + (split.images[at + channel] as number);
        histogram[bin] = (histogram[bin] as number) + 1;
      }
    }
  }
  const mean: number[] = [];
  const std: number[] = [];
  for (let channel = 0; channel < channels; channel++) {
    const moments = momentsOf(histogram.subarray(256 * channel, 256 * (channel + 1)));
    mean.push(moments.mean);
    std.push(moments.std);
  }
  return { mean, std };
}

/** From counts of the 256 pixel values. BigInt, because n * sum of squares outgrows the 53 bits of a double. */
function momentsOf(histogram: Float64Array): { mean: number; std: number } {
  let count = 0n;
  let sum = 0n;
  let squares = 0n;
  histogram.forEach((occurrences, pixel) => {
    const n = BigInt(occurrences);
    const value = BigInt(pixel);
    count += n;
    sum += n * value;
    squares += n * value * value;
  });
  const n = Number(count);
  const deviation = Math.sqrt(Number(count * squares - sum * sum)) / n / 255;
  return { mean: Number(sum) / n / 255, std: deviation === 0 ? 1 : deviation };
}
