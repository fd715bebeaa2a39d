/** Sizes of a population of neurons or inputs: a plane of pixels with channels each (channels last). An MLP's populations have one pixel. */
import { LANES, padded } from "../engine/kernels.ts";

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
