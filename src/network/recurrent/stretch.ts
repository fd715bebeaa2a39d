/**
 * Some images of a population, as synapses read them. The elements of a sequence lie one after the other in one population, so the spikes that a
 * position hands on upwards and those it hands on to the next position are the same memory, seen from different first images.
 */
import type { Address, Region } from "../../engine/memory.ts";
import type { Team } from "../../engine/team.ts";
import type { Population, SpikeTrains } from "../population.ts";
import { pixelsOf, type Shape, sizeOf, tilesOf } from "../shape.ts";

export class Stretch implements SpikeTrains {
  /** Image of the population that is image 0 here. */
  first = 0;
  readonly shape: Shape;
  readonly steps: number;
  readonly periods: number;
  readonly motifs: number;
  readonly counts: Region<Int32Array>;
  readonly lists: Region<Uint16Array>;
  readonly listCapacity: number;
  readonly #population: Population;

  /** A stretch of at most `maxImages` images. */
  constructor(team: Team, population: Population, maxImages: number) {
    this.#population = population;
    this.shape = population.shape;
    this.steps = population.steps;
    this.periods = population.periods;
    this.motifs = population.motifs;
    this.listCapacity = maxImages * population.steps;
    this.counts = team.arena.i32(sizeOf(this.shape));
    this.lists = team.arena.u16(sizeOf(this.shape) * this.listCapacity);
  }

  get masks(): { at: Address } {
    return { at: this.#population.masks.at + 2 * this.first * this.steps * this.#words };
  }

  get motifMasks(): { at: Address } {
    return { at: this.#population.motifMasks.at + 2 * this.first * this.motifs * this.#words };
  }

  get offsets(): { at: Address } {
    return { at: this.#population.offsets.at + 4 * this.first * (this.motifs + 1) };
  }

  /** Offsets count from the population's first event, wherever the stretch begins. */
  get events(): { at: Address } {
    return this.#population.events;
  }

  get #words(): number {
    return pixelsOf(this.shape) * tilesOf(this.shape);
  }

  listed(images: number): number {
    return this.#population.listedFrom(this.first, images);
  }

  /** Makes the lists a neuron that weight gradients are summed from; the population's own lists must be there. */
  list(images: number): void {
    this.#population.transpose(this.first, images, this.counts.at, this.lists.at, this.listCapacity);
  }
}
