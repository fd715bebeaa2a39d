/**
 * Synapses of a population onto itself, from one element of a sequence to the next: z[n, t, u] += sum over inputs i of W[u, i] s[n', i, t], where n' is the element before
 * (perception) or after (recall). A neuron hears at its step t what its fellows did at step t of that element. Packed [tile][input][16].
 */
import type { KernelArguments } from "../engine/bindings.generated.ts";
import { LANES } from "../engine/kernels.ts";
import type { Address, Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import type { ParameterGroup } from "./parameters.ts";
import { type Correlation, Population, type SpikeTrains } from "./population.ts";
import { flat, type Shape, sizeOf, tilesOf } from "./shape.ts";
import { PackedParameters, type Workspace } from "./synapses.ts";

/** Where positions find what the feed-forward synapses gave: [tile][image][steps][16]. */
export interface Drives {
  readonly at: Address;
  /** T, or 1 where the drive is held over time. */
  readonly steps: number;
}

export class RecurrentSynapses extends PackedParameters {
  readonly source: Stretch;
  readonly fanIn: number;
  readonly blocks: Readonly<Record<string, number>>;
  readonly #team: Team;
  readonly #tiles: number;
  /** Kept from call to call, as a stream makes one for each element. */
  readonly #arguments: KernelArguments["recurrentEvents"];

  /** `source` begins at the element before position 0 (recall: after it). */
  constructor(team: Team, source: Stretch) {
    super();
    this.#team = team;
    this.source = source;
    this.fanIn = sizeOf(source.shape);
    this.#tiles = tilesOf(source.shape);
    this.blocks = { recurrent: this.#tiles * this.fanIn * LANES };
    this.#arguments = {
      rows: 0,
      images: 0,
      steps: source.steps,
      periods: source.periods,
      driveSteps: 1,
      inputs: this.fanIn,
      tiles: this.#tiles,
      offsets: 0,
      events: 0,
      weights: 0,
      drives: 0,
      z: 0,
      moments: 0,
      scratch: 0,
      scratchStride: 0,
    };
  }

  /** z of one position, `rows` rows, of a window of `images` images in all. Leaves the position's moments of z in the array at `moments` where that is not 0. */
  forward(
    group: ParameterGroup,
    at: { position: number; rows: number; images: number },
    drives: Drives,
    z: Address,
    moments: Address,
  ): void {
    const { position, rows, images } = at;
    const { source } = this;
    const scratch = this.#team.scratch((source.motifs + source.steps) * LANES * 4);
    const args = this.#arguments;
    args.rows = rows;
    args.images = images;
    args.driveSteps = drives.steps;
    args.offsets = source.offsets.at;
    args.events = source.events.at;
    args.weights = group.at("recurrent");
    args.drives = drives.at;
    args.z = z;
    args.moments = moments;
    args.scratch = scratch.at;
    args.scratchStride = scratch.stride;
    this.#team.runRange("recurrentEvents", position * this.#tiles, (position + 1) * this.#tiles, args);
  }

  /** Weight gradient of the whole window from g = dL/dz. */
  gradient(group: ParameterGroup, images: number, { g, z }: Workspace): void {
    const { source } = this;
    const weight = group.gradientAt("recurrent");
    source.correlate({ images, pixels: 1, tiles: this.#tiles, g, z, coefficients: 0, weight, bias: 0 });
  }

  plainShape(): readonly number[] {
    return [this.fanIn, this.fanIn];
  }

  protected override eachPair(_block: string, visit: (packedAt: number, plainAt: number) => void): void {
    const inputs = this.fanIn;
    for (let unit = 0; unit < inputs; unit++) {
      const tile = Math.floor(unit / LANES);
      for (let i = 0; i < inputs; i++) visit((tile * inputs + i) * LANES + (unit % LANES), unit * inputs + i);
    }
  }
}

// The spikes of a window's elements. They lie one after the other in one population, with the element that precedes the window (recall: follows it) at its end: what a position hands on
// upwards and what it hands on to the next position are the same memory, seen from different first images.

/** A population's elements and the lists weight gradients are summed from. */
export class WindowSpikes {
  readonly population: Population;
  /** Where a neuron's rows begin among a position's entries, [position][neurons + 1]. */
  readonly #starts: Region<Int32Array>;
  readonly #lists: Region<Uint16Array>;
  readonly #team: Team;
  #rows = 0;

  /** The window's elements, as the next stage reads them. */
  readonly elements: Stretch;
  /** The element before (backward: after) each of them. */
  readonly heard: Stretch;
  /** Whether what precedes an element comes after it in the sequence, as in recall. */
  readonly backward: boolean;

  /** Room for windows of `maxPositions` elements of `maxRows` rows, and the element beside them. */
  constructor(team: Team, neurons: number, steps: number, maxPositions: number, maxRows: number, backward: boolean) {
    const images = (maxPositions + 1) * maxRows;
    this.#team = team;
    this.population = new Population(team, flat(neurons), steps, images, "linear", false);
    const entries = maxRows * this.population.motifs;
    if (entries > 65536) {
      throw new BispikeError(
        "shape",
        `${maxRows} windows side by side of ${steps} steps are too many: a neuron's lists number at most 65536 rows a position (here ${entries}); use a smaller batch or fewer steps`,
      );
    }
    this.#starts = team.arena.i32((maxPositions + 1) * (neurons + 1));
    this.#lists = team.arena.u16(images * steps * neurons);
    this.backward = backward;
    this.elements = new Stretch(this);
    this.heard = new Stretch(this);
  }

  /** Begins a window of `rows` rows; what precedes it is what `reset` or `resume` left. */
  begin(rows: number): void {
    this.elements.begin(this.backward ? 0 : 1, rows);
    this.heard.begin(this.backward ? 1 : 0, rows);
  }

  /** Silence before the first element (backward: after the last) of the windows to come. */
  reset(positions: number, rows: number): void {
    this.#beside(positions, rows).fill(0);
    this.#listBeside(positions, rows);
  }

  /** Spikes of the newest window's last element (backward: of its first), masks [row][step][tile]: with them the sequence can be gone on with. */
  state(positions: number, rows: number): Uint16Array {
    const words = rows * this.#words;
    const newest = this.backward ? 0 : positions * words;
    return this.population.masks.view.slice(newest, newest + words);
  }

  /** Such spikes precede the windows to come. */
  resume(state: Uint16Array, positions: number, rows: number): void {
    this.#beside(positions, rows).set(state);
    this.#listBeside(positions, rows);
  }

  /** Mask words of an element. */
  get #words(): number {
    return this.population.steps * tilesOf(this.population.shape);
  }

  /** Masks of the element beside a window. */
  #beside(positions: number, rows: number): Uint16Array {
    const words = rows * this.#words;
    const from = this.backward ? positions * words : 0;
    return this.population.masks.view.subarray(from, from + words);
  }

  #listBeside(positions: number, rows: number): void {
    const first = this.backward ? positions * rows : 0;
    this.population.listRange(first, first + rows);
  }

  /** Makes the lists of a window's elements and the one beside them; the population's own lists must be there. */
  list(positions: number, rows: number): void {
    const { shape, steps, motifs, offsets, events } = this.population;
    const scratch = this.#team.scratch(shape.channels * 4);
    this.#rows = rows;
    this.#team.run("transposePositions", positions + 1, {
      rows,
      steps,
      motifs,
      neurons: shape.channels,
      offsets: offsets.at,
      events: events.at,
      starts: this.#starts.at,
      lists: this.#lists.at,
      scratch: scratch.at,
      scratchStride: scratch.stride,
    });
  }

  /** Gradient of weights whose gradient rows at position n belong to the spikes at position n + `shift`. */
  correlate(shift: number, { images, pixels, tiles, g, coefficients, weight, bias }: Correlation): void {
    if (pixels !== 1 || coefficients !== 0) throw new Error("elements are read by flat layers whose g is dL/dz");
    const { shape, steps, periods, motifs } = this.population;
    const scratch = this.#team.scratch(this.#rows * motifs * 64);
    this.#team.run("positionsGradient", tiles, {
      positions: images / this.#rows,
      rows: this.#rows,
      shift,
      steps,
      periods,
      inputs: shape.channels,
      starts: this.#starts.at,
      lists: this.#lists.at,
      g,
      dWeights: weight,
      dBias: bias,
      scratch: scratch.at,
      scratchStride: scratch.stride,
    });
  }
}

