/** Fully connected synapses: z[u] = b[u] + sum over inputs i of W[u, i] s[i]. Packed [pixel][tile][input][16]. */
import type { KernelArguments } from "../engine/bindings.generated.ts";
import { LANES } from "../engine/kernels.ts";
import type { Address, Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import type { ParameterGroup } from "./parameters.ts";
import type { SpikeTrains } from "./population.ts";

import { flat, pixelsOf, type Shape, sizeOf, tilesOf } from "./shape.ts";
import {
  isReal,
  PackedParameters,
  type RealInput,
  type Source,
  type Synapses,
  stepsOf,
  type Work,
  type Workspace,
} from "./synapses.ts";

// Lists of the values of a real input that differ from its background, for inputs that are mostly background (digits: four pixels of five).
// The background is the value of the first image's first input, the corner of a picture; where it is not common, the lists come out long
// and the dense kernels are used instead.

/**
 * Share of listed values above which the dense kernels are faster (measured: product and gradient both break even there):
 * a value costs more to look up than to multiply in its place.
 */
const CROSSOVER = 0.75;
/** Inputs a list at most: two tiles of their weights (32 KiB) fit the first cache. */
const BLOCK_INPUTS = 256;
/** Floats an entry: value and row; value, value and row. */
const ENTRY = 2;
const PAIR_ENTRY = 3;

export class RealLists {
  background = 0;
  /** Entries an image has room for. */
  readonly capacity: number;
  /** Inputs a list, a multiple of 4. */
  readonly blockInputs: number;
  /** Lengths in bytes, [image][block]. */
  readonly ends: Region<Int32Array>;
  readonly lists: Region<Float32Array>;
  /** Entries a pair of inputs has room for. */
  readonly pairCapacity: number;
  /** Lengths in bytes, one a pair of inputs. */
  readonly pairEnds: Region<Int32Array>;
  readonly pairLists: Region<Float32Array>;
  readonly #team: Team;
  readonly #input: RealInput;
  readonly #first: Float32Array;

  constructor(team: Team, input: RealInput) {
    const { arena } = team;
    const { maxImages } = input;
    const inputs = sizeOf(input.shape);
    const fours = Math.ceil(inputs / 4);
    const blocks = Math.ceil(inputs / BLOCK_INPUTS);
    this.#team = team;
    this.#input = input;
    this.#first = new Float32Array(arena.memory.buffer, input.at, 1);
    this.blockInputs = 4 * Math.ceil(fours / blocks);
    this.capacity = 4 * fours;
    this.ends = arena.i32(maxImages * Math.ceil(inputs / this.blockInputs));
    this.lists = arena.f32(maxImages * this.capacity * ENTRY);
    // One entry more than images: entries are written before it is known whether they count.
    this.pairCapacity = maxImages + 1;
    this.pairEnds = arena.i32(2 * fours);
    this.pairLists = arena.f32(2 * fours * this.pairCapacity * PAIR_ENTRY);
  }

  /** Lists the input's first `images` rows; true where the lists are short enough to be worth their use. */
  list(images: number): boolean {
    const { at, stride, shape } = this.#input;
    this.background = this.#first[0]!;
    const inputs = sizeOf(shape);
    const scratch = this.#team.scratch(256);
    this.#team.run("listValues", images, {
      inputs,
      stride,
      capacity: this.capacity,
      blockInputs: this.blockInputs,
      background: this.background,
      x: at,
      ends: this.ends.at,
      lists: this.lists.at,
      scratch: scratch.at,
      scratchStride: scratch.stride,
    });
    return this.listed(images) <= CROSSOVER * images * inputs;
  }

  /** Values listed for the first `images` images. */
  listed(images: number): number {
    let bytes = 0;
    const lists = images * Math.ceil(sizeOf(this.#input.shape) / this.blockInputs);
    for (let list = 0; list < lists; list++) bytes += this.ends.view[list]!;
    return bytes / (ENTRY * 4);
  }

  /** The lists a pair of inputs, for the weight gradient. */
  transpose(images: number): void {
    const { at, stride, shape } = this.#input;
    const inputs = sizeOf(shape);
    this.#team.run("transposeValues", Math.ceil(inputs / 4), {
      images,
      inputs,
      stride,
      capacity: this.pairCapacity,
      background: this.background,
      x: at,
      ends: this.pairEnds.at,
      lists: this.pairLists.at,
    });
  }
}

