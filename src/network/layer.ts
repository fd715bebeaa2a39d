/**
 * One network's half of a stage: synapses, norm and neurons; or synapses alone where the drive is read out (the concept's, the redrawn stimulus's).
 */
import { LANES, padded, ROWS } from "../engine/kernels.ts";
import type { Address, Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { ENERGY_CODE, FEATURE_CODES, type Feature, type NeuronParameters, type Pooling } from "./neuron.ts";
import { Norm } from "./norm.ts";
import { ParameterGroup } from "./parameters.ts";
import { Population, type Reader } from "./population.ts";
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
  /** Memory shared with other layers; the layer takes its own where absent. */
  workspace?: Workspace;
  /** Memory of the feature rows, shared with other layers. */
  features?: Region<Float32Array>;
  /** Whether the layer takes memory for its gradients ("own", the default) or is given it later. */
  gradients?: "own" | "shared";
}

export class Layer {
  readonly name: string;
  readonly synapses: Synapses;
  readonly group: ParameterGroup;
  readonly norm: Norm;
  readonly neurons: NeuronParameters | undefined;
  /** The spikes; absent where the drive is read out. */
  readonly output: Population | undefined;
  readonly workspace: Workspace;
  /** Feature rows [image][featureWidth], padded columns 0. */
  readonly features: Region<Float32Array>;
  /** Floats a feature row. */
  readonly featureWidth: number;
  readonly cellCount: number;
  readonly cells: Region<Int32Array>;
  /** Added to the gradient of every spike of a neuron (homeostasis); zeros unless a rule sets them. */
  readonly pull: Region<Float32Array>;
  /** Of energies, rows as of `features`; no room where features are means. */
  readonly #inverses: Region<Float32Array>;
  readonly #counts: Region<Float32Array>;
  readonly #rates: Float64Array;
  readonly #team: Team;
  readonly #steps: number;
  readonly #maxImages: number;
  readonly #spikeChunk: number;
  #images = 0;

  constructor(team: Team, options: LayerOptions) {
    const { synapses, maxImages, steps, neurons } = options;
    const { shape } = synapses;
    this.#team = team;
    this.#steps = steps;
    this.#maxImages = maxImages;
    this.name = options.name;
    this.synapses = synapses;
    this.neurons = neurons;
    const tiles = tilesOf(shape);
    const normed = neurons?.norm ?? false;
    const normBlocks = normed ? { gamma: tiles * LANES, beta: tiles * LANES } : {};
    this.group = new ParameterGroup(team, options.name, { ...synapses.blocks, ...normBlocks }, options.gradients);
    if (normed) this.group.view("gamma").fill(1);
    const maxChunks = this.#chunks(maxImages);
    this.norm = new Norm(team, normed, tiles, maxChunks);
    const { cells, count } = cellsOf(shape.height, shape.width, neurons?.pool ?? 0);
    this.cellCount = count;
    this.cells = team.arena.i32(cells.length);
    this.cells.view.set(cells);
    this.output = neurons ? new Population(team, shape, steps, maxImages, neurons.reader) : undefined;
    this.featureWidth = neurons ? count * tiles * LANES : padded(sizeOf(shape));
    this.features = options.features ?? team.arena.f32(maxImages * this.featureWidth);
    const pooled = count < pixelsOf(shape);
    this.#inverses = team.arena.f32(pooled && neurons?.pooling === "energy" ? maxImages * this.featureWidth : 0);
    const size = synapses.workspace(maxImages);
    this.workspace = options.workspace ?? {
      z: team.arena.allocate(size.drives * 4),
      g: team.arena.allocate(size.drives * 4),
      winner: team.arena.allocate(size.winners),
    };
    this.pull = team.arena.f32(tiles * LANES);
    this.#spikeChunk = pixelsOf(shape) > 1 ? SPIKE_CHUNK : maxImages;
    this.#counts = team.arena.f32(tiles * LANES * Math.ceil(maxImages / this.#spikeChunk));
    this.#rates = new Float64Array(neurons ? shape.channels : 0);
  }

