/**
 * Aligns two sets of feature rows: centring, affinities, a loss, and the gradients of both sides. Used for every stage; the losses are in `alignment/`.
 */
import type { AlignmentLoss, Coefficients, Pairing } from "../alignment/affinity.ts";
import { LANES } from "../engine/kernels.ts";
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
  readonly #mix: Region<Float32Array>;
  readonly #rowOwn: Region<Float32Array>;
  readonly #columnOwn: Region<Float32Array>;
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
    this.#mix = arena.f32(maxRows * maxColumns);
    this.#rowOwn = arena.f32(maxRows);
    this.#columnOwn = arena.f32(maxColumns);
    this.#coefficients = {
      mix: this.#mix.view,
      rowOwn: this.#rowOwn.view,
      columnOwn: this.#columnOwn.view,
    };
  }

  /**
   * Value of the loss between rows v (`rows` x `width` floats) and w; fills `rowGradient`, and `columnGradient` where recall learns (or the rows at the addresses given).
   * With `centred`, each column's mean is taken away first, in place, and held constant by the gradient.
   */
  align(
    loss: AlignmentLoss,
    pairing: Pairing,
    sides: { v: Address; rows: number; w: Address; columns: number; width: number },
    options: { centred: boolean; rowGradient: boolean | Address; columnGradient: boolean | Address },
  ): number {
    const { v, rows, w, columns, width } = sides;
    const team = this.#team;
    if (options.centred) {
      team.run("centre", width / LANES, rows, width, v);
      team.run("centre", width / LANES, columns, width, w);
    }
    team.run("dots", rows, columns, width, v, w, this.#dots.at);
    team.run("squares", rows, width, v, this.#rowSquares.at);
    team.run("squares", columns, width, w, this.#columnSquares.at);
    const affinity = {
      rows,
      columns,
      dots: this.#dots.view,
      rowSquares: this.#rowSquares.view,
      columnSquares: this.#columnSquares.view,
    };
    const value = loss(affinity, pairing, this.#coefficients);
    if (options.rowGradient !== false) {
      const out = options.rowGradient === true ? this.rowGradient.at : options.rowGradient;
      const mix = { at: this.#mix.at, rowStep: columns, columnStep: 1 };
      combine(team, { rows, others: columns, width, v, w, mix, own: this.#rowOwn.at, out });
    }
    if (options.columnGradient !== false) {
      const out = options.columnGradient === true ? this.columnGradient.at : options.columnGradient;
      const mix = { at: this.#mix.at, rowStep: 1, columnStep: columns };
      combine(team, {
        rows: columns,
        others: rows,
        width,
        v: w,
        w: v,
        mix,
        own: this.#columnOwn.at,
        out,
      });
    }
    return value;
  }
}

/** Floats of w a panel of `combine` holds: as many as stay in a core's second-level cache beside the rest. */
const PANEL = 32768;

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
  team.run("combine", items, rows, others, width, panel, mix.rowStep, mix.columnStep, v, w, mix.at, own, out);
}
