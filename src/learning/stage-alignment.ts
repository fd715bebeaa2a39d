/**
 * Aligns two sets of feature rows: centring, affinities, a loss, and the gradients of both sides. Used for every stage; the losses are in `alignment/`.
 */
import type { AlignmentLoss, Coefficients, Pairing } from "../alignment/affinity.ts";
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
  }

  /**
   * Value of the loss between rows v (`rows` x `width` floats) and w; fills `rowGradient`, and `columnGradient` where recall learns.
   * With `centred`, each column's mean is taken away first, in place, and held constant by the gradient.
   */
  align(
    loss: AlignmentLoss,
    pairing: Pairing,
    sides: { v: Address; rows: number; w: Address; columns: number; width: number },
    options: { centred: boolean; rowGradient: boolean; columnGradient: boolean },
  ): number {
    const { v, rows, w, columns, width } = sides;
    const team = this.#team;
    if (options.centred) {
      team.run("centre", width / 16, rows, width, v);
      team.run("centre", width / 16, columns, width, w);
    }
    team.run("dots", rows, columns, width, v, w, this.#dots.at);
    team.run("squares", rows, width, v, this.#rowSquares.at);
    team.run("squares", columns, width, w, this.#columnSquares.at);
    const coefficients: Coefficients = {
      mix: this.#mix.view,
      rowOwn: this.#rowOwn.view,
      columnOwn: this.#columnOwn.view,
    };
    const affinity = {
      rows,
      columns,
      dots: this.#dots.view,
      rowSquares: this.#rowSquares.view,
      columnSquares: this.#columnSquares.view,
    };
    const value = loss(affinity, pairing, coefficients);
    if (options.rowGradient) {
      team.run("combine", rows, columns, width, columns, 1, v, w, this.#mix.at, this.#rowOwn.at, this.rowGradient.at);
    }
    if (options.columnGradient) {
      team.run(
        "combine",
        columns,
        rows,
        width,
        1,
        columns,
        w,
        v,
        this.#mix.at,
        this.#columnOwn.at,
        this.columnGradient.at,
      );
    }
    return value;
  }
}
