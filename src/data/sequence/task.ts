/**
 * What a recurrent pair learns from: elements in their order, one a position, each with a target.
 *
 * | task | stimulus at n | target at n | horizon |
 * |---|---|---|---|
 * | next | symbol n | symbol n + 1 | 1 |
 * | regression | all columns but the targets, row n | target columns, row n | 0 |
 * | forecast | all columns, row n | target columns, row n + horizon | 1 or more |
 *
 * Inputs run `horizon` positions further than targets: the newest elements, whose targets are not known yet, are in no
 * part and serve to forecast beyond the end.
 */
import { BispikeError } from "../../errors.ts";
import type { FileRecord } from "../dataset.ts";
import { columnsOf } from "./columns.ts";
import {
  type ColumnStatistics,
  columnStatistics,
  divide,
  type PartOptions,
  type Range,
  type SeriesData,
  type Standardise,
  standardise,
} from "./series.ts";
import type { Alphabet, Newline, TextData } from "./text.ts";

export type { Range } from "./series.ts";

/** One element a position; position n's input and target are at index n. */
export type SequenceInputs =
  /** One-hot: `width` is the size of the alphabet. */
  | { readonly kind: "symbols"; readonly width: number; readonly symbols: Uint16Array }
  /** [position][width], standardised. */
  | { readonly kind: "values"; readonly width: number; readonly values: Float32Array };

/** What is to be said at each position. */
export type SequenceTargets =
  | { readonly kind: "symbols"; readonly width: number; readonly symbols: Uint16Array }
  /** [position][width], standardised. */
  | { readonly kind: "values"; readonly width: number; readonly values: Float32Array };

/** Elements, their targets, and which positions are trained on, held out and tested. */
export interface SequenceSet {
  readonly name: string;
  readonly inputs: SequenceInputs;
  readonly targets: SequenceTargets;
  readonly parts: { readonly train: Range; readonly validation: Range; readonly test: Range };
}

/** A set of standardised values, with what turns them back. */
export interface SeriesSet {
  readonly set: SequenceSet;
  /** Names of the columns that are inputs, in the order of the input's values. */
  readonly inputs: readonly string[];
  /** Names of the target columns, in the order of the target's values. */
  readonly targets: readonly string[];
  /** One entry a column of the series. */
  readonly statistics: ColumnStatistics;
}

/** How a series is divided and standardised. */
export interface SeriesOptions extends PartOptions {
  /** Whose mean and standard deviation are used; default "train". */
  readonly standardise?: Standardise | undefined;
  /** Statistics to use instead of computing them: those a network was trained with. */
  readonly statistics?: ColumnStatistics | undefined;
}

/**
 * Next-symbol prediction: the target of every symbol is the one after it.
 *
 * @throws BispikeError "config" for impossible parts
 * @example
 * const set = nextSymbol(textOf("alice", "Alice was beginning to get very tired"), { validation: 0 });
 */
export function nextSymbol(text: TextData, options: PartOptions = {}): SequenceSet {
  const { alphabet, symbols, name } = text;
  const width = alphabet.length;
  return {
    name,
    inputs: { kind: "symbols", width, symbols },
    targets: { kind: "symbols", width, symbols: symbols.subarray(1) },
    parts: divide(symbols.length, 1, options).parts,
  };
}

/**
 * Same-time regression: target columns from the other columns of the same row.
 *
 * @param targets names or places of the target columns; default the last column
 * @throws BispikeError "config" for an unknown column, none left as input, or impossible parts; "data" for values that
 *   cannot be standardised
 * @example
 * const { set } = regression(series, ["OT"]);
 */
export function regression(
  series: SeriesData,
  targets?: readonly (string | number)[],
  options: SeriesOptions = {},
): SeriesSet {
  const wanted = targetColumns(series, targets);
  const inputs = series.columns.map((_, column) => column).filter((column) => !wanted.includes(column));
  if (inputs.length === 0) {
    throw new BispikeError(
      "config",
      `${series.name}: regression: expected a column beside the targets as input, got ${series.columns.length} ` +
        "columns, all of them targets; choose fewer targets, or forecast them",
    );
  }
  return seriesSet(series, inputs, wanted, 0, options);
}

/**
 * Forecast: target columns `horizon` rows later from all columns of a row, the targets' own present values included.
 *
 * @param targets names or places of the target columns; default the last column
 * @param horizon rows ahead, 1 or more; default 1
 * @throws BispikeError "config" for an unknown column, a bad horizon or impossible parts; "data" for values that cannot
 *   be standardised
 * @example
 * const { set } = forecast(series, ["OT"], 24); // a day ahead of hourly values
 */
export function forecast(
  series: SeriesData,
  targets?: readonly (string | number)[],
  horizon = 1,
  options: SeriesOptions = {},
): SeriesSet {
  if (!Number.isInteger(horizon) || horizon < 1) {
    throw new BispikeError("config", `forecast: expected a horizon of 1 row or more, got ${horizon}`);
  }
  const inputs = series.columns.map((_, column) => column);
  return seriesSet(series, inputs, targetColumns(series, targets), horizon, options);
}

