/** What linear and convolutional synapses have in common. */
import type { Address } from "../engine/memory.ts";
import type { ParameterGroup } from "./parameters.ts";
import type { SpikeTrains } from "./population.ts";
import type { Shape } from "./shape.ts";

/** A real-valued input, held over time: [image][stride] floats, an image being [pixel][channel]. */
export interface RealInput {
  readonly kind: "real";
  readonly shape: Shape;
  readonly at: Address;
  readonly stride: number;
  /** Images there is room for. */
  readonly maxImages: number;
}

/** What synapses read: real values (direct coding) or spikes. */
export type Source = RealInput | SpikeTrains;

export function isReal(source: Source): source is RealInput {
  return "kind" in source && source.kind === "real";
}

/** Distinct time steps of a source. */
export function stepsOf(source: Source): number {
  return isReal(source) ? 1 : source.steps;
}

/**
 * Memory a layer's pass needs for a while: drives z and their gradients g, [tile][image][step][pixel][16] floats, and winners of max-pooling
 * in the same order, bytes. Perception shares one workspace over all its stages.
 */
export interface Workspace {
  readonly z: Address;
  readonly g: Address;
  /** 0 where the winners are not wanted: only gradients are. */
  readonly winner: Address;
}

/** Sizes of a workspace in floats (z, g) and bytes (winner). */
export interface WorkspaceSize {
  readonly drives: number;
  readonly winners: number;
}

/** How the windows of a 3x3 convolution lie on the plane of its input; outHeight and outWidth are before pooling. Flags are 0 or 1, as kernels take them. */
export interface ConvGeometry {
  /** Whether the plane is upsampled x2 (nearest) first. */
  readonly up: number;
  /** Whether the outputs are max-pooled 2x2. */
  readonly pool: number;
  readonly stride: number;
  readonly padding: number;
  readonly outHeight: number;
  readonly outWidth: number;
}

/** Additions and multiplications. */
export interface Work {
  readonly macs: number;
  readonly acs: number;
}

/** A bundle of synapses from a source to a population's drive. */
export interface Synapses {
  readonly source: Source;
  /** Shape of the drive z, after pooling. */
  readonly shape: Shape;
  /** Largest number of inputs summed into one unit; the weights start uniform within 1 / sqrt(fanIn). */
  readonly fanIn: number;
  /** Parameter blocks (packed floats) the synapses need. */
  readonly blocks: Readonly<Record<string, number>>;
  /** Images a chunk of moments covers; 0 means all. */
  readonly chunkImages: number;
  /**
   * Which input reaches which output, for whoever writes the net to another format or counts its work: every one ("full", plain weights [out][in]), or those of a convolution (plain weights
   * [out][3][3][in]).
   */
  readonly wiring: "full" | ConvGeometry;
  readonly workspace: (maxImages: number) => WorkspaceSize;
  /**
   * z = W s + b. Leaves chunk moments of z at `moments` where that is not 0. With `alike`, an image's z has the same bytes whatever images are beside it: the product is
   * not chosen by what is in the batch. Convolutions always do so.
   */
  forward(group: ParameterGroup, images: number, workspace: Workspace, moments: Address, alike?: boolean): void;
  /** Weight and bias gradients from g; `coefficients` end the norm's gradient first (0: g is already dL/dz). */
  gradient(group: ParameterGroup, images: number, workspace: Workspace, coefficients: Address): void;
  /**
   * What the newest forward pass took, which was of `images` images, all of them together. Weights that are 0 are not skipped. Not counted: biases, adding up motifs' sums to steps, and the
   * columns that fill the last tile of 16.
   *
   * @param looked rows of weights that a listed spike of each input pixel is looked up in (`measure/connections.ts`)
   */
  performed(images: number, looked: ArrayLike<number>): Work;
  /** Plain order: weights [out][in] or [out][3][3][in], outputs as [pixel][channel]; biases likewise. */
  plainShape(block: string): readonly number[];
  pack(block: string, plain: ArrayLike<number>, packed: Float32Array): void;
  unpack(block: string, packed: Float32Array, plain: Float32Array): void;
  /** Where each parameter of a block lies among the packed ones, in plain order. */
  packedIndices(block: string): Int32Array;
}

/** The plain order of a bundle's packed parameters, from one walk over both. */
export abstract class PackedParameters {
  abstract plainShape(block: string): readonly number[];

  /** Calls `visit` with the packed and the plain index of every parameter of a block. */
  protected abstract eachPair(block: string, visit: (packedAt: number, plainAt: number) => void): void;

  pack(block: string, plain: ArrayLike<number>, packed: Float32Array): void {
    this.eachPair(block, (at, plainAt) => {
      packed[at] = plain[plainAt]!;
    });
  }

  unpack(block: string, packed: Float32Array, plain: Float32Array): void {
    this.eachPair(block, (at, plainAt) => {
      plain[plainAt] = packed[at]!;
    });
  }

  packedIndices(block: string): Int32Array {
    const indices = new Int32Array(this.plainShape(block).reduce((product, size) => product * size, 1));
    this.eachPair(block, (at, plainAt) => {
      indices[plainAt] = at;
    });
    return indices;
  }
}
