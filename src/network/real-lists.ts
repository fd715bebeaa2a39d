/**
 * Lists of the values of a real input that differ from its background, for inputs that are mostly background (digits: four pixels of five).
 * The background is the value of the first image's first input, the corner of a picture; where it is not common, the lists come out long
 * and the dense kernels are used instead.
 */
import type { Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { sizeOf } from "./shape.ts";
import type { RealInput } from "./synapses.ts";

/** Share of listed values above which the dense kernels are faster (measured on 784 x 512, 128 images: 1.0 ms listed against 2.2 dense at a share of 0.19, 2.6 against 2.2 at 0.5). */
const CROSSOVER = 0.4;

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
    this.ends = arena.i32(maxImages);
    this.indices = arena.u16(maxImages * inputs);
    this.values = arena.f32(maxImages * inputs);
    this.counts = arena.i32(inputs);
    this.rows = arena.u16(maxImages * inputs);
    this.rowValues = arena.f32(maxImages * inputs);
  }

  /** Lists the input's first `images` rows; true where the lists are short enough to be worth their use. */
  list(images: number): boolean {
    const { at, stride } = this.#input;
    this.background = this.#first[0]!;
    this.#team.run(
      "listValues",
      images,
      this.capacity,
      stride,
      this.capacity,
      this.background,
      at,
      this.ends.at,
      this.indices.at,
      this.values.at,
    );
    let listed = 0;
    for (let b = 0; b < images; b++) listed += this.ends.view[b]!;
    return listed <= CROSSOVER * images * this.capacity;
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
