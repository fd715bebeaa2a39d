/**
 * Images of real pixels 0..1 to and from a network's stimulus rows: normalised, centred in the network's frame, rows padded to whole tiles.
 * `fillBatch` does the first for stored bytes.
 */
import { BispikeError } from "../errors.ts";
import type { Frame } from "./batch.ts";
import { describeShape, type ImageShape, imageBytes } from "./dataset.ts";
import type { ChannelStatistics } from "./normalise.ts";

/** How rows of a frame hold an image. */
export interface FrameLayout {
  readonly shape: ImageShape;
  readonly frame: Frame;
  /** Floats a row; at least the frame's height x width x channels. */
  readonly stride: number;
  /** Of the training images, in units of pixel / 255. */
  readonly statistics: ChannelStatistics;
}

/**
 * Writes `count` images as rows: (pixel - mean) / std, the margin what a black pixel becomes. What of a row lies behind the frame stays as it is.
 *
 * @param out at least `count` rows of `stride`
 * @param pixels [count][height][width][channel], 0..1
 * @throws BispikeError "shape" when something does not fit
 * @example
 * toFrameRows(learner.stimulus.view, pictures, count, { shape, frame, stride: learner.stimulusWidth, statistics });
 */
export function toFrameRows(
  out: Float32Array,
  pixels: Float32Array | Float64Array,
  count: number,
  layout: FrameLayout,
): void {
  const { shape, frame, stride, statistics } = layout;
  const size = imageBytes(shape);
  checkLayout(out.length, count, layout);
  if (pixels.length < count * size) {
    throw new BispikeError(
      "shape",
      `images: expected ${count} of ${describeShape(shape)}, ${count * size} pixels, got ${pixels.length}`,
    );
  }
  const { channels } = shape;
  const black = statistics.mean.map((mean, channel) => -mean / statistics.std[channel]!);
  const room = frame.height * frame.width * channels;
  for (let image = 0; image < count; image++) {
    for (let i = 0; i < room; i++) out[image * stride + i] = black[i % channels]!;
  }
  eachPixel(count, layout, (framed, plain, channel) => {
    out[framed] = (pixels[plain]! - statistics.mean[channel]!) / statistics.std[channel]!;
  });
}

/**
 * The images of `count` rows as pixels, [count][height][width][channel]: value x std + mean, the margins cut off, nothing clamped; a new array.
 *
 * @throws BispikeError "shape" when something does not fit
 * @example
 * const reconstructed = fromFrameRows(learner.reconstruct(count, "recall"), count, { shape, frame, stride: learner.stimulusWidth, statistics });
 */
export function fromFrameRows(rows: Float32Array, count: number, layout: FrameLayout): Float32Array {
  const { shape, statistics } = layout;
  checkLayout(rows.length, count, layout);
  const pixels = new Float32Array(count * imageBytes(shape));
  eachPixel(count, layout, (framed, plain, channel) => {
    pixels[plain] = rows[framed]! * statistics.std[channel]! + statistics.mean[channel]!;
  });
  return pixels;
}

/** Every pixel's place in the rows and among the images; half a pixel up and left where the margin is odd. */
function eachPixel(
  count: number,
  { shape, frame, stride }: FrameLayout,
  visit: (framed: number, plain: number, channel: number) => void,
): void {
  const { height, width, channels } = shape;
  const top = Math.floor((frame.height - height) / 2);
  const left = Math.floor((frame.width - width) / 2);
  let plain = 0;
  for (let image = 0; image < count; image++) {
    for (let y = 0; y < height; y++) {
      let framed = image * stride + ((y + top) * frame.width + left) * channels;
      for (let x = 0; x < width; x++)
        for (let channel = 0; channel < channels; channel++) visit(framed++, plain++, channel);
    }
  }
}

function checkLayout(room: number, count: number, { shape, frame, stride, statistics }: FrameLayout): void {
  const { height, width, channels } = shape;
  if (frame.height < height || frame.width < width || stride < frame.height * frame.width * channels) {
    throw new BispikeError(
      "shape",
      `frame: expected room for ${describeShape(shape)}, got ${frame.height}x${frame.width} in rows of ${stride}`,
    );
  }
  if (room < count * stride)
    throw new BispikeError("shape", `frame: expected ${count} rows of ${stride} values, got ${room} values`);
  if (statistics.mean.length !== channels || statistics.std.length !== channels) {
    throw new BispikeError(
      "shape",
      `frame: expected statistics of ${channels} channels, got ${statistics.mean.length}`,
    );
  }
}