function targetColumns(series: SeriesData, targets: readonly (string | number)[] | undefined): readonly number[] {
  return columnsOf(series.columns, targets ?? [series.columns.length - 1], `${series.name}: targets`);
}

function seriesSet(
  series: SeriesData,
  inputs: readonly number[],
  targets: readonly number[],
  horizon: number,
  options: SeriesOptions,
): SeriesSet {
  const { parts, trained } = divide(series.length, horizon, options);
  const whole = { from: 0, to: series.length };
  const statistics =
    options.statistics ?? columnStatistics(series, (options.standardise ?? "train") === "all" ? whole : trained);
  const later = { from: horizon, to: series.length };
  return {
    set: {
      name: series.name,
      inputs: { kind: "values", width: inputs.length, values: standardise(series, inputs, whole, statistics) },
      targets: { kind: "values", width: targets.length, values: standardise(series, targets, later, statistics) },
      parts,
    },
    inputs: inputs.map((column) => series.columns[column]!),
    targets: targets.map((column) => series.columns[column]!),
    statistics,
  };
}

// One element of a sequence by itself, as it comes where sequences are gone through element by element.

/** A symbol's number, or a row of standardised values. */
export type Element = number | ArrayLike<number>;

/** What elements are: one of `width` symbols, or `width` values. */
export interface ElementKind {
  readonly kind: SequenceInputs["kind"];
  /** Size of the alphabet, or values a row. */
  readonly width: number;
}

/**
 * Refuses what is no element of this kind.
 *
 * @param what "element" or "target", for the message
 * @throws BispikeError "usage" for a symbol that is not from 0 to width - 1, a row of another length, or a value that is not finite
 * @example
 * checkElement({ kind: "symbols", width: 27 }, 3, "element");
 */
export function checkElement({ kind, width }: ElementKind, element: Element, what: string): void {
  if (kind === "symbols") {
    if (typeof element === "number" && Number.isInteger(element) && element >= 0 && element < width) return;
    const got = typeof element === "number" ? String(element) : "a row of values";
    throw new BispikeError("usage", `${what}: expected a symbol from 0 to ${width - 1}, got ${got}`);
  }
  if (typeof element !== "object" || element === null || element.length !== width) {
    const row = typeof element === "object" && element !== null;
    const got = typeof element === "number" ? "a number" : String(row ? element.length : element);
    throw new BispikeError("usage", `${what}: expected a row of ${width} values, got ${got}`);
  }
  for (let i = 0; i < width; i++) {
    if (!Number.isFinite(element[i]))
      throw new BispikeError("usage", `${what}: expected finite values, got ${element[i]} at ${i}`);
  }
}

/** What a network needs to know of the data it was trained on: plain JSON, to be stored with it. */

interface CommonSummary {
  readonly name: string;
  /** Elements read: characters or rows. */
  readonly length: number;
  /** Positions of each part. */
  readonly parts: { readonly train: Range; readonly validation: Range; readonly test: Range };
  /** Positions of a window. */
  readonly window: number;
  /** Positions from one training window's start to the next. */
  readonly stride: number;
  /** The file read; none when the data came as bytes. */
  readonly provenance: readonly FileRecord[];
}

/** What a checkpoint keeps of a text. */
export interface TextSummary extends CommonSummary {
  readonly kind: "text";
  readonly task: "next";
  readonly alphabet: Alphabet;
  readonly newline: Newline;
}

/** What a checkpoint keeps of a series. */
export interface SeriesSummary extends CommonSummary {
  readonly kind: "series";
  readonly task: "regression" | "forecast";
  /** All columns used; `mean`, `std` are theirs. */
  readonly columns: readonly string[];
  /** Names of the columns that are inputs. */
  readonly inputs: readonly string[];
  /** Names of the target columns. */
  readonly targets: readonly string[];
  /** Rows from an input to its target; 0 for regression. */
  readonly horizon: number;
  /** "all" leaks: the statistics are of the whole series, the test part included. */
  readonly standardise: Standardise;
  /** Of each of `columns`, in original units. */
  readonly mean: readonly number[];
  /** Population standard deviation of each of `columns`, in original units; 1 where it is constant. */
  readonly std: readonly number[];
  /** Columns that were constant in the rows used for the statistics; their std is given as 1. */
  readonly constant: readonly string[];
  /** Number of missing values that were filled in. */
  readonly filled: number;
  /** How they were filled in. */
  readonly fill: "error" | "interpolate" | "previous";
  /** First and last time of the rows, or null. */
  readonly span: readonly [string, string] | null;
}

/** What a checkpoint keeps of the data. */
export type SequenceSummary = TextSummary | SeriesSummary;

/**
 * Mean and standard deviation of the target columns, for `restore`.
 *
 * @example
 * const { mean, std } = targetStatistics(about);
 * const degrees = restore(predicted, mean, std);
 */
export function targetStatistics(about: SeriesSummary): { readonly mean: number[]; readonly std: number[] } {
  const places = about.targets.map((name) => about.columns.indexOf(name));
  return { mean: places.map((place) => about.mean[place]!), std: places.map((place) => about.std[place]!) };
}
