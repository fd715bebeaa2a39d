/**
 * Aligns two sets of feature rows, perception's v and recall's w: centring, affinities, a loss, and the gradients of both sides.
 *
 *   x = v less its mean over all rows, y = w less its mean          (where `centred`; the means are constants to the gradient)
 *   L = sum over blocks B of |B| / K sum over bands b of share_b L_b(F_b x_B, F_b y_B)
 *   dL/dv_B = |B| / K sum over b of share_b F_b^T dL_b/d(F_b x_B),   and alike for w
 *
 * with K rows, B some rows in a row that are compared with each other alone, and F_b the rows of the orthonormal Fourier matrix that belong to band b of spatial frequencies (bands.ts; without bands the
 * features themselves). L_b works on the dot products of rows (affinity.ts) and knows who is whose rival (pairings.ts). Taking the mean over the rows away commutes with F.
 *
 * A window of 32 positions x 64 rows has 2,048 rows and four million pairs; blocks of a few hundred rows learn as well and cost less. Rows that meet one row a class (prototypes) do not meet each
 * other, so they need no blocks and have none.
 */
import { CENTRED_COLUMNS, LANES } from "../engine/kernels.ts";
import type { Address, Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import type { AlignmentLoss, Coefficients } from "./affinity.ts";
import type { Bands } from "./bands.ts";
import { type Pairing, pairRows, type Rivals } from "./pairings.ts";

/** What a loss of a part of a stage is made from: of a block of its rows, in a band of its frequencies, or of all there is. */
export interface LossPart {
  /** Part of the stage's weight: the block's share of the rows times the band's of the stage. */
  readonly share: number;
  /** The band's own weight of the rivals; undefined without bands. */
  readonly lambda?: number | undefined;
  /** Numbers a row, without padding. */
  readonly features: number;
}

/** Makes the loss of a part of a stage. */
export type PartLoss = (part: LossPart) => AlignmentLoss;

/** What is compared at a stage, and how its rows meet. */
export interface AlignedStage {
  /** Floats a row. */
  readonly width: number;
  /** Numbers a row, without padding. */
  readonly features: number;
  readonly loss: PartLoss;
  /** Take each column's mean over the rows away first. */
  readonly centred: boolean;
  readonly rivals: Rivals;
  /** Rows compared with each other at most; prototypes have no blocks. Default all. */
  readonly block?: number | undefined;
  /** Bands of spatial frequencies that are compared by themselves; absent: the features as they are. */
  readonly bands?: Bands | undefined;
}

/** What an alignment has room for. */
export interface AlignmentRoom {
  /** Most rows of perception and of recall. */
  readonly rows: number;
  readonly columns: number;
  /** All that will be aligned. */
  readonly stages: readonly AlignedStage[];
}

/** Rows to be aligned. */
export interface Sides {
  readonly v: Address;
  readonly rows: number;
  readonly w: Address;
  /** As many as rows, or with prototypes one a class. */
  readonly columns: number;
  /** Where v is centred to. Default in place, as w is. */
  readonly centredAt?: Address;
  /** Label of each row: a class for prototypes; equal ones are no rivals if masked. Literal rivals need none. */
  readonly labels?: ArrayLike<number> | undefined;
}

/** Which gradients are wanted: to the alignment's own rows, to an address, or not. */
export interface Wanted {
  readonly rows: boolean | Address;
  readonly columns: boolean | Address;
}

/** A loss, and where the gradients of both sides' features are: in the alignment's own rows until the next. */
export interface Aligned {
  readonly loss: number;
  readonly rows: Address;
  readonly columns: Address;
}

/** Room for the bands of a block. */
interface SpectrumRoom {
  readonly v: Region<Float32Array>;
  readonly w: Region<Float32Array>;
  readonly rowGradient: Region<Float32Array>;
  readonly columnGradient: Region<Float32Array>;
  /** Squared lengths over all bands. */
  readonly rowSquares: Region<Float64Array>;
  readonly columnSquares: Region<Float64Array>;
}

/** Addresses of two sets of rows and of their gradients; 0 for a gradient nobody wants. */
interface Block {
  readonly v: Address;
  readonly rows: number;
  readonly w: Address;
  readonly columns: number;
  readonly width: number;
  readonly rowGradient: Address;
  readonly columnGradient: Address;
}

/**
 * The part of a row's squared length below which what a band holds of it is the transform's rounding. Rows of equal values leave 1e-15 to 4e-13 of it (4,093 neurons, a
 * prime) where there should be 0, and a cosine of that would have a huge gradient. Such a row is silent in the band.
 */
const ROUNDING = 1e-10;

export class Alignment {
  /** Gradients of the last `align`, rows like the features': perception's and recall's. */
  readonly rowGradient: Region<Float32Array>;
  readonly columnGradient: Region<Float32Array>;
  readonly #team: Team;
  readonly #pairs: Pairing;
  readonly #dots: Region<Float64Array>;
  readonly #rowSquares: Region<Float64Array>;
  readonly #columnSquares: Region<Float64Array>;
  readonly #coefficients: Coefficients;
  readonly #spectrum: SpectrumRoom | undefined;
  /** Losses of each stage's bands by the block's share of the rows; undefined: a band that is left out. */
  readonly #losses = new Map<AlignedStage, Map<number, readonly (AlignmentLoss | undefined)[]>>();

  /**
   * @example
   * const how = { rivals: "literal", block: 256, centred: true } as const;
   * const stage = { ...how, width: 256, features: 250, loss: partLoss({ loss: "reco", lambda: 2, temperature: 0.1 }, 1) };
   * const alignment = new Alignment(team, { rows: 2048, columns: 2048, stages: [stage] });
   * const { loss, rows } = alignment.align(stage, { v, rows: 2048, w, columns: 2048 }, { rows: true, columns: true });
   */
  constructor(team: Team, { rows, columns, stages }: AlignmentRoom) {
    const { arena } = team;
    const blocks = stages.map((stage) => blockOf(stage, rows, columns));
    const blocked = Math.max(0, ...blocks.map((block) => block.rows));
    const against = Math.max(0, ...blocks.map((block) => block.columns));
    const pairs = Math.max(0, ...blocks.map((block) => block.rows * block.columns));
    const width = Math.max(0, ...stages.map((stage) => stage.width));
    const spectrum = Math.max(0, ...stages.map(({ bands }) => bands?.fourier.spectrumWidth ?? 0));
    this.#team = team;
    this.rowGradient = arena.f32(rows * width);
    this.columnGradient = arena.f32(columns * width);
    this.#pairs = { positive: arena.i32(blocked), negative: arena.u8(pairs) };
    this.#dots = arena.f64(pairs);
    this.#rowSquares = arena.f64(blocked);
    this.#columnSquares = arena.f64(against);
    this.#coefficients = {
      losses: arena.f64(blocked),
      mix: arena.f32(pairs),
      rowOwn: arena.f32(blocked),
      columnOwn: arena.f32(against),
    };
    if (spectrum > 0) {
      this.#spectrum = {
        v: arena.f32(blocked * spectrum),
        w: arena.f32(against * spectrum),
        rowGradient: arena.f32(blocked * spectrum),
        columnGradient: arena.f32(against * spectrum),
        rowSquares: arena.f64(blocked),
        columnSquares: arena.f64(against),
      };
    }
    for (const stage of stages) this.#lossesOf(stage, 1);
  }

  /** The stage's loss between rows v and w, `stage.width` floats each, and its gradients where they are wanted. Centring changes w, and v where it has no `centredAt`. */
  align(stage: AlignedStage, sides: Sides, wanted: Wanted): Aligned {
    const { width, rivals, centred } = stage;
    const { rows, columns, w, labels } = sides;
    const block = blockOf(stage, rows, columns);
    const v = centred ? (sides.centredAt ?? sides.v) : sides.v;
    if (centred) this.#centre(sides, v, width);
    const rowGradient = place(wanted.rows, this.rowGradient);
    const columnGradient = place(wanted.columns, this.columnGradient);
    const prototypes = rivals === "prototypes";
    let loss = 0;
    for (let from = 0; from < rows; from += block.rows) {
      const count = Math.min(block.rows, rows - from);
      const against = prototypes ? columns : count;
      const offset = from * width * 4;
      pairRows(rivals, { labels, from, rows: count, columns: against }, this.#pairs);
      const part = {
        v: v + offset,
        rows: count,
        w: prototypes ? w : w + offset,
        columns: against,
        width,
        rowGradient: rowGradient && rowGradient + offset,
        columnGradient: columnGradient && (prototypes ? columnGradient : columnGradient + offset),
      };
      const losses = this.#lossesOf(stage, count / rows);
      loss += stage.bands ? this.#compareBands(stage.bands, losses, part) : this.#compare(losses[0]!, part);
    }
    return { loss, rows: rowGradient, columns: columnGradient };
  }

  /** Takes the columns' means away: of w in place, of v to `out`. */
  #centre({ v, rows, w, columns }: Sides, out: Address, width: number): void {
    const scratch = this.#team.scratch(CENTRED_COLUMNS * 4);
    const items = Math.ceil(width / CENTRED_COLUMNS);
    this.#team.run("centre", items, {
      rows,
      others: columns,
      width,
      v,
      out,
      w,
      scratch: scratch.at,
      scratchStride: scratch.stride,
    });
  }

  /** Loss and gradients of a block of rows as they are. */
  #compare(loss: AlignmentLoss, block: Block): number {
    const team = this.#team;
    const { v, rows, w, columns, width, rowGradient, columnGradient } = block;
    const [dots, rowSquares, columnSquares] = [this.#dots, this.#rowSquares, this.#columnSquares];
    team.run("dots", rows, { others: columns, width, v, w, out: dots.at });
    team.run("squares", rows + columns, { rows, width, v, w, outV: rowSquares.at, outW: columnSquares.at });
    const affinity = { rows, columns, dots, rowSquares, columnSquares };
    const value = loss(team, affinity, this.#pairs, this.#coefficients);
    const { mix, rowOwn, columnOwn } = this.#coefficients;
    if (rowGradient !== 0) {
      const entries = { at: mix.at, rowStep: columns, columnStep: 1 };
      combine(team, { rows, others: columns, width, v, w, mix: entries, own: rowOwn.at, out: rowGradient });
    }
    if (columnGradient !== 0) {
      const entries = { at: mix.at, rowStep: 1, columnStep: columns };
      const own = columnOwn.at;
      combine(team, { rows: columns, others: rows, width, v: w, w: v, mix: entries, own, out: columnGradient });
    }
    return value;
  }

  /** Loss and gradients of a block of rows, band by band. */
  #compareBands({ fourier }: Bands, losses: readonly (AlignmentLoss | undefined)[], block: Block): number {
    const { v, rows, w, columns, width, rowGradient, columnGradient } = block;
    const spectrum = this.#spectrum!;
    const { rowSquares, columnSquares } = spectrum;
    this.#team.run("squares", rows + columns, { rows, width, v, w, outV: rowSquares.at, outW: columnSquares.at });
    fourier.forward(v, rows, spectrum.v.at);
    fourier.forward(w, columns, spectrum.w.at);
    let value = 0;
    for (const [b, band] of fourier.bands.entries()) {
      const loss = losses[b];
      const row = rows * band.start;
      const column = columns * band.start;
      if (!loss) {
        if (rowGradient !== 0) spectrum.rowGradient.view.fill(0, row, row + rows * band.width);
        if (columnGradient !== 0) spectrum.columnGradient.view.fill(0, column, column + columns * band.width);
        continue;
      }
      value += this.#compare(this.#heard(loss), {
        v: spectrum.v.at + 4 * row,
        rows,
        w: spectrum.w.at + 4 * column,
        columns,
        width: band.width,
        rowGradient: rowGradient && spectrum.rowGradient.at + 4 * row,
        columnGradient: columnGradient && spectrum.columnGradient.at + 4 * column,
      });
    }
    if (rowGradient !== 0) fourier.inverse(spectrum.rowGradient.at, rows, rowGradient);
    if (columnGradient !== 0) fourier.inverse(spectrum.columnGradient.at, columns, columnGradient);
    return value;
  }

  /** The loss, to which rows that hold nothing but rounding in the band are silent. */
  #heard(loss: AlignmentLoss): AlignmentLoss {
    const whole = this.#spectrum!;
    return (team, affinity, pairing, out) => {
      silence(affinity.rowSquares.view, whole.rowSquares.view, affinity.rows);
      silence(affinity.columnSquares.view, whole.columnSquares.view, affinity.columns);
      return loss(team, affinity, pairing, out);
    };
  }

  /** A stage's losses for a block of a share of its rows: one, or one a band. */
  #lossesOf(stage: AlignedStage, share: number): readonly (AlignmentLoss | undefined)[] {
    let ofStage = this.#losses.get(stage);
    if (!ofStage) {
      ofStage = new Map();
      this.#losses.set(stage, ofStage);
    }
    let losses = ofStage.get(share);
    if (!losses) {
      const { bands, features, loss } = stage;
      losses = bands
        ? bands.parts.map((part) => (part.share > 0 ? loss({ ...part, share: share * part.share }) : undefined))
        : [loss({ share, features })];
      ofStage.set(share, losses);
    }
    return losses;
  }
}

/** Rows of a stage's blocks, and rows of recall that each meets. */
function blockOf({ rivals, block = Number.POSITIVE_INFINITY }: AlignedStage, rows: number, columns: number) {
  if (rivals === "prototypes") return { rows, columns };
  const most = Math.min(block, rows);
  return { rows: most, columns: most };
}

/** Where a gradient goes: to the address asked for, or to our own region; 0: nowhere. */
function place(asked: boolean | Address, own: Region<Float32Array>): Address {
  if (asked === false) return 0;
  return asked === true ? own.at : asked;
}

function silence(squares: Float64Array, whole: Float64Array, count: number): void {
  for (let k = 0; k < count; k++) if (squares[k]! < ROUNDING * whole[k]!) squares[k] = 0;
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
