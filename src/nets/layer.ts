/**
 * One network's half of a stage: synapses, norm and neurons; or synapses alone where the drive is read out (the concept's, the reconstructed stimulus's).
 *
 * Rows of a pass are positions x rows: images have one position, windows of a sequence several. Image n * rows + b of a window is position n of row b. In a window an element hears, by recurrent
 * synapses, what its own population fired for the element before (recall: after). Every element has T steps, for which its membranes start at 0: what goes from element to element are
 * spikes. All that does not wait for the element before is done for the whole window at once; products with the recurrent weights, neurons and lists go position by position.
 */
import type { KernelArguments } from "../engine/bindings.generated.ts";
import { LANES, padded, ROWS } from "../engine/kernels.ts";
import type { Address, Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { ENERGY_CODE, FEATURE_CODES, type Feature, type NeuronParameters, type Pooling } from "./neuron.ts";
import { Norm, PositionNorm, type Statistics } from "./norm.ts";
import { initialise, layerSlots, ParameterGroup, type Slot } from "./parameters.ts";

import { Population, type Reader } from "./population.ts";
import { RecurrentSynapses, WindowSpikes } from "./recurrent.ts";

import { pixelsOf, sizeOf, tilesOf } from "./shape.ts";

import { type Synapses, stepsOf, type Workspace } from "./synapses.ts";

/** Average-pools a plane to size x size cells; cells[p] is the cell of pixel p. */
export function cellsOf(height: number, width: number, size: number): { cells: Int32Array; count: number } {
  const rows = size > 0 && size < height ? size : height;
  const columns = size > 0 && size < width ? size : width;
  const cells = new Int32Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++)
      cells[y * width + x] = Math.floor((y * rows) / height) * columns + Math.floor((x * columns) / width);
  }
  return { cells, count: rows * columns };
}

/**
 * Images of a plane whose spikes are made and counted together: threads then write the masks of different images. Where there is one pixel, all
 * images are one chunk and threads split the tiles, as the product before did: the drives a thread has just made lie in its own cache.
 */
const SPIKE_CHUNK = 8;

export interface LayerOptions {
  name: string;
  synapses: Synapses;
  maxImages: number;
  /** T, the steps a sample is shown. */
  steps: number;
  /** Absent: the drive is read out without neurons or norm. */
  neurons?: NeuronParameters & { norm: boolean; reader: Reader; pool: number; pooling?: Pooling };
  /** For neurons on sequences: the longest window, the most rows side by side, and which element they hear by recurrent synapses (default none). */
  window?: {
    readonly positions: number;
    readonly rows: number;
    readonly recurrent?: "forward" | "backward" | undefined;
  };
  /** Memory shared with other layers; the layer takes its own of what is absent. */
  workspace?: Partial<Workspace>;
  /** Memory of the feature rows, shared with other layers. */
  features?: Region<Float32Array>;
  /** Whether the layer takes memory for its gradients ("own", the default) or is given it later. */
  gradients?: "own" | "shared";
}

/** The rows of a pass. An image is a position. */
export interface Span {
  readonly positions: number;
  readonly rows: number;
}

/** How a pass is made. */
export interface Mode {
  /** Whether it will be learned from: norms then use and move the batch's statistics (a window's move by `settle`), and lists for weight gradients are made. */
  readonly train: boolean;
  /** What is left in `features`. Default nothing. */
  readonly feature?: Feature | undefined;
  /** See `Synapses.forward`. Default: for windows in evaluation, so that elements one by one give the same bytes as many windows at once. */
  readonly alike?: boolean | undefined;
  /** Where a window's norm takes its statistics from in training. Default batch. */
  readonly statistics?: Statistics;
}

