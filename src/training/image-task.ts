/** Images as the training loop sees them: a batch of the model's stimulus and labels, decisions counted, accuracy on the held-out images. */
import type { Rates, StepReport } from "../learning/rule.ts";
import { evaluate } from "../measurement/evaluate.ts";
import { classMeans } from "../measurement/recalled.ts";
import { type Checkpoint, encodeCheckpoint, type Position } from "./checkpoint.ts";
import type { TrainConfig } from "./config.ts";
import type { ExperimentParts } from "./experiment.ts";
import { type EpochMetrics, healthWarnings, remediesOf, type StepMetrics } from "./metrics.ts";
import type { Observation } from "./observation.ts";
import { assertSameTraining } from "./same-training.ts";
import { importState } from "./state.ts";
import { fullBatch, stepFigures } from "./steps.ts";
import type { Place, StepMoment, Trainable, TrainableKind } from "./trainable.ts";

export interface ImageKind extends TrainableKind {
  readonly report: StepReport;
  readonly step: StepMetrics;
  readonly epoch: EpochMetrics;
  readonly checkpoint: Checkpoint;
}

type Sums = Position["sums"];
const NOTHING: Sums = { loss: 0, correct: 0, images: 0, silent: [] };

export class ImageTask implements Trainable<ImageKind> {
  declare readonly kind?: ImageKind;
  readonly #experiment: ExperimentParts;
  #sums: Sums = NOTHING;
  #lastReport: StepReport | undefined;
  #classMeans: Float32Array | undefined;
  #observation: Observation | undefined;

  constructor(experiment: ExperimentParts) {
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
    return fullBatch(k, this.items.length, this.train.batch);
  }

  step(order: Int32Array, from: number, count: number, counter: number, rates: Rates): StepReport {
    // An epoch begins with nothing summed up, also after a run that was stopped in another.
    if (from === 0) this.#sums = NOTHING;
    const { model, dataset, rule, taughtLabels, augmenter } = this.#experiment;
    const labels = Uint16Array.from({ length: count }, (_, k) => taughtLabels[order[from + k]!]!);
    const batch = { labels, counter };
    const observer = this.#experiment.observer?.isDue(counter) ? this.#experiment.observer : undefined;
    observer?.measure();
    model.load(dataset.train, order, from, count, augmenter && { augmenter, counter });
    observer?.compare(batch);
    const report = rule.step(batch, rates);
    this.#observation = observer?.observation(counter);
    const { loss, correct, images, silent } = this.#sums;
    this.#sums = {
      loss: loss + report.loss * count,
      correct: correct + report.correct,
      images: images + count,
      silent: report.silent.map((share, k) => (silent[k] ?? 0) + share * count),
    };
    this.#lastReport = report;
    return report;
  }

  /** Of the newest step, where it was observed. */
  get observation(): Observation | undefined {
    return this.#observation;
  }

  stepLine(report: StepReport, moment: StepMoment): StepMetrics {
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
  ): Promise<{ score: number | null; line: EpochMetrics }> {
    const { model, dataset, heldOutIndices } = this.#experiment;
    const sums = this.#sums;
    const measured = heldOutIndices.length > 0 ? await evaluate(model, dataset.train, heldOutIndices, pause) : null;
    const report = this.#lastReport;
    const silent = sums.silent.map((sum) => sum / sums.images);
    const remedies = remediesOf(this.#experiment.config);
    const warnings = report
      ? [
          ...healthWarnings("perception", report.perceptionRates, remedies, silent),
          ...healthWarnings("recall", report.recallRates, remedies),
        ]
      : [];
    this.#sums = NOTHING;
    const line: EpochMetrics = {
      kind: "epoch",
      epoch,
      step,
      heldOutAccuracy: measured?.accuracy ?? null,
      trainLoss: sums.loss / sums.images,
      trainAccuracy: sums.correct / sums.images,
      hamming: measured?.hamming ?? [],
      hammingShuffled: measured?.hammingShuffled ?? [],
      rates: measured?.rates ?? [],
      warnings,
      seconds: seconds(),
    };
    return { score: measured?.accuracy ?? null, line };
  }

  encode({ step, epoch, batch, best }: Place, which: "last" | "best"): Uint8Array {
    const { model, rule, config } = this.#experiment;
    const position: Position = {
      step,
      epoch,
      batch,
      sums: this.#sums,
      best: best && { accuracy: best.score, epoch: best.epoch },
    };
    const about = { config, data: model.data, position, classMeans: this.#means() };
    return encodeCheckpoint(rule, about, { optimiser: which === "last" });
  }

  #means(): Float32Array {
    const { dataset, trainIndices } = this.#experiment;
    this.#classMeans ??= classMeans(dataset.train, trainIndices, dataset.shape, dataset.classes);
    return this.#classMeans;
  }

  restore(checkpoint: Checkpoint): Place {
    const { rule, config, model } = this.#experiment;
    assertSameTraining({ config, data: model.data, classMeans: this.#means() }, checkpoint);
    const { tensors, position } = checkpoint;
    importState(rule, tensors, { optimiser: true });
    rule.optimiser.steps = position.step;
    this.#sums = position.sums;
    const { step, epoch, batch, best } = position;
    return { step, epoch, batch, best: best && { score: best.accuracy, epoch: best.epoch } };
  }
}
