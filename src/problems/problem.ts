/**
 * A problem says what learning is for: which items an epoch goes through, what a step learns from them, what is summed up of an epoch and how the validation part is scored.
 *
 * There are three: `classify` (image → class), `sequence` (text or series → what follows) and `autoencode` (image → image). The training loop and its checkpoints know this interface alone.
 */
import type { Slot } from "../nets/parameters.ts";
import type { AdamW } from "../rules/optimiser.ts";
import type { LearningRates, StageReport } from "../rules/rule.ts";

export type ProblemName = "classify" | "sequence" | "autoencode";

/** The types that belong to a problem. */
export interface ProblemKind {
  /** What a step of its rules tells. */
  readonly report: StageReport;
  /** What is summed up over the batches of an epoch; part of a checkpoint. */
  readonly sums: Sums;
  /** What is measured of the validation part. */
  readonly measured: object;
  /** Throughput of a step's line, such as images a second. */
  readonly speed: Readonly<Record<string, number>>;
  /** The problem's own figures of an epoch's line. */
  readonly figures: object;
}

export type Sums = Readonly<Record<string, number | readonly number[]>>;

/** What each of an epoch's sums must be, for readers of checkpoints. */
export type SumsShape = Readonly<Record<string, "count" | "number" | "numbers">>;

/** Firing to be judged at an epoch's end: firing rates of hidden stages, and the share of perception's dead neurons where it is counted. */
export interface Firing {
  readonly perception: readonly number[];
  readonly recall: readonly number[];
  readonly dead?: readonly number[];
}

export interface Problem<K extends ProblemKind = ProblemKind> {
  readonly name: ProblemName;
  /** What an epoch goes through in random order: image indices, or first positions of windows. */
  readonly items: Int32Array;
  /** Which items of an epoch's order its k-th batch takes, of `batches` batches of `size`. */
  batchAt(k: number, items: number, size: number, batches: number): { readonly from: number; readonly count: number };
  /** One update from order[from .. from + count). `counter` numbers the batch over the whole training. */
  step(order: Int32Array, from: number, count: number, counter: number, learningRates: LearningRates): K["report"];
  /** Throughput, from the batches a second. */
  speed(batchesPerSecond: number, itemsPerBatch: number): K["speed"];
  /** The sums of no batch. */
  readonly nothing: K["sums"];
  /** The sums with a batch of `count` items. */
  add(sums: K["sums"], report: K["report"], count: number): K["sums"];
  /** Measures the validation part; null where nothing is held out. */
  measure(pause?: () => Promise<void>): Promise<K["measured"] | null>;
  /** The higher the better: accuracy, or minus a mean squared error; null where there is none. */
  score(measured: K["measured"]): number | null;
  /** The problem's figures of an epoch. */
  figures(sums: K["sums"], measured: K["measured"] | null): K["figures"];
  /** The firing that an epoch's warnings are about; undefined before the first step. */
  firing(sums: K["sums"], report: K["report"] | undefined): Firing | undefined;
  /** The nets' state; with `optimiser` all that training needs to go on. */
  slots(optimiser: boolean): Iterable<Slot>;
  readonly optimiser: AdamW;
}

/** The k-th of an epoch's batches, as equal as can be: the norm's statistics of a small rest would be poor, and its samples would have few others to be told from. */
export function evenBatch(k: number, items: number, batches: number): { from: number; count: number } {
  const from = Math.floor((k * items) / batches);
  return { from, count: Math.floor(((k + 1) * items) / batches) - from };
}

/**
 * The k-th of an epoch's batches of `size`, all full but the last. A last one of a single image would have no others to be told from, and no spread for the norm to see: it takes half of
 * the batch before.
 */
export function fullBatch(k: number, items: number, size: number): { from: number; count: number } {
  const last = Math.ceil(items / size) - 1;
  const moved = last > 0 && items - last * size === 1 ? Math.floor(size / 2) : 0;
  const ends = (batch: number) => (batch >= last ? items : (batch + 1) * size - (batch === last - 1 ? moved : 0));
  const from = k === 0 ? 0 : ends(k - 1);
  return { from, count: ends(k) - from };
}
