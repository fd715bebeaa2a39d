/** Sizes of a population of neurons or inputs: a plane of pixels with channels each (channels last). An MLP's populations have one pixel. */
import { LANES, padded } from "../engine/kernels.ts";
import { BispikeError } from "../errors.ts";

/** The size of a stage: an image's, or 1 x 1 x neurons where it is flat. */
export interface Shape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** A flat population of `channels` units. */
export function flat(channels: number): Shape {
  return { height: 1, width: 1, channels };
}

export function pixelsOf(shape: Shape): number {
  return shape.height * shape.width;
}

/** Units in all. */
export function sizeOf(shape: Shape): number {
  return pixelsOf(shape) * shape.channels;
}

/** Tiles of 16 channels a pixel. */
export function tilesOf(shape: Shape): number {
  return padded(shape.channels) / LANES;
}

/** "16x16x32", or "512" for a flat population. */
export function describeShape(shape: Shape): string {
  return pixelsOf(shape) === 1 ? `${shape.channels}` : `${shape.height}x${shape.width}x${shape.channels}`;
}

// Kernels write where they are told, so a wrong count of rows, or a class that is none, fails before it reaches them.

/**
 * @param count rows, or a class from 0
 * @param least Default 0
 * @throws BispikeError "usage" unless `count` is a whole number from `least` to `most`
 */
export function assertRows(what: string, count: number, most: number, least = 0): void {
  if (!(Number.isInteger(count) && count >= least && count <= most))
    throw new BispikeError("usage", `${what}: expected ${least} to ${most}, got ${count}`);
}
