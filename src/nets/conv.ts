/**
 * 3x3 convolutional synapses: nearest x2 upsampling before (recall) or 2x2 max-pooling after (perception), stride 1 or 2, padding 0 to 2.
 * Packed [tile][ky][kx][channel][16].
 */

import { LANES } from "../engine/kernels.ts";
import type { Address } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";

import type { ParameterGroup } from "./parameters.ts";
import { describeShape, pixelsOf, type Shape, sizeOf, tilesOf } from "./shape.ts";
import {
  type ConvGeometry,
  isReal,
  PackedParameters,
  type Source,
  type Synapses,
  stepsOf,
  type Work,
  type Workspace,
} from "./synapses.ts";

// Room the convolutions of real values need beside their inputs and outputs.

/** Outputs gathered together: the kernels' BLOCK (assembly/conv-real.ts). */
const BLOCK = 32;
/** Alignment, and what is read past an end. */
const SLACK = 256;

/** Where a convolution's kernels stand on the plane of their input. */
export interface AnnConvolution {
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
export function annScratch(c: AnnConvolution): { forward: number; gradient: number } {
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

export interface ConvOptions {
  /** Output channels. */
  channels: number;
  /** Upsample the input x2 (nearest) first. Default false. */
  upsample?: boolean;
  /** Max-pool the output 2x2 (an odd last row or column is dropped). Default false. */
  pool?: boolean;
  /** 1 or 2. Default 1. */
  stride?: number;
  /** Pixels of zeros around the input, 0 to 2. Default 1. */
  padding?: number;
  bias: boolean;
}

const TAPS = 9;

/** Entries of a block's event lists (128 KiB), and its output pixels at most: with a tile of weights it stays in a core's second cache. */
const LIST_ENTRIES = 65536;
const BLOCK_PIXELS = 128;
/** Rows of gradient planes that are laid out together (128 KiB). */
const PLANE_ROWS = 2048;
/** Bytes of the planes of four channels that are walked together: they stay in a core's first cache beside the lists. */
const WALKED_BYTES = 24 * 1024;

/** Images handled together, so that small planes still use each weight tile often; from the shape alone, never from the number of threads. */
function groupOf(rowsPerImage: number, wanted: number): number {
  return Math.max(1, Math.min(64, Math.floor(wanted / rowsPerImage)));
}

export class ConvSynapses extends PackedParameters implements Synapses {
  readonly source: Source;
  readonly shape: Shape;
  readonly fanIn: number;
  readonly blocks: Readonly<Record<string, number>>;
  readonly chunkImages = 1;
  readonly #team: Team;
  readonly #up: number;
  readonly #pool: number;
  readonly #stride: number;
  readonly #padding: number;
  readonly #outHeight: number;
  readonly #outWidth: number;
  /** Weights of the 2x2 source windows of an upsampled input; 0 without upsampling. */
  readonly #collapsed: Address;

  constructor(team: Team, source: Source, options: ConvOptions) {
    super();
    this.#team = team;
    this.source = source;
    this.#up = options.upsample ? 1 : 0;
    this.#pool = options.pool ? 1 : 0;
    this.#stride = options.stride ?? 1;
    this.#padding = options.padding ?? 1;
    const { height, width, channels } = source.shape;
    const out = (size: number) => Math.floor(((size << this.#up) + 2 * this.#padding - 3) / this.#stride) + 1;
    this.#outHeight = out(height);
    this.#outWidth = out(width);
    this.shape = {
      height: this.#outHeight >> this.#pool,
      width: this.#outWidth >> this.#pool,
      channels: options.channels,
    };
    if (pixelsOf(this.shape) < 1) {
      throw new BispikeError(
        "shape",
        `a 3x3 convolution${this.#pool ? " with 2x2 pooling" : ""} cannot read ${describeShape(source.shape)}: no output pixel is left; use fewer stages or larger images`,
      );
    }
    if (![1, 2].includes(this.#stride) || ![0, 1, 2].includes(this.#padding) || (isReal(source) && this.#up)) {
      throw new BispikeError(
        "shape",
        `convolution: stride must be 1 or 2 and padding 0, 1 or 2, got ${this.#stride} and ${this.#padding}; real inputs are not upsampled`,
      );
    }
    this.fanIn = TAPS * channels;
    const tiles = tilesOf(this.shape);
    const weight = tiles * TAPS * channels * LANES;
    this.#collapsed = this.#up ? team.arena.allocate(tiles * 16 * channels * LANES * 4) : 0;
    this.blocks = options.bias ? { weight, bias: tiles * LANES } : { weight };
  }

  get wiring(): ConvGeometry {
    const [up, pool, stride, padding] = [this.#up, this.#pool, this.#stride, this.#padding];
    return { up, pool, stride, padding, outHeight: this.#outHeight, outWidth: this.#outWidth };
  }

  workspace = (maxImages: number) => {
    const rows = maxImages * stepsOf(this.source) * pixelsOf(this.shape) * tilesOf(this.shape);
    return { drives: rows * LANES, winners: this.#pool ? rows * LANES : 0 };
  };

  forward(group: ParameterGroup, images: number, workspace: Workspace, moments: Address): void {
    const { source } = this;
    const tiles = tilesOf(this.shape);
    if (isReal(source)) {
      const scratch = this.#team.scratch(this.#realScratch().forward);
      this.#team.run("convolveReal", images, {
        ...this.#sizes(images),
        xStride: source.stride,
        x: source.at,
        weights: group.at("weight"),
        bias: group.at("bias"),
        z: workspace.z,
        winner: workspace.winner,
        moments,
        scratch: scratch.at,
        scratchStride: scratch.stride,
      });
      return;
    }
    const { steps, periods } = source;
    const { channels } = source.shape;
    if (this.#collapsed)
      this.#team.run("collapse", tiles, { channels, weights: group.at("weight"), out: this.#collapsed });
    // At least eight items, and one an image where there are few, as of recall's prototypes.
    const together = Math.max(1, Math.min(16, Math.floor(images / 8)));
    const inner = this.#pool ? 4 : 1;
    const taps = this.#up ? 4 : TAPS;
    const longest = inner * steps * taps * channels + 8;
    const capacity = Math.max(LIST_ENTRIES, 2 * longest);
    const blockPixels = Math.min(BLOCK_PIXELS, together * pixelsOf(this.shape) * inner);
    // Lists, where they begin, records, counts of lengths, sums, rows: as the kernel lays them out.
    const lists = blockPixels * source.motifs;
    const integers = 4 * lists + blockPixels + taps * channels + 1;
    const scratch = this.#team.scratch(2 * capacity + 4 * (integers + (lists + inner * steps) * LANES) + 64);
    this.#team.run("convolve", Math.ceil(images / together), {
      ...this.#sizes(images),
      group: together,
      steps,
      periods,
      up: this.#up,
      offsets: source.offsets.at,
      events: source.events.at,
      weights: this.#collapsed || group.at("weight"),
      bias: group.at("bias"),
      z: workspace.z,
      winner: workspace.winner,
      moments,
      scratch: scratch.at,
      scratchStride: scratch.stride,
      blockPixels,
      listCapacity: capacity,
    });
  }

  gradient(group: ParameterGroup, images: number, workspace: Workspace, coefficients: Address): void {
    const { source } = this;
    const tiles = tilesOf(this.shape);
    const { g, z, winner } = workspace;
    const gradients = { coefficients, dWeights: group.gradientAt("weight"), dBias: group.gradientAt("bias") };
    const { height, width, channels } = source.shape;
    if (isReal(source)) {
      const scratch = this.#team.scratch(this.#realScratch().gradient);
      // Items are a quarter of a tile, so that few output channels still are work for several threads.
      this.#team.run("convolveRealGradient", 4 * tiles, {
        ...this.#sizes(images),
        xStride: source.stride,
        x: source.at,
        g,
        z,
        winner,
        ...gradients,
        scratch: scratch.at,
        scratchStride: scratch.stride,
      });
      return;
    }
    const { motifs, steps, periods } = source;
    const plane = ((height << this.#up) + this.#padding + 2) * ((width << this.#up) + this.#padding + 2);
    const together = Math.min(images, groupOf(motifs * plane, PLANE_ROWS));
    const walked = Math.max(1, Math.floor(WALKED_BYTES / (16 * plane)));
    const chunks = Math.ceil((together * motifs) / walked);
    // A table of a row's entries, counts and starts of the lists a channel, then the lists and the planes, in whose place a tile's weights are put in order: as the kernel lays them out.
    const lists = channels * (width + 1 + chunks + together * steps * height * width) + 1;
    const planes = Math.max(together * motifs * plane, TAPS * channels) * LANES;
    const scratch = this.#team.scratch(4 * (lists + planes) + 64);
    this.#team.run("convolveGradient", tiles, {
      ...this.#sizes(images),
      group: together,
      steps,
      periods,
      up: this.#up,
      outChannels: this.shape.channels,
      offsets: source.offsets.at,
      events: source.events.at,
      g,
      z,
      winner,
      ...gradients,
      scratch: scratch.at,
      scratchStride: scratch.stride,
      planesTogether: walked,
    });
  }

  #realScratch(): { forward: number; gradient: number } {
    const plane = { outHeight: this.#outHeight, outWidth: this.#outWidth, pool: this.#pool, padding: this.#padding };
    return annScratch({ source: this.source.shape, shape: this.shape, ...plane });
  }

  /** What all of the convolution's kernels are told. */
  #sizes(images: number) {
    const { height, width, channels } = this.source.shape;
    return {
      images,
      height,
      width,
      stride: this.#stride,
      pad: this.#padding,
      channels,
      outHeight: this.#outHeight,
      outWidth: this.#outWidth,
      pool: this.#pool,
      tiles: tilesOf(this.shape),
    };
  }

  /** Real values: all of them, zeros and the margin too. Outputs that pooling drops are not computed, and taps of one output on the same upsampled pixel are added up once a batch. */
  performed(images: number, looked: ArrayLike<number>): Work {
    const { source, shape } = this;
    if (isReal(source)) return { macs: images * sizeOf(shape) * (this.#pool ? 4 : 1) * this.fanIn, acs: 0 };
    const { channels } = source.shape;
    const pixels = pixelsOf(source.shape);
    const rows = source.motifs * pixels;
    const offsets = new Int32Array(this.#team.arena.memory.buffer, source.offsets.at, images * (rows + 1));
    let acs = 0;
    for (let b = 0, at = 0; b < images; b++, at++) {
      for (let row = 0; row < rows; row++, at++) acs += (offsets[at + 1]! - offsets[at]!) * looked[row % pixels]!;
    }
    // The taps of each of the four parities become 2 x 2 sums.
    const collapsed = this.#up ? 4 * (TAPS - 4) * channels * shape.channels : 0;
    return { macs: 0, acs: acs + collapsed };
  }

  plainShape(block: string): readonly number[] {
    return block === "weight" ? [this.shape.channels, 3, 3, this.source.shape.channels] : [this.shape.channels];
  }

  protected override eachPair(block: string, visit: (packedAt: number, plainAt: number) => void): void {
    const inputs = block === "weight" ? TAPS * this.source.shape.channels : 1;
    for (let channel = 0; channel < this.shape.channels; channel++) {
      const tile = Math.floor(channel / LANES);
      for (let i = 0; i < inputs; i++) visit((tile * inputs + i) * LANES + (channel % LANES), channel * inputs + i);
    }
  }
}
