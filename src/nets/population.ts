/**
 * The spikes of one population for a batch, as the synapses that read them need them: bit masks from the neurons, event lists a row for the forward
 * product and, where linear synapses learn from them, event lists a neuron for the weight gradient.
 *
 * Lists are by motif, not by step (`engine/assembly/events.ts`): a neuron that fires at every step, or at every second one, is listed once.
 */

import type { KernelArguments } from "../engine/bindings.generated.ts";
import { LANES } from "../engine/kernels.ts";
import type { Address, Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import { describeShape, pixelsOf, type Shape, sizeOf, tilesOf } from "./shape.ts";

/** Which synapses read the population; it decides how events are numbered. */
export type Reader = "linear" | "conv" | "none";

const U16 = 65536;

/** Longest period that is looked for: at T = 4 only 1 and 2 hold more than one spike, and rarer ones cost every drive more than they save. */
const LONGEST_PERIOD = 4;

/** Where a weight gradient comes from and goes to: addresses; `bias` and `coefficients` are 0 where there is none. */
export interface Correlation {
  readonly images: number;
  /** Outputs that the weights belong to: pixels and tiles. */
  readonly pixels: number;
  readonly tiles: number;
  readonly g: Address;
  readonly z: Address;
  /** End the norm's gradient first. */
  readonly coefficients: Address;
  readonly weight: Address;
  readonly bias: Address;
}

/** What synapses read of spikes: those of a whole population, or of some of its images (`Stretch`). */
export interface SpikeTrains {
  readonly shape: Shape;
  readonly steps: number;
  readonly periods: number;
  readonly motifs: number;
  readonly masks: { readonly at: Address };
  readonly offsets: { readonly at: Address };
  readonly events: { readonly at: Address };
  /** Weight gradient of linear synapses, from the lists a neuron that were made for learning. */
  correlate(correlation: Correlation): void;
  /** Events listed for the first `images` images. */
  listed(images: number): number;
}

export class Population implements SpikeTrains {
  readonly shape: Shape;
  /** Distinct time steps: T, or 1 for spikes held over time. */
  readonly steps: number;
  readonly reader: Reader;
  /** Spikes, u16 a tile of 16: [image][step][pixel][tile]. */
  readonly masks: Region<Uint16Array>;
  /** Motifs of more than one spike, trains of period 1 to `periods`; with the single steps, `motifs` in all. */
  readonly periods: number;
  readonly motifs: number;
  /** Spikes by motif, like `masks` with motifs for steps. */
  readonly motifMasks: Region<Uint16Array>;
  /** Event list offsets, [image][rows + 1]; rows are motifs (linear reader) or motifs x pixels. */
  readonly offsets: Region<Int32Array>;
  readonly events: Region<Uint16Array>;
  /** Rows (image, motif) a neuron: counts [size], lists [size][listCapacity]. */
  readonly counts: Region<Int32Array>;
  readonly lists: Region<Uint16Array>;
  readonly #team: Team;
  readonly #maxImages: number;
  readonly #emit: KernelArguments["emit"];

  /** `learned`: whether lists a neuron are made, for weight gradients. */
  constructor(
    team: Team,
    shape: Shape,
    steps: number,
    maxImages: number,
    reader: Reader,
    learned = reader === "linear",
  ) {
    const run = reader === "conv" ? shape.width * shape.channels : sizeOf(shape);
    this.periods = Math.min(LONGEST_PERIOD, Math.floor(steps / 2));
    this.motifs = this.periods + steps;
    if (run > U16 || (learned && maxImages * this.motifs > U16)) {
      throw new BispikeError(
        "shape",
        `a population of ${describeShape(shape)} read by ${reader} synapses over ${maxImages} images x ${steps} steps is too large: ` +
          `event lists hold at most ${U16} ${reader === "conv" ? "width x channels" : "inputs"} and ${U16} rows (here ${this.motifs} an image); use fewer units, a smaller batch or fewer steps`,
      );
    }
    this.#team = team;
    this.#maxImages = maxImages;
    this.shape = shape;
    this.steps = steps;
    this.reader = reader;
    const pixels = pixelsOf(shape);
    const read = reader !== "none";
    this.masks = team.arena.u16(maxImages * steps * pixels * tilesOf(shape));
    const motifWords = maxImages * this.motifs * pixels * tilesOf(shape);
    this.motifMasks = read && this.periods > 0 ? team.arena.u16(motifWords) : this.masks;
    this.offsets = team.arena.i32(
      read ? maxImages * ((reader === "conv" ? this.motifs * pixels : this.motifs) + 1) : 0,
    );
    this.events = team.arena.u16(read ? maxImages * this.capacity : 0);
    this.counts = team.arena.i32(learned ? sizeOf(shape) : 0);
    this.lists = team.arena.u16(learned ? sizeOf(shape) * this.listCapacity : 0);
    const conv = reader === "conv";
    this.#emit = {
      steps,
      periods: this.periods,
      pixels,
      tiles: tilesOf(shape),
      channels: shape.channels,
      wrap: conv ? shape.width : pixels,
      everyPixel: conv ? 1 : 0,
      capacity: this.capacity,
      bits: team.bits.at,
      masks: this.masks.at,
      motifMasks: this.motifMasks.at,
      offsets: this.offsets.at,
      events: this.events.at,
    };
  }

  /** Events an image at most, and room for the kernel to write whole vectors. */
  get capacity(): number {
    return this.steps * sizeOf(this.shape) + 8;
  }

  /** Rows a neuron at most. */
  get listCapacity(): number {
    return apart(this.#maxImages * this.steps);
  }

  /** Makes the event lists of the first `images` images from the masks; also those for learning where `learn`. */
  list(images: number, learn: boolean): void {
    this.listRange(0, images);
    if (this.reader === "linear" && learn) this.#transpose(images);
  }

  /** Makes the event lists of images `first` to `end`, exclusive. */
  listRange(first: number, end: number): void {
    if (this.reader !== "none") this.#team.runRange("emit", first, end, this.#emit);
  }

  /** Lists of rows (image, motif) a neuron. */
  #transpose(images: number): void {
    const { shape } = this;
    const tiles = tilesOf(shape);
    const pixels = pixelsOf(shape);
    this.#team.run("transpose", pixels * tiles, {
      rows: images * this.motifs,
      pixels,
      tiles,
      channels: shape.channels,
      capacity: this.listCapacity,
      motifMasks: this.motifMasks.at,
      counts: this.counts.at,
      lists: this.lists.at,
    });
  }

  listed(images: number): number {
    return this.listedFrom(0, images);
  }

  /** Events listed for `images` images from `first` on. */
  listedFrom(first: number, images: number): number {
    const rows = this.reader === "conv" ? this.motifs * pixelsOf(this.shape) : this.motifs;
    const { view } = this.offsets;
    let events = 0;
    for (let b = 0, at = first * (rows + 1); b < images; b++, at += rows + 1) events += view[at + rows]! - view[at]!;
    return events;
  }

  correlate({ images, pixels, tiles, g, z, coefficients, weight, bias }: Correlation): void {
    const scratch = this.#team.scratch(images * this.motifs * LANES * 4);
    this.#team.run("linearEventsGradient", pixels * tiles, {
      images,
      steps: this.steps,
      periods: this.periods,
      inputs: sizeOf(this.shape),
      pixels,
      tiles,
      capacity: this.listCapacity,
      counts: this.counts.at,
      lists: this.lists.at,
      g,
      z,
      coefficients,
      dWeights: weight,
      dBias: bias,
      scratch: scratch.at,
      scratchStride: scratch.stride,
    });
  }

  /** Whether unit (pixel, channel) of an image fired at a step. */
  fired(image: number, step: number, pixel: number, channel: number): boolean {
    const tiles = tilesOf(this.shape);
    const row = (image * this.steps + (this.steps === 1 ? 0 : step)) * pixelsOf(this.shape) + pixel;
    return ((this.masks.view[row * tiles + Math.floor(channel / LANES)]! >> (channel % LANES)) & 1) === 1;
  }

  /** Sets or clears a unit's spike; for targets and tests. */
  set(image: number, step: number, pixel: number, channel: number, fired: boolean): void {
    const at =
      ((image * this.steps + step) * pixelsOf(this.shape) + pixel) * tilesOf(this.shape) + Math.floor(channel / LANES);
    const bit = 1 << (channel % LANES);
    const mask = this.masks.view[at]!;
    this.masks.view[at] = fired ? mask | bit : mask & ~bit;
  }
}

/** Entries of u16 from the start of one list to that of the next, `entries` at least: an odd number of cache lines, for lists that begin an even number apart compete for few places in the caches. */
function apart(entries: number): number {
  const line = 32;
  return (Math.ceil(entries / line) | 1) * line;
}
