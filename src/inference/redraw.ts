/**
 * What recall redraws of a sequence's stimulus when it is given the targets alone. It runs back from the end of a window, so that a position's redrawn row r_n comes from its target and the later ones.
 *
 *   symbols   argmax over c of r_n,c - m_c; m, the mean over positions of the training part, is what centring takes away while learning; 0 where rows were not centred
 *   values    scale_d r_n,d + offset_d, one scale and offset a column, fitted by least squares on the training part: a loss of cosines leaves both free
 */
import type { SequenceSet } from "../data/sequence/task.ts";
import type { SequenceBsd } from "../learning/sequence/bsd.ts";

/**
 * Redraws windows and shows each row.
 *
 * @param starts first positions of the windows
 * @param visit gets a row of `inputs.width` values, valid during the call, its position, and its place: window * positions a window + place in the window
 */
export function redrawWindows(
  learner: SequenceBsd,
  set: SequenceSet,
  starts: Int32Array,
  visit: (row: Float32Array, position: number, place: number) => void,
): void {
  const { window, maxRows } = learner;
  const { width } = set.inputs;
  for (let from = 0; from < starts.length; from += maxRows) {
    const count = Math.min(maxRows, starts.length - from);
    learner.load(set, starts, from, count);
    const { view, stride } = learner.redraw();
    for (let b = 0; b < count; b++) {
      for (let n = 0; n < window; n++) {
        const at = (n * count + b) * stride;
        visit(view.subarray(at, at + width), starts[from + b]! + n, (from + b) * window + n);
      }
    }
  }
}

/** Mean redrawn row over windows. */
export function meanRedrawn(learner: SequenceBsd, set: SequenceSet, starts: Int32Array): Float64Array {
  const mean = new Float64Array(set.inputs.width);
  redrawWindows(learner, set, starts, (row) => {
    for (let c = 0; c < mean.length; c++) mean[c]! += row[c]!;
  });
  return mean.map((sum) => sum / (starts.length * learner.window));
}

/** Redrawn symbols of windows, [window][position]. */
export function redrawSymbols(
  learner: SequenceBsd,
  set: SequenceSet,
  starts: Int32Array,
  mean: Float64Array,
): Uint16Array {
  const symbols = new Uint16Array(starts.length * learner.window);
  redrawWindows(learner, set, starts, (row, _, place) => {
    let best = 0;
    for (let c = 1; c < row.length; c++) if (row[c]! - mean[c]! > row[best]! - mean[best]!) best = c;
    symbols[place] = best;
  });
  return symbols;
}

/** Turns a redrawn column into standardised values. */
export interface ColumnFit {
  readonly scale: number;
  readonly offset: number;
}

/** The fit of each input column over windows; scale 0 for a column that recall always draws alike. */
export function fitColumns(learner: SequenceBsd, set: SequenceSet, starts: Int32Array): ColumnFit[] {
  const columns = Array.from({ length: set.inputs.width }, () => new Moments());
  eachPair(learner, set, starts, (drawn, truth, column) => columns[column]!.add(drawn, truth));
  return columns.map((moments) => moments.fit());
}

/** Redrawn values of windows, standardised, [window][position][column]. */
export function redrawValues(
  learner: SequenceBsd,
  set: SequenceSet,
  starts: Int32Array,
  fits: readonly ColumnFit[],
): Float32Array {
  const { width } = set.inputs;
  const values = new Float32Array(starts.length * learner.window * width);
  redrawWindows(learner, set, starts, (row, _, place) => {
    for (const [d, { scale, offset }] of fits.entries()) values[place * width + d] = scale * row[d]! + offset;
  });
  return values;
}

function eachPair(
  learner: SequenceBsd,
  set: SequenceSet,
  starts: Int32Array,
  visit: (drawn: number, truth: number, column: number) => void,
): void {
  const { inputs } = set;
  const values = inputs.kind === "values" ? inputs.values : new Float32Array();
  redrawWindows(learner, set, starts, (row, position) => {
    for (let d = 0; d < row.length; d++) visit(row[d]!, values[position * inputs.width + d]!, d);
  });
}

/** Sums over pairs (x, y), kept as means and central moments: large means lose nothing. */
export class Moments {
  #count = 0;
  #x = 0;
  #y = 0;
  #xx = 0;
  #yy = 0;
  #xy = 0;

  add(x: number, y: number): void {
    this.#count++;
    const [dx, dy] = [x - this.#x, y - this.#y];
    this.#x += dx / this.#count;
    this.#y += dy / this.#count;
    this.#xx += dx * (x - this.#x);
    this.#yy += dy * (y - this.#y);
    this.#xy += dx * (y - this.#y);
  }

  /** Least squares of y = scale x + offset. */
  fit(): ColumnFit {
    const scale = this.#xx > 0 ? this.#xy / this.#xx : 0;
    return { scale, offset: this.#y - scale * this.#x };
  }

  /** Pearson's; 0 where x or y does not vary. */
  correlation(): number {
    const spread = Math.sqrt(this.#xx * this.#yy);
    return spread > 0 ? this.#xy / spread : 0;
  }
}
