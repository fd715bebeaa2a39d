/**
 * Aligns two sets of feature rows band by band: centring, the transform of both sides, a loss in each band, and the gradients back by the transform's transpose
 *
 *   L = sum over bands b of L_b(F_b v, F_b w),   dL/dv = sum over b of F_b^T dL_b/d(F_b v)
 *
 * with F_b the rows of the orthogonal matrix F (`engine/fourier.ts`) that belong to band b. Taking the mean over the rows away commutes with F, so it is done once,
 * before. A loss of all dot products in one band is the plain alignment's: F turns both sides alike.
 */
import type { AlignmentLoss, Pairing } from "../alignment/affinity.ts";
import { type FrequencyBand, type FrequencyOptions, frequencySplit } from "../alignment/frequency.ts";
import { Fourier } from "../engine/fourier.ts";
import type { Plane } from "../engine/fourier-plan.ts";
import { CENTRED_COLUMNS } from "../engine/kernels.ts";
import type { Address, Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { StageAlignment } from "./stage-alignment.ts";

/** How a stage's features are split and compared. */
export interface FrequencyStage {
  readonly fourier: Fourier;
  /** The loss of each of `fourier.bands`; undefined: the band is left out. */
  readonly losses: readonly (AlignmentLoss | undefined)[];
}

/** What makes a band's loss: its lambda, its share of the stage's weight, and its coefficients a row. */
export interface BandLoss extends FrequencyBand {
  readonly features: number;
}

/**
 * The stage of a population of shape `plane`. Bands without frequencies or without weight are left out.
 *
 * @example
 * frequencyStage(team, shape, frequencyDefaults, ({ lambda, share }) => reco({ lambda, weight: weight * share }));
 */
export function frequencyStage(
  team: Team,
  plane: Plane,
  options: FrequencyOptions,
  loss: (band: BandLoss) => AlignmentLoss,
): FrequencyStage {
  const { edges, bands } = frequencySplit(plane, options);
  const fourier = new Fourier(team, plane, edges);
  const losses = fourier.bands.map(({ band, features }) => {
    const { lambda, share } = bands[band]!;
    return share > 0 ? loss({ lambda, share, features }) : undefined;
  });
  return { fourier, losses };
}

/**
 * The part of a row's squared length below which what a band holds of it is the transform's rounding. Rows of equal values leave 1e-15 to 4e-13 of it (4,093 neurons, a
 * prime) where there should be 0, and a cosine of that would have a huge gradient. Such a row is silent in the band.
 */
const ROUNDING = 1e-10;

export class FrequencyAlignment {
  /** Gradients of the last `align`, rows like the features': perception's and recall's. */
  readonly rowGradient: Region<Float32Array>;
  readonly columnGradient: Region<Float32Array>;
  readonly #team: Team;
  readonly #alignment: StageAlignment;
  /** Spectra of both sides and their gradients. */
  readonly #rowSpectrum: Region<Float32Array>;
  readonly #columnSpectrum: Region<Float32Array>;
  readonly #rowSlope: Region<Float32Array>;
  readonly #columnSlope: Region<Float32Array>;
  readonly #rowSquares: Region<Float64Array>;
  readonly #columnSquares: Region<Float64Array>;

  /** Room for `maxRows` samples against `maxColumns` recalls of any of the stages. */
  constructor(team: Team, maxRows: number, maxColumns: number, stages: readonly FrequencyStage[]) {
    const { arena } = team;
    const width = Math.max(0, ...stages.map(({ fourier }) => fourier.rowWidth));
    const spectrum = Math.max(0, ...stages.map(({ fourier }) => fourier.spectrumWidth));
    this.#team = team;
    this.rowGradient = arena.f32(maxRows * width);
    this.columnGradient = arena.f32(maxColumns * width);
    this.#alignment = new StageAlignment(team, maxRows, maxColumns, 0);
    this.#rowSpectrum = arena.f32(maxRows * spectrum);
    this.#columnSpectrum = arena.f32(maxColumns * spectrum);
    this.#rowSlope = arena.f32(maxRows * spectrum);
    this.#columnSlope = arena.f32(maxColumns * spectrum);
    this.#rowSquares = arena.f64(maxRows);
    this.#columnSquares = arena.f64(maxColumns);
  }

  /**
   * Sum of the bands' losses between rows v (`rows` x `fourier.rowWidth` floats) and w; fills `rowGradient`, and `columnGradient` where recall learns
   * (or rows at the addresses given). With `centred`, each column's mean is taken away first and held constant by the gradient: of w in place,
   * of v to `centredAt`, or in place where that is absent.
   */
  align(
    { fourier, losses }: FrequencyStage,
    pairing: Pairing,
    sides: { v: Address; rows: number; w: Address; columns: number; centredAt?: Address },
    options: { centred: boolean; rowGradient: boolean | Address; columnGradient: boolean | Address },
  ): number {
    const team = this.#team;
    const { rows, w, columns } = sides;
    const width = fourier.rowWidth;
    const v = options.centred ? (sides.centredAt ?? sides.v) : sides.v;
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
    team.run("squares", rows + columns, { rows, width, v, w, outV: this.#rowSquares.at, outW: this.#columnSquares.at });
    fourier.forward(v, rows, this.#rowSpectrum.at);
    fourier.forward(w, columns, this.#columnSpectrum.at);
    const learns = { rows: options.rowGradient !== false, columns: options.columnGradient !== false };
    let value = 0;
    for (const [b, { start, width: bandWidth }] of fourier.bands.entries()) {
      const loss = losses[b];
      const [row, column] = [rows * start, columns * start];
      if (!loss) {
        if (learns.rows) this.#rowSlope.view.fill(0, row, row + rows * bandWidth);
        if (learns.columns) this.#columnSlope.view.fill(0, column, column + columns * bandWidth);
        continue;
      }
      value += this.#alignment.align(
        this.#heard(loss),
        pairing,
        { v: this.#rowSpectrum.at + 4 * row, rows, w: this.#columnSpectrum.at + 4 * column, columns, width: bandWidth },
        {
          centred: false,
          rowGradient: learns.rows && this.#rowSlope.at + 4 * row,
          columnGradient: learns.columns && this.#columnSlope.at + 4 * column,
        },
      );
    }
    if (learns.rows) fourier.inverse(this.#rowSlope.at, rows, place(options.rowGradient, this.rowGradient));
    if (learns.columns)
      fourier.inverse(this.#columnSlope.at, columns, place(options.columnGradient, this.columnGradient));
    return value;
  }

  /** The loss, to which rows that hold nothing but rounding in the band are silent. */
  #heard(loss: AlignmentLoss): AlignmentLoss {
    return (team, affinity, pairing, out) => {
      silence(affinity.rowSquares.view, this.#rowSquares.view, affinity.rows);
      silence(affinity.columnSquares.view, this.#columnSquares.view, affinity.columns);
      return loss(team, affinity, pairing, out);
    };
  }
}

/** Where a gradient goes: to the address asked for, or our own region. */
function place(asked: boolean | Address, own: Region<Float32Array>): Address {
  return typeof asked === "number" ? asked : own.at;
}

function silence(squares: Float64Array, whole: Float64Array, count: number): void {
  for (let k = 0; k < count; k++) if (squares[k]! < ROUNDING * whole[k]!) squares[k] = 0;
}