export class Layer {
  readonly name: string;
  readonly synapses: Synapses;
  readonly group: ParameterGroup;
  /** Synapses of the population onto itself, from element to element. */
  readonly recurrent: RecurrentSynapses | undefined;
  readonly norm: Norm;
  /** The norm, where each position of a window has statistics of its own. */
  readonly positionNorm: PositionNorm | undefined;
  readonly neurons: NeuronParameters | undefined;
  /** The spikes, of a window's with those of the element beside it; absent where the drive is read out. */
  readonly output: Population | undefined;
  /** The spikes by elements; absent for images. */
  readonly window: WindowSpikes | undefined;
  readonly workspace: Workspace;
  /** Feature rows [image][featureWidth], padded columns 0. */
  readonly features: Region<Float32Array>;
  /** Floats a feature row. */
  readonly featureWidth: number;
  readonly cellCount: number;
  readonly cells: Region<Int32Array>;
  /** Added to the gradient of every spike of a neuron (homeostasis); zeros unless a rule sets them. */
  readonly regularisation: Region<Float32Array>;
  /** Of energies, rows as of `features`; no room where features are means. */
  readonly #inverses: Region<Float32Array>;
  readonly #counts: Region<Float32Array>;
  readonly #rates: Float64Array;
  readonly #team: Team;
  readonly #steps: number;
  readonly #maxImages: number;
  /** Images whose spikes are made and counted together: of a window a position's. */
  #spikeChunk: number;
  /** What the feed-forward synapses give and its gradient, where it is held over time and recurrent drives are not: [tile][image][16]. */
  readonly #held: Workspace | undefined;
  /** Kept from call to call, as a stream makes one for each element. */
  readonly #forwardArguments: KernelArguments["neuronForward"];
  #images = 0;

  constructor(team: Team, options: LayerOptions) {
    const { synapses, maxImages, steps, neurons, window } = options;
    const { shape } = synapses;
    const { arena } = team;
    this.#team = team;
    this.#steps = steps;
    this.#maxImages = maxImages;
    this.name = options.name;
    this.synapses = synapses;
    this.neurons = neurons;
    const tiles = tilesOf(shape);
    const normed = neurons?.norm ?? false;
    if (window) {
      const backward = window.recurrent === "backward";
      this.window = new WindowSpikes(team, shape.channels, steps, window.positions, window.rows, backward);
      this.output = this.window.population;
      if (window.recurrent) this.recurrent = new RecurrentSynapses(team, this.window.heard);
      this.norm = this.positionNorm = new PositionNorm(team, normed, tiles, window.positions);
    } else {
      this.output = neurons ? new Population(team, shape, steps, maxImages, neurons.reader) : undefined;
      this.norm = new Norm(team, normed, tiles, this.#chunks(maxImages));
    }
    const normBlocks = normed ? { gamma: tiles * LANES, beta: tiles * LANES } : {};
    const blocks = { ...synapses.blocks, ...this.recurrent?.blocks, ...normBlocks };
    this.group = new ParameterGroup(team, options.name, blocks, options.gradients);
    if (normed) this.group.view("gamma").fill(1);
    const { cells, count } = cellsOf(shape.height, shape.width, neurons?.pool ?? 0);
    this.cellCount = count;
    this.cells = arena.i32(cells.length);
    this.cells.view.set(cells);
    this.featureWidth = neurons ? count * tiles * LANES : padded(sizeOf(shape));
    this.features = options.features ?? arena.f32(maxImages * this.featureWidth);
    const pooled = count < pixelsOf(shape);
    this.#inverses = arena.f32(pooled && neurons?.pooling === "energy" ? maxImages * this.featureWidth : 0);
    const size = synapses.workspace(maxImages);
    const drives = this.recurrent ? maxImages * steps * tiles * LANES : size.drives;
    const { z, g, winner } = options.workspace ?? {};
    this.workspace = {
      z: z ?? arena.allocate(drives * 4),
      g: g ?? arena.allocate(drives * 4),
      winner: winner ?? arena.allocate(size.winners),
    };
    if (this.recurrent && stepsOf(synapses.source) === 1 && steps > 1)
      this.#held = { z: arena.allocate(size.drives * 4), g: arena.allocate(size.drives * 4), winner: 0 };
    this.regularisation = arena.f32(tiles * LANES);
    this.#spikeChunk = pixelsOf(shape) > 1 ? SPIKE_CHUNK : maxImages;
    const chunks = window ? window.positions : Math.ceil(maxImages / this.#spikeChunk);
    this.#counts = arena.f32(tiles * LANES * chunks);
    this.#rates = new Float64Array(neurons ? shape.channels : 0);
    this.#forwardArguments = {
      chunks: 0,
      chunkImages: 0,
      images: 0,
      steps,
      zSteps: this.#driveSteps,
      pixels: pixelsOf(shape),
      tiles,
      decay: neurons ? 1 / neurons.tau : 0,
      threshold: neurons?.threshold ?? 0,
      feature: 0,
      share: this.#share,
      cellCount: count,
      scale: 0,
      shift: 0,
      z: this.workspace.z,
      masks: 0,
      counts: this.#counts.at,
      features: this.features.at,
      inverses: this.#inverses.at,
      cells: this.cells.at,
      scratch: 0,
      scratchStride: 0,
    };
  }

  /** Draws the weights, those of the feed-forward synapses within `bound` if given. */
  initialise(seed: number, bound?: number): void {
    const { name, group, synapses, recurrent } = this;
    initialise({ name, group, synapses }, seed, bound);
    if (recurrent) initialise({ name, group, synapses: recurrent }, seed);
  }

  /** The layer's state as named tensors, with AdamW's moments where asked. */
  slots(optimiser: boolean): Iterable<Slot> {
    const { name, group, norm, synapses, recurrent } = this;
    const bundles = recurrent ? [synapses, recurrent] : [synapses];
    return layerSlots({ name, group, bundles, norm, channels: synapses.shape.channels }, optimiser);
  }

  /** Chunks of the norm's sums. */
  #chunks(images: number): number {
    return this.synapses.chunkImages === 0 ? 1 : Math.ceil(images / this.synapses.chunkImages);
  }

