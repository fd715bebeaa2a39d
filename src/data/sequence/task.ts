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
import { columnsOf } from "./columns.ts";
import { divide, type PartOptions, type Range } from "./parts.ts";
import type { SeriesData } from "./series.ts";
import { type ColumnStatistics, columnStatistics, type Standardise, standardise } from "./standardise.ts";
import type { TextData } from "./text.ts";

export type { Range } from "./parts.ts";

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
  readonly parts: { readonly train: Range; readonly heldOut: Range; readonly test: Range };
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
 * const set = nextSymbol(textOf("alice", "Alice was beginning to get very tired"), { heldOut: 0 });
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