/** A window's elements from some position on, as synapses read them. */
export class Stretch implements SpikeTrains {
  readonly shape: Shape;
  readonly steps: number;
  readonly periods: number;
  readonly motifs: number;
  readonly #spikes: WindowSpikes;
  /** Position of the population that is position 0 here, and rows a position. */
  #shift = 0;
  #rows = 0;

  constructor(spikes: WindowSpikes) {
    const { shape, steps, periods, motifs } = spikes.population;
    this.#spikes = spikes;
    this.shape = shape;
    this.steps = steps;
    this.periods = periods;
    this.motifs = motifs;
  }

  /** Begins at position `shift` of the population (0 or 1), with `rows` rows a position. */
  begin(shift: number, rows: number): void {
    this.#shift = shift;
    this.#rows = rows;
  }

  /** Image of the population that is image 0 here. */
  get first(): number {
    return this.#shift * this.#rows;
  }

  get masks(): { at: Address } {
    return { at: this.#spikes.population.masks.at + 2 * this.first * this.steps * this.#words };
  }

  get offsets(): { at: Address } {
    return { at: this.#spikes.population.offsets.at + 4 * this.first * (this.motifs + 1) };
  }

  /** Offsets count from the population's first event, wherever the stretch begins. */
  get events(): { at: Address } {
    return this.#spikes.population.events;
  }

  get #words(): number {
    return Math.ceil(this.shape.channels / 16);
  }

  listed(images: number): number {
    return this.#spikes.population.listedFrom(this.first, images);
  }

  correlate(correlation: Correlation): void {
    this.#spikes.correlate(this.#shift, correlation);
  }
}
