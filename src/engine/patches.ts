/**
 * Feature rows cut into patches of their plane: every patch's rows lie together, so that each can be aligned by itself. A patch is a rectangle of cells; nothing is computed, so
 * the way back is the same move the other way round (as a transform, a permutation: orthogonal).
 */
import type { Plane } from "./fourier-plan.ts";
import { padded } from "./kernels.ts";
import type { Address, Region } from "./memory.ts";
import type { Team } from "./team.ts";

/** Part of a row that is aligned by itself; the parts of all rows lie together, [row][width], from float rows * start on. */
export interface Part {
  /** Its number. */
  readonly band: number;
  /** Floats of a row, a multiple of 16. */
  readonly width: number;
  /** Floats of a row in the parts before this one. */
  readonly start: number;
  /** Values of a row without padding. */
  readonly features: number;
}

/** An orthogonal transform of rows into parts that are aligned one by one. */
export interface PartTransform {
  readonly bands: readonly Part[];
  /** Floats of a row before and after. */
  readonly rowWidth: number;
  readonly spectrumWidth: number;
  forward(x: Address, rows: number, out: Address): void;
  inverse(parts: Address, rows: number, out: Address): void;
}

/** First cell of each of `count` parts of `length` cells, as even as they can be, and the end. */
export function cuts(length: number, count: number): number[] {
  const parts = Math.min(length, count);
  return Array.from({ length: parts + 1 }, (_, k) => Math.floor((k * length) / parts));
}

/** Floats of a row of a cell's place in the table: offset of its patch, floats of the patch a row, place within. */
const ENTRY = 3;

/**
 * @example
 * const patches = new Patches(team, { height: 14, width: 14, channels: 32 }, 7);
 * patches.bands.length; // 49 patches of 2 x 2 cells
 */
export class Patches implements PartTransform {
  readonly bands: readonly Part[];
  readonly rowWidth: number;
  readonly spectrumWidth: number;
  readonly #team: Team;
  readonly #cells: number;
  readonly #table: Region<Int32Array>;

  /** `side`: patches along each side of the plane, at most its cells. */
  constructor(team: Team, plane: Plane, side: number) {
    const { height, width, channels } = plane;
    const cell = padded(channels);
    const [ys, xs] = [cuts(height, side), cuts(width, side)];
    const bands: Part[] = [];
    const table = new Int32Array(height * width * ENTRY);
    let start = 0;
    for (let j = 0; j + 1 < ys.length; j++) {
      for (let i = 0; i + 1 < xs.length; i++) {
        const cells = (ys[j + 1]! - ys[j]!) * (xs[i + 1]! - xs[i]!);
        let place = 0;
        for (let y = ys[j]!; y < ys[j + 1]!; y++) {
          for (let x = xs[i]!; x < xs[i + 1]!; x++, place += cell) {
            table.set([start, cells * cell, place], (y * width + x) * ENTRY);
          }
        }
        bands.push({ band: bands.length, width: cells * cell, start, features: cells * channels });
        start += cells * cell;
      }
    }
    this.#team = team;
    this.#cells = height * width;
    this.bands = bands;
    this.rowWidth = start;
    this.spectrumWidth = start;
    this.#table = team.arena.i32(table.length);
    this.#table.view.set(table);
  }

  forward(x: Address, rows: number, out: Address): void {
    this.#move(rows, x, out, 0);
  }

  inverse(parts: Address, rows: number, out: Address): void {
    this.#move(rows, out, parts, 1);
  }

  #move(rows: number, whole: Address, parts: Address, back: number): void {
    const cells = this.#cells;
    const bytes = (this.rowWidth / cells) * 4;
    this.#team.run("movePatches", rows, rows, cells, bytes, this.#table.at, whole, parts, back);
  }
}
