/**
 * One network's half of a recurrent stage over a window of a sequence: feed-forward synapses from the stage below (recall: above), recurrent synapses from the
 * element before (recall: after), norm and neurons. Image n * rows + b is position n of row b. Every element has T steps, for which its membranes start at 0: what goes
 * from element to element are spikes.
 *
 * All that does not wait for the element before is done for the whole window at once; products with the recurrent weights, neurons and lists go position by position.
 */
import type { KernelArguments } from "../../engine/bindings.generated.ts";
import { LANES, padded, ROWS } from "../../engine/kernels.ts";
import type { Address, Region } from "../../engine/memory.ts";
import type { Team } from "../../engine/team.ts";
import { LinearSynapses } from "../linear.ts";
import { FEATURE_CODES, type Feature, type NeuronParameters } from "../neuron.ts";
import { ParameterGroup } from "../parameters.ts";
import type { Population } from "../population.ts";
import { flat, tilesOf } from "../shape.ts";
import { type Source, stepsOf, type Workspace } from "../synapses.ts";
import { RecurrentSynapses } from "./recurrent-synapses.ts";
import { SequenceNorm, type Statistics } from "./sequence-norm.ts";
import { Stretch, WindowSpikes } from "./stretch.ts";

export interface RecurrentLayerOptions {
  readonly name: string;
  readonly source: Source;
  readonly neurons: number;
  /** T, the steps of an element. */
  readonly steps: number;
  /** Longest window, and most windows side by side. */
  readonly maxPositions: number;
  readonly maxRows: number;
  /** forward: elements hear the one before (perception); backward: the one after (recall); none: no recurrent synapses. */
  readonly direction: "forward" | "backward" | "none";
  readonly parameters: NeuronParameters;
  readonly norm: boolean;
  /** Memory shared with other layers; its own where absent. */
  readonly workspace?: Workspace;
}

export class RecurrentLayer {
  readonly name: string;
  readonly group: ParameterGroup;
  readonly norm: SequenceNorm;
  readonly parameters: NeuronParameters;
  readonly input: LinearSynapses;
  readonly recurrent: RecurrentSynapses | undefined;
  /** Spikes of the window's elements and, at its end (backward) or beginning, of the element that precedes them. */
  readonly spikes: WindowSpikes;
  /** The window's spikes, as the next stage reads them. */
  readonly output: Stretch;
  /** Feature rows [image][featureWidth], padded columns 0. */
  readonly features: Region<Float32Array>;
  readonly featureWidth: number;
  readonly workspace: Workspace;
  /** Added to the gradient of every spike of a neuron (homeostasis); zeros unless a rule sets them. */
  readonly pull: Region<Float32Array>;
  readonly neurons: number;
  readonly #team: Team;
  readonly #direction: "forward" | "backward" | "none";
  readonly #steps: number;
  readonly #tiles: number;
  /** What the feed-forward synapses gave and its gradient, where it is held over time: [tile][image][16]. */
  readonly #held: Workspace | undefined;
  readonly #counts: Region<Float32Array>;
  readonly #rates: Float64Array;
  readonly #cells: Region<Int32Array>;
  /** Kept from call to call, as a stream makes one for each element. */
  readonly #forwardArguments: KernelArguments["neuronForward"];

