/**
 * Lists of the values of a real input that differ from its background, for inputs that are mostly background (digits: four pixels of five).
 * The background is the value of the first image's first input, the corner of a picture; where it is not common, the lists come out long
 * and the dense kernels are used instead.
 */
import type { Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { sizeOf } from "./shape.ts";
import type { RealInput } from "./synapses.ts";

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
