/**
 * How well a net predicts a part of a sequence. Every position of the part counts once: windows side by side (training windows of a series overlap,
 * these do not), their first positions included, though the net knows nothing of the past there.
 *
 *   characters   accuracy: share of positions whose largest logit is the target's      bits a character: mean of -log2 softmax(logits)[target]
 *   values       mean squared and absolute errors, see value-errors.ts
 */
import { type SequenceSummary, targetStatistics } from "../data/sequence/summary.ts";
import type { Range, SequenceSet } from "../data/sequence/task.ts";
import { exponential, logarithm } from "../engine/elementary.ts";
import { placeOfLargest } from "../engine/largest.ts";
import type { SequenceLearner } from "../rules/rule.ts";
import { SpikingLearner } from "../rules/sequence-learners.ts";
import { coverOnce } from "./sequence-windows.ts";
import { ErrorSums, type ValueFigures } from "./value-errors.ts";

interface Counted {
  /** Positions counted. */
  readonly positions: number;
  /** Firing rate of each hidden stage of perception; empty for nets that do not spike. */
  readonly rates: readonly number[];
}

/** What a pass over a text measured. */
export interface CharacterEvaluation extends Counted {
  readonly kind: "characters";
  /** 0..1. */
  readonly accuracy: number;
  readonly bits: number;
}

export interface ValueEvaluation extends Counted, ValueFigures {
  readonly kind: "values";
}

/** What a pass over a sequence measured. */
export type SequenceEvaluation = CharacterEvaluation | ValueEvaluation;

/** The higher the better: accuracy, or minus the mean squared error of standardised values. */
export function scoreOf(measured: SequenceEvaluation): number {
  return measured.kind === "characters" ? measured.accuracy : -measured.mse;
}

/**
 * Evaluates on the positions of a range, of a window or more.
 *
 * @param about the summary of the set
 * @param pause awaited between batches; may throw to give up
 * @example
 * const measured = await evaluateSequence(learner, set, about, set.parts.test);
 * console.log(measured.kind === "characters" ? measured.accuracy : measured.mse);
 */
export async function evaluateSequence(
  learner: SequenceLearner,
  set: SequenceSet,
  about: SequenceSummary,
  range: Range,
  pause?: () => Promise<void>,
): Promise<SequenceEvaluation> {
  const { window, maxRows } = learner;
  const { starts, skip } = coverOnce(range, window);
  const { targets } = set;
  const characters = new CharacterSums(targets.width);
  const values = new ErrorSums(targets.width);
  const rates: number[] = [];
  for (let from = 0; from < starts.length; from += maxRows) {
    const count = Math.min(maxRows, starts.length - from);
    learner.load(set, starts, from, count);
    const { view, stride } = learner.predict();
    for (let row = 0; row < count; row++) {
      for (let n = skip[from + row]!; n < window; n++) {
        const at = (n * count + row) * stride;
        const position = starts[from + row]! + n;
        if (targets.kind === "symbols") characters.add(view, at, targets.symbols[position]!);
        else values.add(view, at, targets.values, position * targets.width);
      }
    }
    for (const [k, rate] of firingRates(learner).entries()) rates[k] = (rates[k] ?? 0) + rate * count;
    await pause?.();
  }
  const counted = { positions: range.to - range.from, rates: rates.map((sum) => sum / starts.length) };
  if (about.kind === "text") return { kind: "characters", ...characters.means(), ...counted };
  return { kind: "values", ...values.figures(about.targets, targetStatistics(about).std), ...counted };
}

/** Mean firing rate of each hidden stage over the windows predicted last. */
function firingRates(learner: SequenceLearner): number[] {
  if (!(learner instanceof SpikingLearner)) return [];
  return learner.pair.perception.map((layer) => {
    const rates = layer.rates();
    return rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  });
}

class CharacterSums {
  readonly #width: number;
  #right = 0;
  #nats = 0;
  #positions = 0;

  constructor(width: number) {
    this.#width = width;
  }

  add(logits: Float32Array, at: number, target: number): void {
    const best = placeOfLargest(logits, at, this.#width);
    const most = logits[at + best]!;
    let sum = 0;
    for (let c = at; c < at + this.#width; c++) sum += exponential(logits[c]! - most);
    this.#nats += logarithm(sum) - (logits[at + target]! - most);
    if (best === target) this.#right++;
    this.#positions++;
  }

  means(): { accuracy: number; bits: number } {
    return { accuracy: this.#right / this.#positions, bits: this.#nats / this.#positions / Math.LN2 };
  }
}