/** How the product with spikes is computed: by whichever is faster for the batch at hand, or always one way, wherever it can be (for tests and timings). */
export type Product = "auto" | "events" | "table";

/** How the newest product was computed: all inputs, values that differ from the background, events, or tables of events. */
type UsedProduct = "dense" | "values" | "events" | "table";

/** Scratch of `linearTable` a thread: tables of 16 mask bytes. */
const TABLE_BYTES = 16 * 256 * LANES * 4;
/** Time of a table's sum relative to an event's; 1.2 to 1.5 measured (experiments/table-crossover.mjs). */
const TABLE_COST = 1.3;
/** Inputs a table is made for. */
const TABLE_INPUTS = 8;

export class LinearSynapses extends PackedParameters implements Synapses {
  readonly source: Source;
  readonly shape: Shape;
  readonly fanIn: number;
  readonly blocks: Readonly<Record<string, number>>;
  readonly chunkImages: number;
  readonly wiring = "full";
  readonly #team: Team;
  readonly #inputs: number;
  readonly #rowTiles: number;
  readonly #lists: RealLists | undefined;
  readonly #product: Product;
  /** Of a product by events; kept from call to call, as a stream makes one for each element. */
  readonly #eventArguments: KernelArguments["linearEvents"];
  /** Whether the newest forward pass used the lists. */
  #sparse = false;
  #used: UsedProduct = "dense";

  /** `bias` is left out where a norm would take it away again (one pixel and norm). */
  constructor(team: Team, source: Source, shape: Shape, bias: boolean, product: Product = "auto") {
    super();
    this.#team = team;
    this.#product = product;
    this.source = source;
    this.shape = shape;
    this.#inputs = sizeOf(source.shape);
    this.fanIn = this.#inputs;
    this.#rowTiles = pixelsOf(shape) * tilesOf(shape);
    this.chunkImages = pixelsOf(shape) === 1 ? 0 : 1;
    const weight = this.#rowTiles * this.#inputs * LANES;
    this.blocks = bias ? { weight, bias: this.#rowTiles * LANES } : { weight };
    if (isReal(source) && pixelsOf(shape) > 1)
      throw new Error("real inputs to a plane of pixels are convolved, not connected in full");
    if (isReal(source)) this.#lists = new RealLists(team, source);
    this.#eventArguments = {
      images: 0,
      steps: 0,
      periods: 0,
      inputs: this.#inputs,
      pixels: pixelsOf(shape),
      tiles: tilesOf(shape),
      offsets: 0,
      events: 0,
      weights: 0,
      bias: 0,
      z: 0,
      moments: 0,
      scratch: 0,
      scratchStride: 0,
    };
  }

  workspace = (maxImages: number) => ({
    drives: maxImages * stepsOf(this.source) * this.#rowTiles * LANES,
    winners: 0,
  });

