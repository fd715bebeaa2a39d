/**
 * Aligns two sets of feature rows: centring, affinities, a loss, and the gradients of both sides. Used for every stage; the losses are in `alignment/`.
 */
import type { AlignmentLoss, Coefficients, Pairing } from "../alignment/affinity.ts";
import { CENTRED_COLUMNS, LANES } from "../engine/kernels.ts";
import type { Address, Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";

export class StageAlignment {
  /** Gradients of the last `align`, rows like the features': perception's and recall's. */
  readonly rowGradient: Region<Float32Array>;
  readonly columnGradient: Region<Float32Array>;
  readonly #team: Team;
  readonly #dots: Region<Float64Array>;
  readonly #rowSquares: Region<Float64Array>;
  readonly #columnSquares: Region<Float64Array>;
  readonly #coefficients: Coefficients;

  /** Room for `maxRows` samples against `maxColumns` recalls of at most `maxWidth` floats each. */
  constructor(team: Team, maxRows: number, maxColumns: number, maxWidth: number) {
    const { arena } = team;
    this.#team = team;
    this.rowGradient = arena.f32(maxRows * maxWidth);
    this.columnGradient = arena.f32(maxColumns * maxWidth);
    this.#dots = arena.f64(maxRows * maxColumns);
    this.#rowSquares = arena.f64(maxRows);
    this.#columnSquares = arena.f64(maxColumns);
    this.#coefficients = {
      losses: arena.f64(maxRows),
      mix: arena.f32(maxRows * maxColumns),
      rowOwn: arena.f32(maxRows),
      columnOwn: arena.f32(maxColumns),
    };
  }

  /**
   * Value of the loss between rows v (`rows` x `width` floats) and w; fills `rowGradient`, and `columnGradient` where recall learns (or rows at the
   * addresses given).
   * With `centred`, each column's mean is taken away first and held constant by the gradient: of w in place, of v to `centredAt`, or in place
   * where that is absent.
   */
  align(
    loss: AlignmentLoss,
    pairing: Pairing,
    sides: { v: Address; rows: number; w: Address; columns: number; width: number; centredAt?: Address },
    options: { centred: boolean; rowGradient: boolean | Address; columnGradient: boolean | Address },
  ): number {
    const { rows, w, columns, width } = sides;
    const v = options.centred ? (sides.centredAt ?? sides.v) : sides.v;
    const team = this.#team;
    if (options.centred) {
      const scratch = team.scratch(CENTRED_COLUMNS * 4);
      const blocks = Math.ceil(width / CENTRED_COLUMNS);
      team.run("centre", blocks, {
        rows,
        others: columns,
        width,
        v: sides.v,
        out: v,
        w,
        scratch: scratch.at,
        scratchStride: scratch.stride,
      });
    }
    const [dots, rowSquares, columnSquares] = [this.#dots, this.#rowSquares, this.#columnSquares];
    team.run("dots", rows, { others: columns, width, v, w, out: dots.at });
    team.run("squares", rows + columns, { rows, width, v, w, outV: rowSquares.at, outW: columnSquares.at });
    const value = loss(team, { rows, columns, dots, rowSquares, columnSquares }, pairing, this.#coefficients);
    const { mix, rowOwn, columnOwn } = this.#coefficients;
    if (options.rowGradient !== false) {
      const entries = { at: mix.at, rowStep: columns, columnStep: 1 };
      const out = options.rowGradient === true ? this.rowGradient.at : options.rowGradient;
      combine(team, { rows, others: columns, width, v, w, mix: entries, own: rowOwn.at, out });
    }
    if (options.columnGradient !== false) {
      const entries = { at: mix.at, rowStep: 1, columnStep: columns };
      const out = options.columnGradient === true ? this.columnGradient.at : options.columnGradient;
      combine(team, { rows: columns, others: rows, width, v: w, w: v, mix: entries, own: columnOwn.at, out });
    }
    return value;
  }
}

/** Floats of w a panel of `combine` holds: as many as stay in a core's second-level cache beside the rest. */
const PANEL = 16384;

/** What `combine` adds up: addresses of rows of `width` floats. */
interface Combination {
  readonly rows: number;
  readonly others: number;
  readonly width: number;
  readonly v: Address;
  readonly w: Address;
  /** Entry (k, j) is `rowStep` k + `columnStep` j floats from `at`. */
  readonly mix: { readonly at: Address; readonly rowStep: number; readonly columnStep: number };
  readonly own: Address;
  readonly out: Address;
}

/** out_k = own_k v_k + sum over j of mix_kj w_j, for `rows` rows k and `others` rows j. */
export function combine(team: Team, { rows, others, width, v, w, mix, own, out }: Combination): void {
  const panel = Math.max(LANES, Math.floor(PANEL / others / LANES) * LANES);
  const items = Math.ceil(width / panel) * Math.ceil(rows / 2);
  const scratch = team.scratch(4 * others * panel);
  team.run("combine", items, {
    rows,
    others,
    width,
    panel,
    rowStep: mix.rowStep,
    columnStep: mix.columnStep,
    v,
    w,
    mix: mix.at,
    own,
    out,
    scratch: scratch.at,
    scratchStride: scratch.stride,
  });
}
