/** From stored bytes to the normalised stimulus of a batch. Runs once a batch, so: tables and plain loops. */
import { BispikeError } from "../errors.ts";
import { describeShape, type ImageShape, imageBytes, type Split } from "./dataset.ts";
import type { ChannelStatistics } from "./normalise.ts";

/** Height and width, in pixels, of the frame an image is centred in; at least the image's own. */
export interface Frame {
  readonly height: number;
  readonly width: number;
}

/**
 * Writes the images at `indices[from]` to `indices[from + count - 1]` as rows of `padded.height * padded.width *
 * channels` float32 each, channels last: (pixel / 255 - mean) / std, the image centred (half a pixel up and left when
 * the margin is odd) and the margin filled with what a black pixel becomes.
 *
 * @param out at least `count` rows; what lies behind them is left alone
 * @throws BispikeError "shape" when something does not fit
 * @example
 * fillBatch(drive, dataset.train, order, step * 64, 64, dataset.shape, { height: 32, width: 32 }, statistics);
 */
export function fillBatch(
  out: Float32Array,
  split: Split,
  indices: Int32Array | Uint32Array,
  from: number,
  count: number,
  shape: ImageShape,
  padded: Frame,
  statistics: ChannelStatistics,
): void {
  const { height, width, channels } = shape;
  const row = padded.height * padded.width * channels;
  checkFit(out, indices, from, count, shape, padded, row);
  const table = normalisationTable(statistics, channels);
  const size = imageBytes(shape);
  const line = width * channels;
  const paddedLine = padded.width * channels;
  const corner =
    Math.floor((padded.height - height) / 2) * paddedLine + Math.floor((padded.width - width) / 2) * channels;
  const hasMargin = padded.height > height || padded.width > width;
  const { images } = split;

  for (let position = 0; position < count; position++) {
    const image = indices[from + position] as number;
    checkImageIndex(image, split);
    const start = position * row;
    if (hasMargin) fillBlack(out, start, start + row, table, channels);
    for (let y = 0; y < height; y++) {
      const source = image * size + y * line;
      const target = start + corner + y * paddedLine;
      // Channel by channel: the inner loop is then as plain for colour as for grey.
      for (let channel = 0; channel < channels; channel++) {
        const base = 256 * channel;
        for (let at = channel; at < line; at += channels) {
          out[target + at] = table[base + (images[source + at] as number)] as number;
        }
      }
    }
  }
}

/**
 * As `fillBatch`, into rows that lie `stride` values apart: engines pad theirs to whole tiles.
 *
 * @throws BispikeError "shape" when something does not fit
 */
export function fillRows(
  out: Float32Array,
  stride: number,
  split: Split,
  indices: Int32Array | Uint32Array,
  from: number,
  count: number,
  shape: ImageShape,
  frame: Frame,
  statistics: ChannelStatistics,
): void {
  if (frame.height * frame.width * shape.channels === stride) {
    fillBatch(out, split, indices, from, count, shape, frame, statistics);
    return;
  }
  for (let k = 0; k < count; k++)
    fillBatch(out.subarray(k * stride), split, indices, from + k, 1, shape, frame, statistics);
}

/** 256 values a channel: what each pixel value becomes. */
export function normalisationTable(statistics: ChannelStatistics, channels: number): Float32Array {
  const table = new Float32Array(256 * channels);
  for (let channel = 0; channel < channels; channel++) {
    const mean = statistics.mean[channel];
    const std = statistics.std[channel];
    if (mean === undefined || std === undefined) {
      throw new BispikeError(
        "shape",
        `batch: expected statistics of ${channels} channels, got ${statistics.mean.length}`,
      );
    }
    for (let pixel = 0; pixel < 256; pixel++) table[256 * channel + pixel] = (pixel / 255 - mean) / std;
  }
  return table;
}

/** Pixels `from` to `to` of a row become black; both are where a pixel begins. */
export function fillBlack(out: Float32Array, from: number, to: number, table: Float32Array, channels: number): void {
  if (channels === 1) {
    out.fill(table[0] as number, from, to);
    return;
  }
  for (let at = from; at < to; at += channels) {
    for (let channel = 0; channel < channels; channel++) out[at + channel] = table[256 * channel] as number;
  }
}

/** @throws BispikeError "shape" for an image that the split does not have */
export function checkImageIndex(image: number, split: Split): void {
  if (!(image >= 0 && image < split.count))
    throw new BispikeError("shape", `batch: expected an image index below ${split.count}, got ${image}`);
}

/**
 * @param row values a row
 * @throws BispikeError "shape" unless rows, order and frame have room for what is asked
 */
export function checkFit(
  out: Float32Array,
  indices: Int32Array | Uint32Array,
  from: number,
  count: number,
  shape: ImageShape,
  padded: Frame,
  row: number,
): void {
  if (padded.height < shape.height || padded.width < shape.width) {
    throw new BispikeError(
      "shape",
      `batch: expected a frame of at least the image's ${describeShape(shape)}, got ${padded.height}x${padded.width}`,
    );
  }
  if (out.length < count * row) {
    throw new BispikeError("shape", `batch: expected room for ${count} rows of ${row}, got ${out.length} values`);
  }
  if (!(from >= 0 && count >= 0 && from + count <= indices.length)) {
    throw new BispikeError(
      "shape",
      `batch: expected images ${from} to ${from + count - 1} of the order, but it has ${indices.length}`,
    );
  }
}
