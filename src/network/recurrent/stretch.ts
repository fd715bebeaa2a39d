/**
 * The spikes of a window's elements. They lie one after the other in one population, with the element that precedes the window (recall: follows it) at its end: what a position hands on
 * upwards and what it hands on to the next position are the same memory, seen from different first images.
 */
import type { Address, Region } from "../../engine/memory.ts";
import type { Team } from "../../engine/team.ts";
import { BispikeError } from "../../errors.ts";
import { type Correlation, Population, type SpikeTrains } from "../population.ts";
import { flat, type Shape } from "../shape.ts";

/** A population's elements and the lists weight gradients are summed from. */
export class WindowSpikes {
  readonly population: Population;
  /** Where a neuron's rows begin among a position's entries, [position][neurons + 1]. */
  readonly #starts: Region<Int32Array>;
  readonly #lists: Region<Uint16Array>;
  readonly #team: Team;
  #rows = 0;

  /** Room for windows of `maxPositions` elements of `maxRows` rows, and the element beside them. */
  constructor(team: Team, neurons: number, steps: number, maxPositions: number, maxRows: number) {
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
