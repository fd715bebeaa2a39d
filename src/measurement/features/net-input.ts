/**
 * Images as the input of someone else's net: its size, its number of channels, its units and its order of axes.
 *
 *   x = (range(pixel) - mean[c]) / std[c]        range: pixel itself, 2 pixel - 1, or 255 pixel
 *
 * Sizes are fitted as in `data/resize.ts`: bilinear between pixel centres where an image grows, area means where it shrinks.
 */
import { describeShape, type ImageShape, imageBytes } from "../../data/dataset.ts";
import { resizePixels } from "../../data/resize.ts";
import { BispikeError } from "../../errors.ts";
import { checkRows, type Pixels } from "../image-rows.ts";

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