  /** Chunks of the norm's sums. */
  #chunks(images: number): number {
    return this.synapses.chunkImages === 0 ? 1 : Math.ceil(images / this.synapses.chunkImages);
  }

  /** Rows of z: images x distinct steps x pixels. */
  #rows(images: number): number {
    return images * stepsOf(this.synapses.source) * pixelsOf(this.synapses.shape);
  }

  /** z, then norm, spikes and features (where asked), or the read-out. Training uses and moves the batch statistics. `alike`: see `Synapses.forward`. */
  forward(images: number, options: { train: boolean; feature?: Feature | undefined; alike?: boolean }): void {
    const { synapses, workspace, norm } = this;
    this.#images = images;
    const room = options.train ? workspace : { z: workspace.z, g: workspace.g, winner: 0 };
    synapses.forward(this.group, images, room, norm.momentsAt(options.train), options.alike);
    if (!this.neurons || !this.output) {
      const { source, shape } = synapses;
      this.#team.run("readout", tilesOf(shape) * images, {
        images,
        zSteps: stepsOf(source),
        pixels: pixelsOf(shape),
        channels: shape.channels,
        width: this.featureWidth,
        z: workspace.z,
        features: this.features.at,
      });
      return;
    }
    const chunks = this.#chunks(images);
    // A held drive is seen T times: the unbiased variance of the running statistics counts every one.
    const seen = images * this.#steps * pixelsOf(synapses.shape);
    norm.prepare(this.group, options.train, chunks, this.#rows(images) / chunks, seen);
    const scratch = this.#team.scratch(ROWS * 256);
    const spikeChunks = Math.ceil(images / this.#spikeChunk);
    this.#team.run("neuronForward", tilesOf(synapses.shape) * spikeChunks, {
      ...this.#neuronArguments(images, spikeChunks, this.#spikeChunk),
      feature: options.feature ? this.#codeOf(options.feature) : 0,
      scale: norm.scale.at,
      shift: norm.shift.at,
      masks: this.output.masks.at,
      counts: this.#counts.at,
      features: this.features.at,
      scratch: scratch.at,
      scratchStride: scratch.stride,
    });
  }

  #codeOf(feature: Feature): number {
    return feature === "rate" && this.#inverses.view.length > 0 ? ENERGY_CODE : FEATURE_CODES[feature];
  }

  get #share(): number {
    return this.cellCount / pixelsOf(this.synapses.shape);
  }

  /** What both of the neurons' kernels are told. */
  #neuronArguments(images: number, chunks: number, chunkImages: number) {
    const { source, shape } = this.synapses;
    const { tau, threshold } = this.neurons!;
    return {
      chunks,
      chunkImages,
      images,
      steps: this.#steps,
      zSteps: stepsOf(source),
      pixels: pixelsOf(shape),
      tiles: tilesOf(shape),
      decay: 1 / tau,
      threshold,
      share: this.#share,
      cellCount: this.cellCount,
      z: this.workspace.z,
      inverses: this.#inverses.at,
      cells: this.cells.at,
    };
  }

  /** All gradients of the layer's group, from the gradient of its features (rows of featureWidth at `featureGradient`). */
  backward(images: number, feature: Feature, featureGradient: number): void {
    const { synapses, workspace } = this;
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
    this.featureToDrive(images, feature, featureGradient);
    synapses.gradient(this.group, images, workspace, this.normGradient(images));
  }

  /** Through neurons alone: dL/dX to workspace.g, and the norm's chunk sums of it, from the gradient of the features. */
  featureToDrive(images: number, feature: Feature, featureGradient: number): void {
    const { synapses, workspace, norm, neurons } = this;
    if (!neurons) throw new Error(`${this.name} has no neurons to go back through`);
    const chunks = this.#chunks(images);
    const scratch = this.#team.scratch(ROWS * (this.#steps * 16 + 144));
    this.#team.run("neuronBackward", tilesOf(synapses.shape) * chunks, {
      ...this.#neuronArguments(images, chunks, synapses.chunkImages || images),
      slope: neurons.alpha / 2,
      feature: this.#codeOf(feature),
      scale: norm.scale.at,
      shift: norm.shift.at,
      mean: norm.mean.at,
      inverse: norm.inverse.at,
      gradients: featureGradient,
      pull: this.pull.at,
      g: workspace.g,
      sums: norm.sums.at,
      scratch: scratch.at,
      scratchStride: scratch.stride,
    });
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
  channelRates(): Float64Array {
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