  forward(group: ParameterGroup, images: number, workspace: Workspace, moments: Address, alike = false): void {
    const { source } = this;
    const weight = group.at("weight");
    const bias = group.at("bias");
    if (isReal(source)) {
      const lists = this.#lists;
      this.#sparse = !alike && (lists?.list(images) ?? false);
      this.#used = this.#sparse ? "values" : "dense";
      if (lists && this.#sparse) {
        this.#team.run("linearValued", this.#rowTiles, {
          images,
          inputs: this.#inputs,
          capacity: lists.capacity,
          blockInputs: lists.blockInputs,
          background: lists.background,
          ends: lists.ends.at,
          lists: lists.lists.at,
          weights: weight,
          bias,
          z: workspace.z,
          moments,
        });
        return;
      }
      this.#team.run("linearDense", this.#rowTiles, {
        images,
        inputs: this.#inputs,
        stride: source.stride,
        x: source.at,
        weights: weight,
        bias,
        z: workspace.z,
        moments,
      });
      return;
    }
    const pixels = pixelsOf(this.shape);
    this.#used = !alike && this.#byTable(source, images) ? "table" : "events";
    if (this.#used === "table") {
      const scratch = this.#team.scratch(TABLE_BYTES);
      const maskBytes = 2 * pixelsOf(source.shape) * tilesOf(source.shape);
      this.#team.run("linearTable", this.#rowTiles, {
        images,
        steps: source.steps,
        inputs: this.#inputs,
        pixels,
        tiles: tilesOf(this.shape),
        maskBytes,
        masks: source.masks.at,
        weights: weight,
        bias,
        z: workspace.z,
        moments: pixels === 1 ? moments : 0,
        scratch: scratch.at,
        scratchStride: scratch.stride,
      });
    } else this.#byEvents(source, group, images, workspace, moments);
    if (moments && pixels > 1) {
      this.#team.run("moments", tilesOf(this.shape) * images, {
        rows: source.steps * pixels,
        z: workspace.z,
        out: moments,
      });
    }
  }

  /**
   * Real values: all of them or, where most are one background value, those that differ. Spikes are added by motif (a neuron that fires at every step, once) or looked up: one sum for eight
   * inputs, from a table that takes 255 additions.
   */
  performed(images: number): Work {
    const { source } = this;
    const inputs = this.#inputs;
    const outputs = sizeOf(this.shape);
    if (isReal(source)) {
      if (this.#used === "dense") return { macs: images * inputs * outputs, acs: 0 };
      const listed = this.#lists && this.#sparse ? this.#lists.listed(images) : 0;
      // The background's product is the sum of all weights, multiplied once.
      return { macs: (listed + 1) * outputs, acs: inputs * outputs };
    }
    if (this.#used === "events") return { macs: 0, acs: source.listed(images) * outputs };
    let additions = 0;
    for (let first = 0; first < inputs; first += TABLE_INPUTS)
      additions += images * source.steps + 2 ** Math.min(TABLE_INPUTS, inputs - first) - 1;
    return { macs: 0, acs: additions * outputs };
  }

  /** Whether tables take less time than events: both cost about the same a row of 16 weights or sums that is added. */
  #byTable(source: SpikeTrains, images: number): boolean {
    // A mask's bits are the inputs in order only where tiles are full, or where there is one pixel.
    if (pixelsOf(source.shape) > 1 && source.shape.channels % LANES !== 0) return false;
    if (this.#product !== "auto") return this.#product === "table";
    const rows = images * source.steps;
    return source.listed(images) > TABLE_COST * (rows + 256) * (this.#inputs / 8);
  }

  #byEvents(source: SpikeTrains, group: ParameterGroup, images: number, workspace: Workspace, moments: Address): void {
    const scratch = this.#team.scratch(source.motifs * LANES * 4);
    const args = this.#eventArguments;
    args.images = images;
    args.steps = source.steps;
    args.periods = source.periods;
    args.offsets = source.offsets.at;
    args.events = source.events.at;
    args.weights = group.at("weight");
    args.bias = group.at("bias");
    args.z = workspace.z;
    args.moments = args.pixels === 1 ? moments : 0;
    args.scratch = scratch.at;
    args.scratchStride = scratch.stride;
    this.#team.run("linearEvents", this.#rowTiles, args);
  }

  gradient(group: ParameterGroup, images: number, { g, z }: Workspace, coefficients: Address): void {
    const { source } = this;
    const weight = group.gradientAt("weight");
    const bias = group.gradientAt("bias");
    const tiles = tilesOf(this.shape);
    const lists = this.#lists;
    if (lists && this.#sparse) {
      lists.transpose(images);
      const scratch = this.#team.scratch(64);
      this.#team.run("linearValuedGradient", this.#rowTiles, {
        images,
        inputs: this.#inputs,
        tiles,
        capacity: lists.pairCapacity,
        background: lists.background,
        ends: lists.pairEnds.at,
        lists: lists.pairLists.at,
        g,
        z,
        coefficients,
        dWeights: weight,
        dBias: bias,
        scratch: scratch.at,
        scratchStride: scratch.stride,
      });
    } else if (isReal(source)) {
      this.#team.run("linearDenseGradient", this.#rowTiles, {
        images,
        inputs: this.#inputs,
        stride: source.stride,
        tiles,
        x: source.at,
        g,
        z,
        coefficients,
        dWeights: weight,
        dBias: bias,
      });
    } else {
      source.correlate({ images, pixels: pixelsOf(this.shape), tiles, g, z, coefficients, weight, bias });
    }
  }

  plainShape(block: string): readonly number[] {
    return block === "weight" ? [sizeOf(this.shape), this.#inputs] : [sizeOf(this.shape)];
  }

  protected override eachPair(block: string, visit: (packedAt: number, plainAt: number) => void): void {
    eachLinearPair(this.shape, block === "weight" ? this.#inputs : 1, visit);
  }
}

/** Packed [pixel][tile][input][16] and plain [pixel][channel][input] index of each parameter of fully connected units; biases have one input. */
export function eachLinearPair(shape: Shape, inputs: number, visit: (packedAt: number, plainAt: number) => void): void {
  const { channels } = shape;
  for (let unit = 0; unit < sizeOf(shape); unit++) {
    const pixel = Math.floor(unit / channels);
    const channel = unit % channels;
    const rowTile = pixel * tilesOf(shape) + Math.floor(channel / LANES);
    for (let i = 0; i < inputs; i++) visit((rowTile * inputs + i) * LANES + (channel % LANES), unit * inputs + i);
  }
}

/**
 * Full connections from real values to a plane of pixels, as the way out of an autoencoder's latent has them: z[p, u] = b[p, u] + sum over inputs i of W[p, u, i] x[i].
 * Packed like those of spikes, [pixel][tile][input][16]: a flat population of pixels * tiles * 16 units does the products, whose drives are then laid out as a plane.
 */

export class PlaneLinear extends PackedParameters implements Synapses {
  readonly source: RealInput;
  readonly shape: Shape;
  readonly fanIn: number;
  readonly blocks: Readonly<Record<string, number>>;
  readonly chunkImages = 1;
  readonly wiring = "full";
  readonly #team: Team;
  readonly #flat: LinearSynapses;
  /** Drives and their gradients by row tile, [pixel * tiles + tile][image][16]. */
  readonly #rows: Workspace;

  constructor(team: Team, source: RealInput, shape: Shape, bias: boolean) {
    super();
    this.#team = team;
    this.source = source;
    this.shape = shape;
    this.fanIn = sizeOf(source.shape);
    this.#flat = new LinearSynapses(team, source, flat(this.#rowTiles * LANES), bias);
    this.blocks = this.#flat.blocks;
    const bytes = this.#flat.workspace(source.maxImages).drives * 4;
    this.#rows = { z: team.arena.allocate(bytes), g: team.arena.allocate(bytes), winner: 0 };
  }

  get #rowTiles(): number {
    return pixelsOf(this.shape) * tilesOf(this.shape);
  }

  workspace = (maxImages: number) => this.#flat.workspace(maxImages);

  forward(group: ParameterGroup, images: number, { z }: Workspace, moments: Address, alike = false): void {
    this.#flat.forward(group, images, this.#rows, 0, alike);
    this.#layOut(images, this.#rows.z, z, false);
    if (moments)
      this.#team.run("moments", tilesOf(this.shape) * images, { rows: pixelsOf(this.shape), z, out: moments });
  }

  gradient(group: ParameterGroup, images: number, { z, g }: Workspace, coefficients: Address): void {
    const tiles = tilesOf(this.shape);
    if (coefficients) {
      const rows = images * pixelsOf(this.shape);
      this.#team.run("finishPositions", tiles, { positions: 1, rows, tiles, coefficients, g, z });
    }
    this.#layOut(images, this.#rows.g, g, true);
    this.#flat.gradient(group, images, this.#rows, 0);
  }

  performed(images: number): Work {
    return this.#flat.performed(images);
  }

  #layOut(images: number, rows: Address, planes: Address, back: boolean): void {
    this.#team.run("rowTilesToPlanes", this.#rowTiles, {
      images,
      pixels: pixelsOf(this.shape),
      tiles: tilesOf(this.shape),
      back: back ? 1 : 0,
      rows,
      planes,
    });
  }

  plainShape(block: string): readonly number[] {
    return block === "weight" ? [sizeOf(this.shape), this.fanIn] : [sizeOf(this.shape)];
  }

  protected override eachPair(block: string, visit: (packedAt: number, plainAt: number) => void): void {
    eachLinearPair(this.shape, block === "weight" ? this.fanIn : 1, visit);
  }
}
