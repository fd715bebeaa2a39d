/**
 * The training loop, the same for every rule: epochs, shuffling, schedule, evaluation on held-out images, progress, checkpoints, stop and resume.
 *
 * Runs anywhere; what happens to metrics and checkpoints is the caller's (`RunSink`), a run folder on Node. A run that was stopped and resumed ends
 * with the same bytes as one that was not: order and codes are keyed by counters, and the position is part of each checkpoint.
 */
import { permutation } from "../engine/random.ts";
import { BispikeError } from "../errors.ts";
import type { StepReport } from "../learning/rule.ts";
import { evaluate } from "../measurement/evaluate.ts";
import { classMeans } from "../measurement/recalled.ts";
import { type Checkpoint, encodeCheckpoint, type Position } from "./checkpoint.ts";
import type { Experiment } from "./experiment.ts";
import { type EpochMetrics, healthWarnings, type StepMetrics } from "./metrics.ts";
import { learningRate } from "./schedule.ts";
import { importState } from "./state.ts";

/** Where a run's results go. */
export interface RunSink {
  onStep?(report: StepReport, line: StepMetrics, progress: Progress): void;
  /** Lines to keep: about twenty steps an epoch, and every epoch. */
  onMetrics?(line: StepMetrics | EpochMetrics): void;
  /** A whole checkpoint to keep: `last` to go on from, `best` on the held-out images. */
  onCheckpoint?(which: "last" | "best", bytes: Uint8Array): void;
}

export interface Progress {
  readonly step: number;
  readonly totalSteps: number;
  /** Seconds until the end, at the pace so far. */
  readonly secondsLeft: number;
}

export interface TrainerOptions {
  sink?: RunSink;
  /** Checked before every step: true stops the run after saving. */
  stopped?: () => boolean;
  /** Lets other work of the thread go on (signals, drawing); awaited about ten times a second. */
  pause?: () => Promise<void>;
  /** Goes on from here. */
  resume?: Checkpoint;
  /** Seconds of training before `resume`. Default 0. */
  secondsBefore?: number;
}

export interface TrainingResult {
  readonly finished: boolean;
  readonly step: number;
  /** Best on the held-out images; null where nothing is held out or no epoch ended. */
  readonly best: { readonly accuracy: number; readonly epoch: number } | null;
  readonly seconds: number;
}

const START: Position = {
  step: 0,
  epoch: 0,
  batch: 0,
  sums: { loss: 0, correct: 0, images: 0, silent: [] },
  best: null,
};
const PAUSE_MILLISECONDS = 100;
const STEP_LINES_AN_EPOCH = 20;

/**
 * Trains to the end, or until stopped.
 *
 * @throws BispikeError "training" that names the stage whose loss is no longer finite; the last good checkpoint stays
 * @example
 * const result = await train(createExperiment(team, config, dataset), { sink: { onMetrics: (line) => console.log(line) } });
 */
export async function train(experiment: Experiment, options: TrainerOptions = {}): Promise<TrainingResult> {
  return new Run(experiment, options).run();
}

class Run {
  readonly #experiment: Experiment;
  readonly #options: TrainerOptions;
  readonly #classMeans: Float32Array;
  #position: Position = START;
  #secondsBefore: number;
  readonly #started = performance.now();
  #saved = performance.now();
  #paused = performance.now();
  #stepsHere = 0;
  #lastReport: StepReport | undefined;

  constructor(experiment: Experiment, options: TrainerOptions) {
    this.#experiment = experiment;
    this.#options = options;
    this.#secondsBefore = options.secondsBefore ?? 0;
    const { dataset, trainIndices } = experiment;
    this.#classMeans = classMeans(dataset.train, trainIndices, dataset.shape, dataset.classes);
    const { resume } = options;
    if (!resume) return;
    const { pair } = experiment.model;
    importState(pair, resume.tensors, { optimiser: true });
    experiment.rule.optimiser.steps = resume.position.step;
    this.#position = resume.position;
    const { epoch, batch, step } = resume.position;
    if (batch > experiment.stepsPerEpoch || step !== epoch * experiment.stepsPerEpoch + batch) {
      throw new BispikeError(
        "checkpoint",
        `the checkpoint stands at step ${step}, batch ${batch} of epoch ${epoch + 1}, which does not fit ${experiment.stepsPerEpoch} batches an epoch: has the data changed?`,
      );
    }
  }

