/**
 * Lists of the values of a real input that differ from its background, for inputs that are mostly background (digits: four pixels of five).
 * The background is the value of the first image's first input, the corner of a picture; where it is not common, the lists come out long
 * and the dense kernels are used instead.
 */
import type { Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { sizeOf } from "./shape.ts";
import type { RealInput } from "./synapses.ts";

/** Share of listed values above which the dense kernels are faster: per value both do the same work, lists and their making cost a little more. */
const CROSSOVER = 0.9;

export class RealLists {
  background = 0;
  readonly capacity: number;
  readonly ends: Region<Int32Array>;
  readonly indices: Region<Uint16Array>;
  readonly values: Region<Float32Array>;
  readonly counts: Region<Int32Array>;
  readonly rows: Region<Uint16Array>;
  readonly rowValues: Region<Float32Array>;
  readonly rowCapacity: number;
  readonly #team: Team;
  readonly #input: RealInput;
  readonly #first: Float32Array;

  constructor(team: Team, input: RealInput) {
    const { arena } = team;
    const { maxImages } = input;
    const inputs = sizeOf(input.shape);
    this.#team = team;
    this.#input = input;
    this.#first = new Float32Array(arena.memory.buffer, input.at, 1);
    this.capacity = inputs;
    this.rowCapacity = maxImages;
    const imagePairs = Math.ceil(maxImages / 2);
    const inputPairs = Math.ceil(inputs / 2);
    this.ends = arena.i32(imagePairs);
    this.indices = arena.u16(imagePairs * inputs);
    this.values = arena.f32(imagePairs * inputs * 2);
    this.counts = arena.i32(inputPairs);
    this.rows = arena.u16(inputPairs * maxImages);
    this.rowValues = arena.f32(inputPairs * maxImages * 2);
  }

  /** Lists the input's first `images` rows; true where the lists are short enough to be worth their use. */
  list(images: number): boolean {
    const { at, stride } = this.#input;
    this.background = this.#first[0]!;
    const pairs = Math.ceil(images / 2);
    const size = [images, this.capacity, stride, this.capacity, this.background];
    this.#team.run("listValues", pairs, ...size, at, this.ends.at, this.indices.at, this.values.at);
    let listed = 0;
    for (let pair = 0; pair < pairs; pair++) listed += this.ends.view[pair]!;
    return listed <= CROSSOVER * pairs * this.capacity;
  }

  /** The lists an input, for the weight gradient. */
  transpose(images: number): void {
    const { at, stride } = this.#input;
    const size = [images, this.capacity, stride, this.rowCapacity, this.background];
    this.#team.run(
      "transposeValues",
      Math.ceil(this.capacity / 4),
      ...size,
      at,
      this.counts.at,
      this.rows.at,
      this.rowValues.at,
    );
  }
}