  /** Distinct steps of the neurons' drives. */
  get #driveSteps(): number {
    return this.recurrent ? this.#steps : stepsOf(this.synapses.source);
  }

  /** Rows of z: images x distinct steps x pixels. */
  #rows(images: number): number {
    return images * this.#driveSteps * pixelsOf(this.synapses.shape);
  }

  /** z, then norm, spikes and features (where asked), or the read-out. `span`: a number is of images. */
  forward(span: Span | number, mode: Mode): void {
    const { synapses, workspace, norm, window } = this;
    const images = imagesOf(span);
    this.#images = images;
    const given = this.#held ?? workspace;
    const room = mode.train || given.winner === 0 ? given : { z: given.z, g: given.g, winner: 0 };
    const alike = mode.alike ?? (window !== undefined && !mode.train);
    synapses.forward(this.group, images, room, window ? 0 : norm.momentsAt(mode.train), alike);
    if (!this.neurons || !this.output) this.#readOut(images);
    else if (window) this.#alongWindow(typeof span === "number" ? { positions: 1, rows: span } : span, mode);
    else {
      const chunks = this.#chunks(images);
      // A held drive is seen T times: the unbiased variance of the running statistics counts every one.
      const seen = images * this.#steps * pixelsOf(synapses.shape);
      norm.prepare(this.group, mode.train, chunks, this.#rows(images) / chunks, seen);
      const spikeChunks = Math.ceil(images / this.#spikeChunk);
      this.#fire(0, tilesOf(synapses.shape) * spikeChunks, 0, spikeChunks, mode.feature);
    }
  }

  /** A pass, and the lists of its spikes that the next layer reads. */
  run(span: Span | number, mode: Mode): void {
    this.forward(span, mode);
    if (!this.window) this.output?.list(imagesOf(span), mode.train);
  }

  #readOut(images: number): void {
    const { source, shape } = this.synapses;
    this.#team.run("readout", tilesOf(shape) * images, {
      images,
      zSteps: stepsOf(source),
      pixels: pixelsOf(shape),
      channels: shape.channels,
      width: this.featureWidth,
      z: this.workspace.z,
      features: this.features.at,
    });
  }

  /** Positions one after the other: recurrent drives, norm, neurons and lists. */
  #alongWindow({ positions, rows }: Span, { train, feature, statistics = "batch" }: Mode): void {
    const { group, recurrent, workspace } = this;
    const window = this.window!;
    const norm = this.positionNorm!;
    const images = positions * rows;
    const tiles = tilesOf(this.synapses.shape);
    this.#spikeChunk = rows;
    window.begin(rows);
    norm.begin(group, train ? statistics : "running");
    const moments = norm.momentsAt(train);
    const perPosition = rows * this.#driveSteps;
    if (!recurrent && moments) {
      const { z } = workspace;
      this.#team.run("positionMoments", positions * tiles, { positions, rows: perPosition, tiles, z, out: moments });
    }
    const drives = { at: (this.#held ?? workspace).z, steps: this.#held ? 1 : this.#steps };
    const at = { position: 0, rows, images };
    for (let k = 0; k < positions; k++) {
      const position = window.backward ? positions - 1 - k : k;
      at.position = position;
      recurrent?.forward(group, at, drives, workspace.z, moments);
      norm.preparePosition(group, position, perPosition);
      this.#fire(position * tiles, (position + 1) * tiles, position, positions, feature);
      const first = window.elements.first + position * rows;
      window.population.listRange(first, first + rows);
    }
    if (train) window.list(positions, rows);
  }

  /** Neurons of the items `begin` to `end`, (tile, chunk of images), normalised as `part` is. */
  #fire(begin: number, end: number, part: number, chunks: number, feature: Feature | undefined): void {
    const { norm } = this;
    const scratch = this.#team.scratch(ROWS * 256);
    const args = this.#forwardArguments;
    args.chunks = chunks;
    args.chunkImages = this.#spikeChunk;
    args.images = this.#images;
    args.feature = feature ? this.#codeOf(feature) : 0;
    args.scale = norm.scaleAt(part);
    args.shift = norm.shiftAt(part);
    args.masks = (this.window?.elements ?? this.output!).masks.at;
    args.scratch = scratch.at;
    args.scratchStride = scratch.stride;
    this.#team.runRange("neuronForward", begin, end, args);
  }

  #codeOf(feature: Feature): number {
    return feature === "rate" && this.#inverses.view.length > 0 ? ENERGY_CODE : FEATURE_CODES[feature];
  }

  get #share(): number {
    return this.cellCount / pixelsOf(this.synapses.shape);
  }

  /** All gradients of the layer's group, from the gradient of its features (rows of featureWidth at `featureGradient`). */
  backward(span: Span | number, feature: Feature, featureGradient: Address): void {
    const { synapses, workspace, positionNorm } = this;
    const images = imagesOf(span);
    if (!this.neurons) {
      const { source, shape } = synapses;
      this.#team.run("readoutBackward", tilesOf(shape) * images, {
        images,
        zSteps: stepsOf(source),
        pixels: pixelsOf(shape),
        channels: shape.channels,
        width: this.featureWidth,
        gradients: featureGradient,
        g: workspace.g,
      });
      synapses.gradient(this.group, images, workspace, 0);
      return;
    }
    this.featureToDrive(span, feature, featureGradient);
    if (!positionNorm) {
      synapses.gradient(this.group, images, workspace, this.normGradient(images));
      return;
    }
    const positions = typeof span === "number" ? 1 : span.positions;
    const perPosition = (images / positions) * this.#driveSteps;
    positionNorm.finish(this.group, positions, perPosition, workspace.z, workspace.g);
    this.weightGradient(images);
  }

  /** Through neurons alone: dL/dX to workspace.g, and the norm's sums of it, from the gradient of the features. */
  featureToDrive(span: Span | number, feature: Feature, featureGradient: Address): void {
    const { synapses, workspace, norm, neurons } = this;
    if (!neurons) throw new Error(`${this.name} has no neurons to go back through`);
    const { shape } = synapses;
    const images = imagesOf(span);
    // Parts that differ in their norm; a batch is one.
    const parts = norm.parts(typeof span === "number" ? 1 : span.positions);
    const partImages = images / parts;
    const chunks = this.window ? 1 : this.#chunks(images);
    const chunkImages = this.window ? partImages : synapses.chunkImages || images;
    const scratch = this.#team.scratch(ROWS * (this.#steps * 16 + 144));
    for (let part = 0; part < parts; part++) {
      const first = part * partImages;
      const offset = first * this.#driveSteps * LANES * 4;
      this.#team.run("neuronBackward", tilesOf(shape) * chunks, {
        chunks,
        chunkImages,
        images,
        steps: this.#steps,
        zSteps: this.#driveSteps,
        pixels: pixelsOf(shape),
        tiles: tilesOf(shape),
        decay: 1 / neurons.tau,
        threshold: neurons.threshold,
        slope: neurons.alpha / 2,
        feature: this.#codeOf(feature),
        share: this.#share,
        cellCount: this.cellCount,
        scale: norm.scaleAt(part),
        shift: norm.shiftAt(part),
        mean: norm.meanAt(part),
        inverse: norm.inverseAt(part),
        z: workspace.z + offset,
        gradients: featureGradient + first * this.featureWidth * 4,
        inverses: this.#inverses.at,
        cells: this.cells.at,
        pull: this.regularisation.at,
        g: workspace.g + offset,
        sums: norm.sumsAt(part),
        scratch: scratch.at,
        scratchStride: scratch.stride,
      });
    }
  }

  /** Gradients of a window's weights from g = dL/dz. */
  weightGradient(images: number): void {
    const { workspace, group, synapses, recurrent } = this;
    if (recurrent && this.#held) {
      const tiles = tilesOf(synapses.shape);
      this.#team.run("sumSteps", tiles * images, { steps: this.#steps, x: workspace.g, out: this.#held.g });
    }
    recurrent?.gradient(group, images, workspace);
    synapses.gradient(group, images, this.#held ?? workspace, 0);
  }

  /**
   * Moves the running statistics of positions by the newest window; those of a batch have moved with its pass.
   *
   * @param seen windows' batches before
   */
  settle({ positions, rows }: Span, seen: number): void {
    this.positionNorm?.observe(positions, rows * this.#driveSteps, seen);
  }

  /** Gradients of the norm's scale and shift from its chunk sums; returns the coefficients that end dL/dz, 0 where there is no norm. */
  normGradient(images: number): Address {
    return this.norm.gradient(this.group, this.#chunks(images), this.#rows(images));
  }

  /** Images of the newest pass, by which its drives and counts lie. */
  get images(): number {
    return this.#images;
  }

  /** Firing rate of each channel in the newest pass, 0..1, over images, steps and pixels; until the next call. Empty where the drive is read out. */
  rates(): Float64Array {
    const images = this.#images;
    const rates = this.#rates.fill(0);
    const channels = rates.length;
    const chunks = Math.ceil(images / this.#spikeChunk);
    const counts = this.#counts.view;
    for (let first = 0; first < channels; first += LANES) {
      const lanes = Math.min(LANES, channels - first);
      for (let k = 0; k < chunks; k++) {
        const from = first * chunks + k * LANES;
        for (let lane = 0; lane < lanes; lane++) rates[first + lane]! += counts[from + lane]!;
      }
    }
    const seen = images * this.#steps * pixelsOf(this.synapses.shape);
    for (let c = 0; c < channels; c++) rates[c]! /= seen;
    return rates;
  }

  get maxImages(): number {
    return this.#maxImages;
  }
}

/** Rows of a span. */
function imagesOf(span: Span | number): number {
  return typeof span === "number" ? span : span.positions * span.rows;
}
