/**
 * The spikes of one population for a batch, as the synapses that read them need them: bit masks from the neurons, event lists a row for the forward
 * product and, where linear synapses learn from them, event lists a neuron for the weight gradient.
 */

import { LANES } from "../engine/kernels.ts";
import type { Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import { describeShape, pixelsOf, type Shape, sizeOf, tilesOf } from "./shape.ts";

/** Which synapses read the population; it decides how events are numbered. */
export type Reader = "linear" | "conv" | "none";

const U16 = 65536;

export class Population {
  readonly shape: Shape;
  /** Distinct time steps: T, or 1 for spikes held over time. */
  readonly steps: number;
  readonly reader: Reader;
  /** Spikes, u16 a tile of 16: [image][step][pixel][tile]. */
  readonly masks: Region<Uint16Array>;
  /** Event list offsets, [image][rows + 1]; rows are steps (linear reader) or steps x pixels. */
  readonly offsets: Region<Int32Array>;
  readonly events: Region<Uint16Array>;
  /** Firing rows a neuron: counts [size], lists [size][maxImages x steps]. */
  readonly counts: Region<Int32Array>;
  readonly lists: Region<Uint16Array>;
  readonly #team: Team;
  readonly #maxImages: number;

  constructor(team: Team, shape: Shape, steps: number, maxImages: number, reader: Reader) {
    const run = reader === "conv" ? shape.width * shape.channels : sizeOf(shape);
    if (run > U16 || maxImages * steps > U16) {
      throw new BispikeError(
        "shape",
        `a population of ${describeShape(shape)} read by ${reader} synapses over ${maxImages} images x ${steps} steps is too large: ` +
          `event lists hold at most ${U16} ${reader === "conv" ? "width x channels" : "inputs"} and ${U16} rows; use fewer units, a smaller batch or fewer steps`,
      );
    }
    this.#team = team;
    this.#maxImages = maxImages;
    this.shape = shape;
    this.steps = steps;
    this.reader = reader;
    const pixels = pixelsOf(shape);
    const read = reader !== "none";
    const learned = reader === "linear";
    this.masks = team.arena.u16(maxImages * steps * pixels * tilesOf(shape));
    this.offsets = team.arena.i32(read ? maxImages * ((reader === "conv" ? steps * pixels : steps) + 1) : 0);
    this.events = team.arena.u16(read ? maxImages * this.capacity : 0);
    this.counts = team.arena.i32(learned ? sizeOf(shape) : 0);
    this.lists = team.arena.u16(learned ? sizeOf(shape) * this.listCapacity : 0);
  }

  /** Events an image at most. */
  get capacity(): number {
    return this.steps * sizeOf(this.shape);
  }

  /** Firing rows a neuron at most. */
  get listCapacity(): number {
    return this.#maxImages * this.steps;
  }

  /** Makes the event lists of the first `images` images from the masks; also those for learning where `learn`. */
  list(images: number, learn: boolean): void {
    if (this.reader === "none") return;
    const { shape, steps } = this;
    const pixels = pixelsOf(shape);
    const tiles = tilesOf(shape);
    const conv = this.reader === "conv";
    this.#team.run(
      "emit",
      images,
      ...[steps, pixels, tiles, shape.channels, conv ? shape.width : pixels, conv ? 1 : 0, this.capacity],
      ...[this.masks.at, this.offsets.at, this.events.at],
    );
    if (learn && !conv) {
      this.#team.run(
        "transpose",
        pixels * tiles,
        ...[
          images * steps,
          pixels,
          tiles,
          shape.channels,
          this.listCapacity,
          this.masks.at,
          this.counts.at,
          this.lists.at,
        ],
      );
    }
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