  constructor(team: Team, options: RecurrentLayerOptions) {
    const { name, source, steps, maxPositions, maxRows, direction, neurons, norm } = options;
    const { arena } = team;
    const shape = flat(neurons);
    const images = maxPositions * maxRows;
    this.#team = team;
    this.name = name;
    this.neurons = neurons;
    this.parameters = options.parameters;
    this.#direction = direction;
    this.#steps = steps;
    this.#tiles = tilesOf(shape);
    this.spikes = new WindowSpikes(team, neurons, steps, maxPositions, maxRows);
    this.output = new Stretch(this.spikes);
    this.input = new LinearSynapses(team, source, shape, !norm);
    this.recurrent = direction === "none" ? undefined : new RecurrentSynapses(team, new Stretch(this.spikes));
    const normBlocks = norm ? { gamma: this.#tiles * LANES, beta: this.#tiles * LANES } : {};
    this.group = new ParameterGroup(team, name, { ...this.input.blocks, ...this.recurrent?.blocks, ...normBlocks });
    if (norm) this.group.view("gamma").fill(1);
    this.norm = new SequenceNorm(team, norm, this.#tiles, maxPositions);
    this.featureWidth = padded(neurons);
    this.features = arena.f32(images * this.featureWidth);
    this.workspace = options.workspace ?? windowWorkspace(team, images, steps, neurons);
    if (stepsOf(source) === 1 && steps > 1) {
      const bytes = images * this.featureWidth * 4;
      this.#held = { z: arena.allocate(bytes), g: arena.allocate(bytes), winner: 0 };
    }
    this.pull = arena.f32(this.featureWidth);
    this.#counts = arena.f32(this.featureWidth * maxPositions);
    this.#rates = new Float64Array(neurons);
    this.#cells = arena.i32(1);
    this.#forwardArguments = {
      chunks: 0,
      chunkImages: 0,
      images: 0,
      steps,
      zSteps: this.#driveSteps,
      pixels: 1,
      tiles: this.#tiles,
      decay: 1 / options.parameters.tau,
      threshold: options.parameters.threshold,
      feature: 0,
      share: 1,
      cellCount: 1,
      scale: 0,
      shift: 0,
      z: this.#drives.z,
      masks: 0,
      counts: this.#counts.at,
      features: this.features.at,
      inverses: 0,
      cells: this.#cells.at,
      scratch: 0,
      scratchStride: 0,
    };
  }

  get population(): Population {
    return this.spikes.population;
  }

  /** Silence before the first element (recall: after the last) of the windows to come. */
  reset(positions: number, rows: number): void {
    this.#beside(positions, rows).fill(0);
    this.#listBeside(positions, rows);
  }

  /** Spikes of the newest window's last element (recall: of its first), masks [row][step][tile]: with them the sequence can be gone on with. */
  state(positions: number, rows: number): Uint16Array {
    const words = rows * this.#steps * this.#tiles;
    const newest = this.#direction === "backward" ? 0 : positions * words;
    return this.population.masks.view.slice(newest, newest + words);
  }

  /** Such spikes precede the windows to come. */
  resume(state: Uint16Array, positions: number, rows: number): void {
    this.#beside(positions, rows).set(state);
    this.#listBeside(positions, rows);
  }

  /** Masks of the element beside a window. */
  #beside(positions: number, rows: number): Uint16Array {
    const words = rows * this.#steps * this.#tiles;
    const from = this.#direction === "backward" ? positions * words : 0;
    return this.population.masks.view.subarray(from, from + words);
  }

