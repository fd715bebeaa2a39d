/** Sequences as the training loop sees them: windows in random order, and what the held-out part says at an epoch's end. */

import type { Rates } from "../../learning/rule.ts";
import type { SequenceStepReport } from "../../learning/sequence/learner.ts";
import { evaluateSequence, type SequenceEvaluation, scoreOf } from "../../measurement/sequence.ts";
import type { TrainConfig } from "../config.ts";
import { healthWarnings, remediesOf } from "../metrics.ts";
import { assertSameTraining } from "../same-training.ts";
import { importSlots } from "../slots.ts";
import { evenBatch, stepFigures } from "../steps.ts";
import type { Place, StepMoment, Trainable, TrainableKind } from "../trainable.ts";
import { encodeSequenceCheckpoint, type SequenceCheckpoint, type SequenceSums } from "./checkpoint.ts";
import type { SequenceExperimentParts } from "./experiment.ts";
import type { SequenceEpochMetrics, SequenceStepMetrics } from "./metrics.ts";

export interface SequenceKind extends TrainableKind {
  readonly report: SequenceStepReport;
  readonly step: SequenceStepMetrics;
  readonly epoch: SequenceEpochMetrics;
  readonly checkpoint: SequenceCheckpoint;
}

const NOTHING: SequenceSums = { loss: 0, topLoss: 0, correct: 0, positions: 0 };

export class SequenceTask implements Trainable<SequenceKind> {
  declare readonly kind?: SequenceKind;
  readonly #experiment: SequenceExperimentParts;
  #sums: SequenceSums = NOTHING;
  #lastReport: SequenceStepReport | undefined;

  constructor(experiment: SequenceExperimentParts) {
    this.#experiment = experiment;
  }

  get train(): TrainConfig {
    return this.#experiment.config.train;
  }

  get items(): Int32Array {
    return this.#experiment.sequence.windows.train;
  }

  get stepsPerEpoch(): number {
    return this.#experiment.stepsPerEpoch;
  }

  get totalSteps(): number {
    return this.#experiment.totalSteps;
  }

  batchAt(k: number): { from: number; count: number } {
    return evenBatch(k, this.items.length, this.stepsPerEpoch);
  }

  step(order: Int32Array, from: number, count: number, _counter: number, rates: Rates): SequenceStepReport {
    // An epoch begins with nothing summed up, also after a run that was stopped in another.
    if (from === 0) this.#sums = NOTHING;
    const { learner, sequence } = this.#experiment;
    learner.load(sequence.set, order, from, count);
    const report = learner.step(rates);
    const { loss, topLoss, correct, positions } = this.#sums;
    this.#sums = {
      loss: loss + report.loss * report.positions,
      topLoss: topLoss + report.stageLosses.at(-1)! * report.positions,
      correct: correct + report.correct,
      positions: positions + report.positions,
    };
    this.#lastReport = report;
    return report;
  }

  stepLine(report: SequenceStepReport, moment: StepMoment): SequenceStepMetrics {
    const { batchesPerSecond, seconds } = moment;
    return {
      ...stepFigures(report, moment),
      positionsPerSecond: batchesPerSecond * (this.items.length / this.stepsPerEpoch) * this.#experiment.learner.window,
      seconds,
    };
  }

  async endEpoch(
    { epoch, step }: { epoch: number; step: number },
    seconds: () => number,
    pause?: () => Promise<void>,
  ): Promise<{ score: number | null; line: SequenceEpochMetrics }> {
    const { learner, sequence } = this.#experiment;
    const { set, about, windows } = sequence;
    const measured =
      windows.heldOut.length > 0 ? await evaluateSequence(learner, set, about, set.parts.heldOut, pause) : null;
    const sums = this.#sums;
    this.#sums = NOTHING;
    const report = this.#lastReport;
    const remedies = remediesOf(this.#experiment.config);
    const warnings = report
      ? [
          ...healthWarnings("perception", report.perceptionRates, remedies),
          ...healthWarnings("recall", report.recallRates, remedies),
        ]
      : [];
    const line: SequenceEpochMetrics = {
      kind: "epoch",
      epoch,
      step,
      ...this.#figures(sums, measured),
      rates: measured?.rates ?? [],
      warnings,
      seconds: seconds(),
    };
    return { score: measured && scoreOf(measured), line };
  }

  #figures({ loss, topLoss, correct, positions }: SequenceSums, measured: SequenceEvaluation | null) {
    const trainLoss = loss / positions;
    if (this.#experiment.sequence.about.kind === "text") {
      const held = measured?.kind === "characters" ? measured : null;
      return {
        heldOutAccuracy: held?.accuracy ?? null,
        heldOutBits: held?.bits ?? null,
        trainLoss,
        trainAccuracy: correct / positions,
        trainBits: topLoss / positions / Math.LN2,
      };
    }
    const held = measured?.kind === "values" ? measured : null;
    return { heldOutMse: held?.mse ?? null, heldOutMae: held?.mae ?? null, trainLoss, trainMse: topLoss / positions };
  }

  encode({ step, epoch, batch, best }: Place, which: "last" | "best"): Uint8Array {
    const { learner, config, sequence } = this.#experiment;
    const position = { step, epoch, batch, sums: this.#sums, best };
    return encodeSequenceCheckpoint(
      learner,
      { config, data: sequence.about, position },
      { optimiser: which === "last" },
    );
  }

  restore(checkpoint: SequenceCheckpoint): Place {
    const { learner, config, sequence } = this.#experiment;
    assertSameTraining({ config, data: sequence.about }, checkpoint);
    const { tensors, position } = checkpoint;
    importSlots(learner.slots(true), tensors);
    learner.optimiser.steps = position.step;
    this.#sums = position.sums;
    const { step, epoch, batch, best } = position;
    return { step, epoch, batch, best };
  }
}
