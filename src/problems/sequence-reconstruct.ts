/**
 * What recall reconstructs of a sequence's stimulus when it is given the targets alone. It runs back from the end of a window, so that a position's reconstructed row r_n comes from its target and the later ones.
 *
 *   symbols   argmax over c of scale (r_n,c - m_c) / |r_n - m| + ln f_c, where rows are centred while learning; else of r_n,c
 *             m is the mean reconstructed row of the training part. Centring takes it away, and with it how common each symbol is: f, the symbols' shares of the training part, gives that back,
 *             and the scale that a loss of cosines leaves free is the likeliest one there
 *   values    scale_d r_n,d + offset_d, one scale and offset a column, fitted by least squares on the training part: a loss of cosines leaves both free
 */
import type { SequenceSet } from "../data/sequence/task.ts";
import { exponential, logarithm, placeOfLargest } from "../engine/elementary.ts";
import type { SequenceBsd } from "./sequence.ts";

/**
 * Reconstructs windows and shows each row.
 *
 * @param starts first positions of the windows
 * @param visit gets a row of `inputs.width` values, valid during the call, its position, and its place: window * positions a window + place in the window
 * @example
 * reconstructWindows(learner, set, windowStarts(set.parts.test, 32, 32), (row, position) => {
 *   console.log(position, row.indexOf(Math.max(...row)));
 * });
 */
export function reconstructWindows(
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
    const { view, stride } = learner.reconstruct();
    for (let b = 0; b < count; b++) {
      for (let n = 0; n < window; n++) {
        const at = (n * count + b) * stride;
        visit(view.subarray(at, at + width), starts[from + b]! + n, (from + b) * window + n);
      }
    }
  }
}

/** Turns a reconstructed row r of symbols into scores: scale (r_c - mean_c) / |r - mean| + ln f_c, f being the symbols' shares. */
export interface SymbolFit {
  /** Mean reconstructed row, [symbol]. */
  readonly mean: Float64Array;
  /** From 0 up. */
  readonly scale: number;
  /** ln f, [symbol]; symbols that do not occur count as one occurrence. */
  readonly logShares: Float64Array;
}

/** Windows that a fit of symbols looks at, at most: evenly chosen ones say as much as all. */
const FITTED_WINDOWS = 256;

/**
 * The fit over windows of the training part; undefined where rows are not centred while learning, which stand as they are.
 *
 * @param starts first positions of the windows; of more than 256 every n-th is looked at
 * @param centred whether rows are centred while learning: `rule.centred`
 * @example
 * const starts = windowStarts(set.parts.test, 32, 32);
 * const fit = fitSymbols(learner, set, sequence.windows.train, true);
 * decodeSymbols(reconstructSymbols(learner, set, starts, fit), alphabet);
 */
export function fitSymbols(
  learner: SequenceBsd,
  set: SequenceSet,
  starts: Int32Array,
  centred: boolean,
): SymbolFit | undefined {
  if (!centred || set.inputs.kind !== "symbols") return undefined;
  const { symbols, width } = set.inputs;
  const step = Math.ceil(starts.length / FITTED_WINDOWS);
  const some = starts.filter((_, k) => k % step === 0);
  const count = some.length * learner.window;
  const [rows, truth] = [new Float32Array(count * width), new Uint16Array(count)];
  const mean = new Float64Array(width);
  const shares = new Float64Array(width);
  reconstructWindows(learner, set, some, (row, position, place) => {
    rows.set(row, place * width);
    truth[place] = symbols[position]!;
    for (let c = 0; c < width; c++) mean[c]! += row[c]! / count;
  });
  for (const start of starts) for (let n = 0; n < learner.window; n++) shares[symbols[start + n]!]!++;
  const logShares = shares.map((share) => logarithm(Math.max(1, share) / (starts.length * learner.window)));
  const directions = Array.from({ length: count }, (_, k) =>
    directionOf(rows.subarray(k * width, (k + 1) * width), mean),
  );
  return { mean, logShares, scale: likeliestScale(directions, truth, logShares) };
}

