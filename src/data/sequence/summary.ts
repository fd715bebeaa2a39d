/** What a network needs to know of the data it was trained on: plain JSON, to be stored with it. */
import type { FileRecord } from "../dataset.ts";
import type { Range } from "./parts.ts";
import type { Standardise } from "./standardise.ts";
import type { Alphabet, Newline } from "./text.ts";

interface CommonSummary {
  readonly name: string;
  /** Elements read: characters or rows. */
  readonly length: number;
  /** Positions of each part. */
  readonly parts: { readonly train: Range; readonly heldOut: Range; readonly test: Range };
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
