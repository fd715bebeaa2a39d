/** Autoencoders as the training loop sees them: images in random order, and how well the held-out ones are redrawn at an epoch's end. */
import type { AutoencoderReport } from "../../learning/autoencoder/learner.ts";
import type { Rates } from "../../learning/rule.ts";
import { redrawnErrors } from "../../measurement/redrawn-images.ts";
import type { Network } from "../../network/autoencoder/pair.ts";
import type { TrainConfig } from "../config.ts";
import { healthWarnings, remediesOf } from "../metrics.ts";
import { assertSameTraining } from "../same-training.ts";
import { importSlots } from "../slots.ts";
import { evenBatch, stepFigures } from "../steps.ts";
import type { Place, StepMoment, Trainable, TrainableKind } from "../trainable.ts";
import { type AutoencoderCheckpoint, type AutoencoderSums, encodeAutoencoderCheckpoint } from "./checkpoint.ts";
import type { AutoencoderExperimentParts } from "./experiment.ts";
import type { AutoencoderEpochMetrics, AutoencoderStepMetrics } from "./metrics.ts";

export interface AutoencoderKind extends TrainableKind {
  readonly report: AutoencoderReport;
  readonly step: AutoencoderStepMetrics;
  readonly epoch: AutoencoderEpochMetrics;
  readonly checkpoint: AutoencoderCheckpoint;
}

const NOTHING: AutoencoderSums = {
  images: 0,
  loss: 0,
  perceptionLoss: 0,
  recallLoss: 0,
  silent: [],
  perceptionRates: [],
  recallRates: [],
};

export class AutoencoderTask implements Trainable<AutoencoderKind> {
  declare readonly kind?: AutoencoderKind;
  readonly #experiment: AutoencoderExperimentParts;
  #sums: AutoencoderSums = NOTHING;

  constructor(experiment: AutoencoderExperimentParts) {
    this.#experiment = experiment;
  }

  get train(): TrainConfig {
    return this.#experiment.config.train;
  }

  get items(): Int32Array {
    return this.#experiment.trainIndices;
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

  step(order: Int32Array, from: number, count: number, _counter: number, rates: Rates): AutoencoderReport {
    // An epoch begins with nothing summed up, also after a run that was stopped in another.
    if (from === 0) this.#sums = NOTHING;
    const { model, dataset } = this.#experiment;
    model.load(dataset.train, order, from, count);
    const report = model.learner.step(count, rates);
    const sums = this.#sums;
    const add = (sum: readonly number[], values: readonly number[]) =>
      values.map((value, k) => (sum[k] ?? 0) + value * count);
    this.#sums = {
      images: sums.images + count,
      loss: sums.loss + report.loss * count,
      perceptionLoss: sums.perceptionLoss + report.stageLosses.at(-1)! * count,
      recallLoss: sums.recallLoss + report.stageLosses[0]! * count,
      silent: add(sums.silent, report.silent),
      perceptionRates: add(sums.perceptionRates, report.perceptionRates),
      recallRates: add(sums.recallRates, report.recallRates),
    };
    return report;
  }

  stepLine(report: AutoencoderReport, moment: StepMoment): AutoencoderStepMetrics {
    const { batchesPerSecond, seconds } = moment;
    return {
      ...stepFigures(report, moment),
      imagesPerSecond: (batchesPerSecond * this.items.length) / this.stepsPerEpoch,
      seconds,
    };
  }

  async endEpoch(
    { epoch, step }: { epoch: number; step: number },
    seconds: () => number,
    pause?: () => Promise<void>,
  ): Promise<{ score: number | null; line: AutoencoderEpochMetrics }> {
    const { model, dataset, heldOutIndices, config } = this.#experiment;
    const remedies = remediesOf(config);
    const sums = this.#sums;
    this.#sums = NOTHING;
    const { redrawers } = model.learner;
    const errors =
      heldOutIndices.length > 0 ? await redrawnErrors(model, dataset.train, heldOutIndices, redrawers, pause) : [];
    const errorOf = (by: Network) => errors[redrawers.indexOf(by)] ?? null;
    const [perception, recall] = [errorOf("perception"), errorOf("recall")];
    const mean = (values: readonly number[]) => values.map((value) => value / sums.images);
    const [perceptionRates, recallRates] = [mean(sums.perceptionRates), mean(sums.recallRates)];
    const line: AutoencoderEpochMetrics = {
      kind: "epoch",
      epoch,
      step,
      heldOutPerceptionMse: perception,
      heldOutRecallMse: recall,
      heldOutPerceptionPsnr: decibels(perception),
      heldOutRecallPsnr: decibels(recall),
      trainLoss: sums.loss / sums.images,
      trainPerceptionLoss: sums.perceptionLoss / sums.images,
      trainRecallLoss: sums.recallLoss / sums.images,
      perceptionRates,
      recallRates,
      warnings: [
        ...healthWarnings("perception", perceptionRates, remedies, mean(sums.silent)),
        ...healthWarnings("recall", recallRates, remedies),
      ],
      seconds: seconds(),
    };
    return { score: perception === null ? null : -perception, line };
  }

  encode({ step, epoch, batch, best }: Place, which: "last" | "best"): Uint8Array {
    const { model, config } = this.#experiment;
    const position = { step, epoch, batch, best, sums: this.#sums };
    return encodeAutoencoderCheckpoint(
      model.learner,
      { config, data: model.data, position },
      { optimiser: which === "last" },
    );
  }

  restore(checkpoint: AutoencoderCheckpoint): Place {
    const { config, model } = this.#experiment;
    assertSameTraining({ config, data: model.data }, checkpoint);
    const { learner } = model;
    const { tensors, position } = checkpoint;
    importSlots(learner.slots(true), tensors);
    learner.optimiser.steps = position.step;
    const { sums, ...place } = position;
    this.#sums = sums;
    return place;
  }
}

/** Peak signal-to-noise ratio of a mean squared error where the peak is 1; null for none, and for no error at all, whose ratio is infinite. */
function decibels(error: number | null): number | null {
  return error === null || error === 0 ? null : -10 * Math.log10(error);
}
