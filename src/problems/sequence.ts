/** Text or series → what follows: windows in random order, and what the validation part says at an epoch's end. */
import type { Sequence } from "../data/sequence/assemble.ts";
import { evaluateSequence, type SequenceEvaluation, scoreOf } from "../measure/sequence.ts";
import type { LearningRates, SequenceLearner, SequenceStepReport } from "../rules/rule.ts";
import { evenBatch, type Problem, type ProblemKind, type SumsShape } from "./problem.ts";

/** Figures of a batch times its positions; decisions and positions are counts. */
export interface SequenceSums {
  readonly [key: string]: number;
  readonly loss: number;
  /** Of the top stage: nats, or squared errors. */
  readonly topLoss: number;
  readonly correct: number;
  readonly positions: number;
}

export const sequenceSums: SumsShape = { loss: "number", topLoss: "number", correct: "count", positions: "count" };

interface EpochFigures {
  /** Mean over the epoch's positions of the sum of all stages' losses. */
  readonly trainLoss: number;
  /** Firing rates of perception's hidden stages on the validation part, in evaluation, spikes a neuron and step; empty for nets that do not spike. */
  readonly rates: readonly number[];
}

/** An epoch's figures on a text; null where nothing is held out. */
export interface CharacterFigures extends EpochFigures {
  /** Share of right next characters, 0..1. */
  readonly validationAccuracy: number | null;
  /** Bits a character. */
  readonly validationBits: number | null;
  /** Share of right next characters while training, 0..1. */
  readonly trainAccuracy: number;
  /** Bits a character while training. */
  readonly trainBits: number;
}

/** An epoch's figures on a series, in standardised units; null where nothing is held out. */
export interface ValueFigures extends EpochFigures {
  /** Mean squared error on the validation part. */
  readonly validationMse: number | null;
  /** Mean absolute error there. */
  readonly validationMae: number | null;
  /** Mean squared error while training. */
  readonly trainMse: number;
}

export interface SequenceKind extends ProblemKind {
  readonly report: SequenceStepReport;
  readonly sums: SequenceSums;
  readonly measured: SequenceEvaluation;
  readonly speed: { readonly positionsPerSecond: number };
  readonly figures: CharacterFigures | ValueFigures;
}

/** A recurrent net with its rule and data. */
export interface SequenceParts {
  readonly learner: SequenceLearner;
  readonly sequence: Sequence;
}

export class SequenceProblem implements Problem<SequenceKind> {
  readonly name = "sequence";
  readonly nothing: SequenceSums = { loss: 0, topLoss: 0, correct: 0, positions: 0 };
  readonly #learner: SequenceLearner;
  readonly #sequence: Sequence;

  constructor({ learner, sequence }: SequenceParts) {
    this.#learner = learner;
    this.#sequence = sequence;
  }

  get items(): Int32Array {
    return this.#sequence.windows.train;
  }

  batchAt(k: number, items: number, _size: number, batches: number): { from: number; count: number } {
    return evenBatch(k, items, batches);
  }

  step(
    order: Int32Array,
    from: number,
    count: number,
    _counter: number,
    learningRates: LearningRates,
  ): SequenceStepReport {
    this.#learner.load(this.#sequence.set, order, from, count);
    return this.#learner.step(learningRates);
  }

  speed(batchesPerSecond: number, itemsPerBatch: number): { positionsPerSecond: number } {
    return { positionsPerSecond: batchesPerSecond * itemsPerBatch * this.#learner.window };
  }

  add({ loss, topLoss, correct, positions }: SequenceSums, report: SequenceStepReport): SequenceSums {
    return {
      loss: loss + report.loss * report.positions,
      topLoss: topLoss + report.stageLosses.at(-1)! * report.positions,
      correct: correct + report.correct,
      positions: positions + report.positions,
    };
  }

  async measure(pause?: () => Promise<void>): Promise<SequenceEvaluation | null> {
    const { set, about, windows } = this.#sequence;
    return windows.validation.length > 0
      ? evaluateSequence(this.#learner, set, about, set.parts.validation, pause)
      : null;
  }

  score(measured: SequenceEvaluation): number {
    return scoreOf(measured);
  }

  figures({ loss, topLoss, correct, positions }: SequenceSums, measured: SequenceEvaluation | null) {
    const trainLoss = loss / positions;
    const rates = measured?.rates ?? [];
    if (this.#sequence.about.kind === "text") {
      const held = measured?.kind === "characters" ? measured : null;
      return {
        validationAccuracy: held?.accuracy ?? null,
        validationBits: held?.bits ?? null,
        trainLoss,
        trainAccuracy: correct / positions,
        trainBits: topLoss / positions / Math.LN2,
        rates,
      };
    }
    const held = measured?.kind === "values" ? measured : null;
    return {
      validationMse: held?.mse ?? null,
      validationMae: held?.mae ?? null,
      trainLoss,
      trainMse: topLoss / positions,
      rates,
    };
  }

  firing(_sums: SequenceSums, report: SequenceStepReport | undefined) {
    return report && { perception: report.perceptionRates, recall: report.recallRates };
  }

  slots(optimiser: boolean) {
    return this.#learner.slots(optimiser);
  }

  get optimiser() {
    return this.#learner.optimiser;
  }
}
