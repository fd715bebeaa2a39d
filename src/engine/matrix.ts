/**
 * Products of dense matrices on the engine. The kernel, with the order of its sums, is `assembly/matrix.ts`.
 */
import type { Address } from "./memory.ts";
import type { Team } from "./team.ts";

/** A row-major float32 matrix in the engine's memory; rows lie `stride` floats apart. */
export interface Matrix {
  readonly at: Address;
  readonly stride: number;
}

export interface Product {
  /** Of the result, rows x columns; `depth` is summed over. */
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  /** [rows][depth], or [depth][rows] where it is transposed. */
  readonly a: Matrix;
  /** [depth][columns], or [columns][depth] where it is transposed. */
  readonly b: Matrix;
  readonly c: Matrix;
  /** Which factor is read as its transpose. Default none. */
  readonly transposed?: "a" | "b";
  /** Factor of the product. Default 1. */
  readonly scale?: number;
  /** What the product is added to: c itself ("own") or a row of `columns` floats at an address. Default nothing. */
  readonly base?: "own" | Address;
}

/** Rows an item; a tile of 16 columns is packed once an item. */
const BLOCK_ROWS = 128;
/** The kernel's packed tile of 256 x 16 floats and three rows of 16. */
const SCRATCH_BYTES = (256 + 3) * 64;

/**
 * c = base + scale a b, of any sizes; the result's bytes do not depend on the number of threads. Columns of c past `columns` stay as they are.
 *
 * @example
 * const [a, b, c] = [6, 12, 8].map((length) => team.arena.f32(length).at); // 2 x 3, 3 x 4, 2 x 4
 * multiply(team, { rows: 2, columns: 4, depth: 3, a: { at: a, stride: 3 }, b: { at: b, stride: 4 }, c: { at: c, stride: 4 } });
 */
export function multiply(team: Team, product: Product): void {
  const { rows, columns, depth, a, b, c, transposed, scale = 1, base } = product;
  const scratch = team.scratch(SCRATCH_BYTES);
  team.run("matrixProduct", Math.ceil(rows / BLOCK_ROWS) * Math.ceil(columns / 16), {
    rows,
    columns,
    depth,
    blockRows: BLOCK_ROWS,
    scale,
    accumulate: base === "own" ? 1 : 0,
    a: a.at,
    aRowStep: transposed === "a" ? 1 : a.stride,
    aDepthStep: transposed === "a" ? a.stride : 1,
    b: b.at,
    bDepthStep: transposed === "b" ? 1 : b.stride,
    bColumnStep: transposed === "b" ? b.stride : 1,
    c: c.at,
    cRowStep: c.stride,
    bias: typeof base === "number" ? base : 0,
    scratch: scratch.at,
    scratchStride: scratch.stride,
  });
}