/** (r - m) / |r - m|; zeros where r is m. */
function directionOf(row: Float32Array, mean: Float64Array): Float64Array {
  const away = mean.map((value, c) => row[c]! - value);
  const length = Math.sqrt(away.reduce((sum, value) => sum + value * value, 0));
  return length > 0 ? away.map((value) => value / length) : away;
}

/** Largest scale: beyond it a softmax is a maximum. */
const MOST_SCALE = 1000;
const NEWTON_STEPS = 30;

/** Maximum likelihood of softmax(scale direction + logShares), which is concave in the scale, by Newton's method; at least 0. */
function likeliestScale(directions: readonly Float64Array[], truth: Uint16Array, logShares: Float64Array): number {
  let scale = 1;
  for (let step = 0; step < NEWTON_STEPS; step++) {
    let [slope, curvature] = [0, 0];
    for (const [k, direction] of directions.entries()) {
      const logits = direction.map((value, c) => scale * value + logShares[c]!);
      const most = logits.reduce((a, b) => Math.max(a, b));
      let [sum, first, second] = [0, 0, 0];
      for (const [c, logit] of logits.entries()) {
        const weight = exponential(logit - most);
        sum += weight;
        first += weight * direction[c]!;
        second += weight * direction[c]! * direction[c]!;
      }
      slope += direction[truth[k]!]! - first / sum;
      curvature += second / sum - (first / sum) ** 2;
    }
    const next = curvature > 0 ? Math.min(MOST_SCALE, Math.max(0, scale + slope / curvature)) : scale;
    if (Math.abs(next - scale) < 1e-6 * scale || next === scale) return next;
    scale = next;
  }
  return scale;
}

/**
 * Reconstructed symbols of windows, [window][position].
 *
 * @param starts first positions of the windows
 * @param fit as `fitSymbols` gives it
 */
export function reconstructSymbols(
  learner: SequenceBsd,
  set: SequenceSet,
  starts: Int32Array,
  fit: SymbolFit | undefined,
): Uint16Array {
  const symbols = new Uint16Array(starts.length * learner.window);
  reconstructWindows(learner, set, starts, (row, _, place) => {
    symbols[place] = placeOfLargest(fit ? scoresOf(row, fit) : row);
  });
  return symbols;
}

function scoresOf(row: Float32Array, { mean, scale, logShares }: SymbolFit): Float64Array {
  return directionOf(row, mean).map((value, c) => scale * value + logShares[c]!);
}

/** Turns a reconstructed column r into standardised values: scale r + offset. */
export interface ColumnFit {
  readonly scale: number;
  readonly offset: number;
}

/**
 * The fit of each input column over windows of the training part, by least squares; scale 0 for a column that recall always draws alike.
 *
 * @param starts first positions of the windows
 * @example
 * const fits = fitColumns(learner, set, sequence.windows.train);
 * reconstructValues(learner, set, windowStarts(set.parts.test, 32, 32), fits);
 */
export function fitColumns(learner: SequenceBsd, set: SequenceSet, starts: Int32Array): ColumnFit[] {
  const columns = Array.from({ length: set.inputs.width }, () => new Moments());
  eachPair(learner, set, starts, (drawn, truth, column) => columns[column]!.add(drawn, truth));
  return columns.map((moments) => moments.fit());
}

/**
 * Reconstructed values of windows, standardised, [window][position][column].
 *
 * @param starts first positions of the windows
 * @param fits one an input column, as `fitColumns` gives them
 */
export function reconstructValues(
  learner: SequenceBsd,
  set: SequenceSet,
  starts: Int32Array,
  fits: readonly ColumnFit[],
): Float32Array {
  const { width } = set.inputs;
  const values = new Float32Array(starts.length * learner.window * width);
  reconstructWindows(learner, set, starts, (row, _, place) => {
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
  reconstructWindows(learner, set, starts, (row, position) => {
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
