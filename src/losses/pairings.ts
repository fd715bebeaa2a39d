/**
 * How two sets of rows meet, in three independent parts: which rows are rivals, which rows are compared at once (blocks), and in which bands of spatial frequencies (bands.ts).
 *
 *   prototypes  recall ran once a class: a sample belongs to its class's row, and the other classes' rows push it away
 *   literal     recall ran once a sample: every other row of the block pushes it away, those of the same label too
 *   masked      as literal, but rows of the same label do not push
 */
import type { Arena, Region } from "../engine/memory.ts";
import { assertRows } from "../nets/shape.ts";

/** Which rows push a sample away: see `pairing`. */
export type Rivals = "literal" | "masked" | "prototypes";

/** Which recalled row each sample belongs to, and which push it away. */
export interface Pairing {
  /** Column of each row's own recall. */
  readonly positive: Region<Int32Array>;
  /** 1 where (row, column) is a negative, [row][column]. */
  readonly negative: Region<Uint8Array>;
}

/** Room for the pairing of `rows` samples with at most `columns` recalled rows. */
export function pairingRoom(arena: Arena, rows: number, columns: number): Pairing {
  return { positive: arena.i32(rows), negative: arena.u8(rows * columns) };
}

/**
 * Fills `room` and returns it. literal: every other sample of the batch, those of the same class too. masked: samples of other classes.
 * prototypes: recall ran once per class; the other classes' rows.
 *
 * @param labels class of each sample, from 0
 * @param classes number of classes; prototypes alone ask for it
 * @param room of at least as many rows, and columns: `classes` (prototypes) or samples
 * @throws BispikeError "usage" where the room is too small, or a label is no class (prototypes)
 * @example
 * const pairs = pairing("prototypes", [2, 0], 3, pairingRoom(team.arena, 2, 3));
 * pairs.positive.view; // 2, 0
 * pairs.negative.view; // 1, 1, 0, 0, 1, 1
 */
export function pairing(rivals: Rivals, labels: ArrayLike<number>, classes: number, room: Pairing): Pairing {
  const rows = labels.length;
  return pairRows(rivals, { labels, from: 0, rows, columns: rivals === "prototypes" ? classes : rows }, room);
}

/** Some rows in a row. */
interface Block {
  /** Label of each row of all blocks; only literal rivals need none. */
  readonly labels: ArrayLike<number> | undefined;
  /** Number of the block's first row. */
  readonly from: number;
  readonly rows: number;
  readonly columns: number;
}

/** `pairing` of a block of rows, with as many rows of recall or with one a class. */
export function pairRows(rivals: Rivals, { labels, from, rows, columns }: Block, room: Pairing): Pairing {
  const positive = room.positive.view;
  const negative = room.negative.view;
  assertRows("pairing: rows", rows, positive.length);
  assertRows("pairing: pairs", rows * columns, negative.length);
  negative.fill(1, 0, rows * columns);
  for (let k = 0; k < rows; k++) {
    const own = rivals === "prototypes" ? labels![from + k]! : k;
    // Kernels take the column's number as it is.
    assertRows("pairing: class", own, columns - 1);
    positive[k] = own;
    negative[k * columns + own] = 0;
  }
  if (rivals !== "masked") return room;
  for (let k = 0; k < rows; k++) {
    const own = labels![from + k];
    for (let j = 0; j < rows; j++) if (labels![from + j] === own) negative[k * columns + j] = 0;
  }
  return room;
}