  async run(): Promise<TrainingResult> {
    const { config, trainIndices, stepsPerEpoch } = this.#experiment;
    const { epochs, seed, checkpointSeconds } = config.train;
    while (this.#position.epoch < epochs) {
      const order = permutation(seed, "shuffle", this.#position.epoch, trainIndices.length).map(
        (i) => trainIndices[i]!,
      );
      while (this.#position.batch < stepsPerEpoch) {
        if (this.#options.stopped?.()) return this.#end(false);
        this.#step(order);
        await this.#breathe();
        // The epoch's end saves anyway, with what it measured.
        const due = performance.now() - this.#saved >= 1000 * checkpointSeconds;
        if (due && this.#position.batch < stepsPerEpoch) this.#save("last");
      }
      await this.#endEpoch();
    }
    return this.#end(true);
  }

  #step(order: Uint32Array): void {
    const { model, dataset, rule, totalSteps, stepsPerEpoch } = this.#experiment;
    const { train: config } = this.#experiment.config;
    const { step, epoch, batch, sums } = this.#position;
    const from = batch * config.batch;
    const count = model.load(dataset.train, order, from, Math.min(config.batch, order.length - from));
    const labels = Uint16Array.from({ length: count }, (_, k) => dataset.train.labels[order[from + k]!]!);
    const rate = learningRate(config, step, totalSteps);
    const report = rule.step({ labels, counter: step }, { perception: rate, recall: rate * config.recallRate });
    this.#stepsHere++;
    this.#position = {
      ...this.#position,
      step: step + 1,
      batch: batch + 1,
      sums: {
        loss: sums.loss + report.loss * count,
        correct: sums.correct + report.correct,
        images: sums.images + count,
        silent: report.silent.map((share, k) => (sums.silent[k] ?? 0) + share * count),
      },
    };
    const seconds = this.#seconds;
    const here = seconds - this.#secondsBefore;
    const line: StepMetrics = {
      kind: "step",
      step: step + 1,
      epoch: epoch + 1,
      loss: report.loss,
      stageLosses: report.stageLosses.slice(0, -1),
      topLoss: report.stageLosses.at(-1)!,
      perceptionRates: report.perceptionRates,
      recallRates: report.recallRates,
      learningRate: rate,
      imagesPerSecond: (this.#stepsHere * config.batch) / here,
      seconds,
    };
    const secondsLeft = (here / this.#stepsHere) * (totalSteps - step - 1);
    this.#options.sink?.onStep?.(report, line, { step: step + 1, totalSteps, secondsLeft });
    if ((step + 1) % Math.max(1, Math.floor(stepsPerEpoch / STEP_LINES_AN_EPOCH)) === 0)
      this.#options.sink?.onMetrics?.(line);
    this.#lastReport = report;
  }

  async #endEpoch(): Promise<void> {
    const { model, dataset, heldOutIndices } = this.#experiment;
    const { epoch, step, sums, best } = this.#position;
    const measured =
      heldOutIndices.length > 0 ? await evaluate(model, dataset.train, heldOutIndices, this.#options.pause) : null;
    const report = this.#lastReport;
    const warnings = [
      ...(report
        ? healthWarnings(
            "perception",
            report.perceptionRates,
            sums.silent.map((sum) => sum / sums.images),
          )
        : []),
      ...(report ? healthWarnings("recall", report.recallRates) : []),
    ];
    const line: EpochMetrics = {
      kind: "epoch",
      epoch: epoch + 1,
      step,
      heldOutAccuracy: measured?.accuracy ?? null,
      trainLoss: sums.loss / sums.images,
      trainAccuracy: sums.correct / sums.images,
      hamming: measured?.hamming ?? [],
      hammingShuffled: measured?.hammingShuffled ?? [],
      rates: measured?.rates ?? [],
      warnings,
      seconds: this.#seconds,
    };
    // A later epoch wins a tie: recall goes on learning where perception has reached its best.
    const improved = measured !== null && measured.accuracy >= (best?.accuracy ?? 0);
    this.#position = {
      ...START,
      step,
      epoch: epoch + 1,
      best: improved ? { accuracy: measured.accuracy, epoch: epoch + 1 } : best,
    };
    this.#options.sink?.onMetrics?.(line);
    if (improved) this.#save("best");
    this.#save("last");
  }

  #save(which: "last" | "best"): void {
    const { model, config } = this.#experiment;
    const about = { config, data: model.data, position: this.#position, classMeans: this.#classMeans };
    this.#options.sink?.onCheckpoint?.(which, encodeCheckpoint(model.pair, about, { optimiser: which === "last" }));
    if (which === "last") this.#saved = performance.now();
  }

  #end(finished: boolean): TrainingResult {
    if (!finished) this.#save("last");
    const { step, best } = this.#position;
    return { finished, step, best, seconds: this.#seconds };
  }

  get #seconds(): number {
    return this.#secondsBefore + (performance.now() - this.#started) / 1000;
  }

  async #breathe(): Promise<void> {
    if (performance.now() - this.#paused < PAUSE_MILLISECONDS) return;
    await this.#options.pause?.();
    this.#paused = performance.now();
  }
}
