/** Room the convolutions of real values need beside their inputs and outputs. */
import { LANES } from "../engine/kernels.ts";
import { type Shape, tilesOf } from "./shape.ts";

/** Outputs gathered together: the kernels' BLOCK (assembly/conv-real.ts). */
const BLOCK = 32;
/** Alignment, and what is read past an end. */
const SLACK = 256;

/** Where a convolution's kernels stand on the plane of their input. */
export interface RealConvolution {
  readonly source: Shape;
  /** Before pooling, where the kernels' pool is 1. */
  readonly outHeight: number;
  readonly outWidth: number;
  readonly pool: number;
  readonly padding: number;
  /** The output, after pooling. */
  readonly shape: Shape;
}

/**
 * Bytes of scratch a thread of `convolveReal` and of `convolveRealGradient`, as they lay it out: first taps and bordered planes, then what is
 * gathered for a block; for the gradient also a block's gradients and addresses, and sums for all units.
 */
export function realScratch(c: RealConvolution): { forward: number; gradient: number } {
  const { channels, height, width } = c.source;
  const planes = (height + 2 * c.padding) * (width + 2 * c.padding) * channels * 4;
  const common = 4 * (c.outHeight * c.outWidth + 4) + planes + SLACK;
  // A record holds the 9 taps of all channels, in whole sevens or threes of vectors.
  const vectors = channels % 3 === 0 ? 7 * (channels / 3) : 3 * Math.ceil((3 * channels) / 4);
  const units = tilesOf(c.shape) * LANES;
  return {
    forward: common + BLOCK * (4 + 9 * channels * 16),
    gradient: common + BLOCK * ((c.pool ? 4 : 1) * vectors * 16 + 32) + units * (4 + vectors * 16),
  };
}