  #listBeside(positions: number, rows: number): void {
    const first = this.#direction === "backward" ? positions * rows : 0;
    this.population.listRange(first, first + rows);
  }

  /**
   * Drives, spikes and features of a window of `positions` elements of `rows` rows; what precedes it is what `reset` or `resume` left.
   * `learn`: where the norm takes its statistics from for a window that will be learned from; absent in evaluation.
   */
  forward(positions: number, rows: number, options: { learn?: Statistics; feature?: Feature } = {}): void {
    const { input, recurrent, group, workspace, norm } = this;
    const { learn, feature } = options;
    const images = positions * rows;
    const backward = this.#direction === "backward";
    this.output.begin(backward ? 0 : 1, rows);
    recurrent?.source.begin(backward ? 1 : 0, rows);
    norm.begin(group, learn ?? "running");
    const given = this.#held ?? workspace;
    // Evaluated alike in any window, so that elements one by one give the same bytes as many windows at once.
    input.forward(group, images, given, 0, learn === undefined);
    const drives = { at: given.z, steps: this.#held ? 1 : this.#steps };
    const momentsAt = learn && norm.enabled ? norm.momentsAt : 0;
    if (!recurrent && momentsAt) this.#moments(positions, rows);
    for (let k = 0; k < positions; k++) {
      const position = backward ? positions - 1 - k : k;
      recurrent?.forward(group, { position, rows, images }, drives, workspace.z, momentsAt);
      norm.prepare(group, position, rows * this.#driveSteps);
      this.#fire(position, positions, rows, feature);
      const first = this.output.first + position * rows;
      this.population.listRange(first, first + rows);
    }
    if (learn) this.spikes.list(positions, rows);
  }

  /** Moments of drives that no recurrent synapses add to. */
  #moments(positions: number, rows: number): void {
    const perPosition = rows * this.#driveSteps;
    this.#team.run("positionMoments", positions * this.#tiles, {
      positions,
      rows: perPosition,
      tiles: this.#tiles,
      z: this.#drives.z,
      out: this.norm.momentsAt,
    });
  }

  /** Neurons of one position. */
  #fire(position: number, positions: number, rows: number, feature: Feature | undefined): void {
    const { norm } = this;
    const scratch = this.#team.scratch(ROWS * 256);
    const args = this.#forwardArguments;
    args.chunks = positions;
    args.chunkImages = rows;
    args.images = positions * rows;
    args.feature = feature ? FEATURE_CODES[feature] : 0;
    args.scale = norm.scaleAt(position);
    args.shift = norm.shiftAt(position);
    args.masks = this.output.masks.at;
    args.scratch = scratch.at;
    args.scratchStride = scratch.stride;
    this.#team.runRange("neuronForward", position * this.#tiles, (position + 1) * this.#tiles, args);
  }

  /** All gradients of the layer's group, from the gradient of its features (rows of featureWidth at `featureGradient`). */
  backward(positions: number, rows: number, feature: Feature, featureGradient: Address): void {
    const { norm } = this;
    const { z, g } = this.#drives;
    const images = positions * rows;
    const scratch = this.#team.scratch(ROWS * (this.#steps * 16 + 144));
    // Positions differ in their norm; without statistics of their own the window is one long position.
    const parts = norm.ownStatistics ? positions : 1;
    const partImages = images / parts;
    for (let part = 0; part < parts; part++) {
      const offset = part * partImages * this.#driveSteps * LANES * 4;
      this.#team.run("neuronBackward", this.#tiles, {
        chunks: 1,
        chunkImages: partImages,
        images,
        steps: this.#steps,
        zSteps: this.#driveSteps,
        pixels: 1,
        tiles: this.#tiles,
        decay: 1 / this.parameters.tau,
        threshold: this.parameters.threshold,
        slope: this.parameters.alpha / 2,
        feature: FEATURE_CODES[feature],
        share: 1,
        cellCount: 1,
        scale: norm.scaleAt(part),
        shift: norm.shiftAt(part),
        mean: norm.meanAt(part),
        inverse: norm.inverseAt(part),
        z: z + offset,
        gradients: featureGradient + part * partImages * this.featureWidth * 4,
        inverses: 0,
        cells: this.#cells.at,
        pull: this.pull.at,
        g: g + offset,
        sums: norm.sumsAt(part),
        scratch: scratch.at,
        scratchStride: scratch.stride,
      });
    }
    norm.gradient(this.group, positions, rows * this.#driveSteps, z, g);
    this.gradient(images);
  }

  /** Gradients of weights from g = dL/dz. */
  gradient(images: number): void {
    const { workspace, group, input, recurrent } = this;
    if (recurrent && this.#held)
      this.#team.run("sumSteps", this.#tiles * images, { steps: this.#steps, x: workspace.g, out: this.#held.g });
    recurrent?.gradient(group, images, workspace);
    input.gradient(group, images, this.#held ?? workspace, 0);
  }

  /** Moves the norm's running statistics by the newest window. `seen`: windows' batches before. */
  observe(positions: number, rows: number, seen: number): void {
    this.norm.observe(positions, rows * this.#driveSteps, seen);
  }

  /** Drives of the neurons and their gradients. */
  get #drives(): Workspace {
    return this.recurrent ? this.workspace : (this.#held ?? this.workspace);
  }

  /** Distinct steps of the neurons' drives. */
  get #driveSteps(): number {
    return !this.recurrent && this.#held ? 1 : this.#steps;
  }

  /** Firing rate of each neuron over the newest window, 0..1; until the next call. */
  rates(positions: number, rows: number): Float64Array {
    const rates = this.#rates.fill(0);
    const counts = this.#counts.view;
    for (let u = 0; u < this.neurons; u++) {
      const from = Math.floor(u / LANES) * positions * LANES + (u % LANES);
      for (let k = 0; k < positions; k++) rates[u]! += counts[from + k * LANES]!;
      rates[u]! /= positions * rows * this.#steps;
    }
    return rates;
  }
}

/** Drives and their gradients of a whole window: [tile][image][step][16] each. */
export function windowWorkspace(team: Team, images: number, steps: number, neurons: number): Workspace {
  const bytes = images * steps * padded(neurons) * 4;
  return { z: team.arena.allocate(bytes), g: team.arena.allocate(bytes), winner: 0 };
}
