/**
 * The training loop, the same for every rule, net and kind of data: epochs, shuffling, schedule, evaluation of what is held out, progress, checkpoints, stop and resume.
 *
 * Runs anywhere; what happens to metrics and checkpoints is the caller's (`RunSink`), a run folder on Node. A run that was stopped and resumed ends
 * with the same bytes as one that was not: order and codes are keyed by counters, and the position is part of each checkpoint.
 */

import { cosineOfPi } from "../engine/elementary.ts";
import { permutation } from "../engine/random.ts";
import { BispikeError } from "../errors.ts";
import type { TrainConfig } from "./config.ts";
import type { Observation } from "./observer.ts";
import type { Best, Place, Trainable, TrainableKind } from "./trainable.ts";

/** Where a run's results go. */
export interface RunSink<K extends TrainableKind> {
  /** Hears of every step. */
  onStep?(report: K["report"], line: K["step"], progress: Progress): void;
  /** Lines to keep: about twenty steps an epoch, and every epoch. */
  onMetrics?(line: K["step"] | K["epoch"]): void;
  /** What was observed of a step, where the experiment asks for it. */
  onObservation?(observation: Observation): void;
  /** A whole checkpoint to keep: `last` to go on from, `best` on what is held out. */
  onCheckpoint?(which: "last" | "best", bytes: Uint8Array): void;
}

/** How far training is. */
export interface Progress {
  /** Optimiser steps done. */
  readonly step: number;
  /** Of the whole training. */
  readonly totalSteps: number;
  /** Seconds until the end, at the pace so far. */
  readonly secondsLeft: number;
  /** What the step learned from: the batch's items, such as places in the training part. */
  readonly items: Int32Array;
}

/** Between two steps. */
export interface Moment {
  /** A whole `last` checkpoint of the run as it stands here. */
  encode(): Uint8Array;
}

/** What the training loop is told. */
export interface TrainerOptions<K extends TrainableKind> {
  /** Where metrics, checkpoints and observations go. Default: nowhere. */
  sink?: RunSink<K>;
  /** Checked before every step: true stops the run after saving. */
  stopped?: () => boolean;
  /**
   * Lets other work of the thread go on (signals, drawing); awaited between steps, and while what is held out is measured: then without a moment.
   * A run waits for as long as this does.
   */
  pause?: (moment?: Moment) => Promise<void>;
  /** How often, in milliseconds, it is awaited between steps; 0 for after every one. Default 100. */
  pauseMilliseconds?: number;
  /** Goes on from here: a `last` checkpoint of this very training; only `train.threads`, `train.checkpointSeconds` and where the same data lie may be other ones. Default: from step 0. */
  resume?: K["checkpoint"];
  /** Seconds of training before `resume`. Default 0. */
  secondsBefore?: number;
}

/** How training ended. */
export interface TrainingResult {
  /** Whether all steps were done; false when it was stopped. */
  readonly finished: boolean;
  /** Optimiser steps done. */
  readonly step: number;
  /** Best on what is held out: accuracy of images and characters, minus the mean squared error of values. Null where nothing is held out or no epoch ended. */
  readonly best: Best | null;
  /** Seconds of training, those before a `resume` included. */
  readonly seconds: number;
}

/** Those whose training is under way. */
const busy = new WeakSet<object>();

const START: Place = { step: 0, epoch: 0, batch: 0, best: null };
const PAUSE_MILLISECONDS = 100;
const STEP_LINES_AN_EPOCH = 20;

/**
 * Trains to the end, or until stopped. Without `resume` from step 0, with whatever the net has learned before.
 *
 * @throws BispikeError "usage" for an experiment whose training is under way: two would take turns on the same weights
 * @throws BispikeError "checkpoint" for `resume` that was trained with other settings, or on other data; it names them
 * @throws BispikeError "training" that names the stage whose loss is no longer finite; the last good checkpoint stays
 * @example
 * const result = await trainExperiment(createExperiment(team, config, dataset), { sink: { onMetrics: (line) => console.log(line) } });
 */
export async function trainExperiment<K extends TrainableKind>(
  experiment: { readonly task: Trainable<K> },
  options: TrainerOptions<K> = {},
): Promise<TrainingResult> {
  const { task } = experiment;
  if (busy.has(task)) throw new BispikeError("usage", "this experiment is being trained");
  busy.add(task);
  try {
    return await new Run(task, options).run();
  } finally {
    busy.delete(task);
  }
}

class Run<K extends TrainableKind> {
  readonly #task: Trainable<K>;
  readonly #options: TrainerOptions<K>;
  #place: Place = START;
  #secondsBefore: number;
  readonly #started = performance.now();
  #saved = performance.now();
  #paused = performance.now();
  #stepsHere = 0;

  constructor(task: Trainable<K>, options: TrainerOptions<K>) {
    this.#task = task;
    this.#options = options;
    this.#secondsBefore = options.secondsBefore ?? 0;
    const { resume } = options;
    if (!resume) return;
    this.#place = task.restore(resume);
    const { epoch, batch, step } = this.#place;
    if (batch > task.stepsPerEpoch || step !== epoch * task.stepsPerEpoch + batch) {
      throw new BispikeError(
        "checkpoint",
        `the checkpoint stands at step ${step}, batch ${batch} of epoch ${epoch + 1}, which does not fit ${task.stepsPerEpoch} batches an epoch: has the data changed?`,
      );
    }
  }

  async run(): Promise<TrainingResult> {
    const { items, stepsPerEpoch, train: settings } = this.#task;
    const { epochs, seed, checkpointSeconds } = settings;
    while (this.#place.epoch < epochs) {
      const shuffled = permutation(seed, "shuffle", this.#place.epoch, items.length);
      const order = Int32Array.from(shuffled, (i) => items[i]!);
      while (this.#place.batch < stepsPerEpoch) {
        if (this.#options.stopped?.()) return this.#end(false);
        this.#step(order);
        await this.#breathe();
        // The epoch's end saves anyway, with what it measured.
        const due = performance.now() - this.#saved >= 1000 * checkpointSeconds;
        if (due && this.#place.batch < stepsPerEpoch) this.#save("last");
      }
      await this.#endEpoch();
    }
    return this.#end(true);
  }

  #step(order: Int32Array): void {
    const task = this.#task;
    const { totalSteps, stepsPerEpoch, train: settings } = task;
    const { step, epoch, batch } = this.#place;
    const { from, count } = task.batchAt(batch);
    const rate = learningRate(settings, step, totalSteps);
    const rates = { perception: rate, recall: rate * settings.recallLearningRate };
    const report = task.step(order, from, count, step, rates);
    if (task.observation) this.#options.sink?.onObservation?.(task.observation);
    this.#stepsHere++;
    this.#place = { ...this.#place, step: step + 1, batch: batch + 1 };
    const seconds = this.#seconds;
    const here = seconds - this.#secondsBefore;
    const batchesPerSecond = this.#stepsHere / here;
    const line = task.stepLine(report, {
      step: step + 1,
      epoch: epoch + 1,
      learningRate: rate,
      batchesPerSecond,
      seconds,
    });
    const secondsLeft = (here / this.#stepsHere) * (totalSteps - step - 1);
    this.#options.sink?.onStep?.(report, line, {
      step: step + 1,
      totalSteps,
      secondsLeft,
      items: order.subarray(from, from + count),
    });
    if ((step + 1) % Math.max(1, Math.floor(stepsPerEpoch / STEP_LINES_AN_EPOCH)) === 0)
      this.#options.sink?.onMetrics?.(line);
  }

  async #endEpoch(): Promise<void> {
    const { step, best } = this.#place;
    const epoch = this.#place.epoch + 1;
    const seconds = () => this.#seconds;
    const { pause } = this.#options;
    const { score, line } = await this.#task.endEpoch({ epoch, step }, seconds, pause && (() => pause()));
    // A later epoch wins a tie: recall goes on learning where perception has reached its best.
    const improved = score !== null && score >= (best?.score ?? Number.NEGATIVE_INFINITY);
    this.#place = { step, epoch, batch: 0, best: improved ? { score, epoch } : best };
    this.#options.sink?.onMetrics?.(line);
    if (improved) this.#save("best");
    this.#save("last");
  }

  #save(which: "last" | "best"): void {
    this.#options.sink?.onCheckpoint?.(which, this.#task.encode(this.#place, which));
    if (which === "last") this.#saved = performance.now();
  }

  #end(finished: boolean): TrainingResult {
    if (!finished) this.#save("last");
    const { step, best } = this.#place;
    return { finished, step, best, seconds: this.#seconds };
  }

  get #seconds(): number {
    return this.#secondsBefore + (performance.now() - this.#started) / 1000;
  }

  async #breathe(): Promise<void> {
    const { pause, pauseMilliseconds = PAUSE_MILLISECONDS } = this.#options;
    if (!pause || performance.now() - this.#paused < pauseMilliseconds) return;
    await pause({ encode: () => this.#task.encode(this.#place, "last") });
    this.#paused = performance.now();
  }
}

// The course of the learning rate over N steps, step n from 0, w of them warm-up:
//
//   n < w       peak (n + 1) / w
//   constant    peak
//   cosine      peak (1 + cos(pi (n - w) / (N - w))) / 2,   which would be 0 at step N, one after the last

/**
 * Learning rate of perception at a step n of N, w of them warm-up, from peak = `train.learningRate`:
 *
 *     n < w       peak (n + 1) / w
 *     constant    peak
 *     cosine      peak (1 + cos(pi (n - w) / (N - w))) / 2
 *
 * @param step from 0
 * @param steps of the whole training
 * @example
 * learningRate({ ...defaults.train, schedule: "cosine" }, 0, 1000); // 0.003
 */
export function learningRate(
  train: Pick<TrainConfig, "learningRate" | "schedule" | "warmup">,
  step: number,
  steps: number,
): number {
  const { learningRate: peak, schedule, warmup } = train;
  if (step < warmup) return (peak * (step + 1)) / warmup;
  if (schedule === "constant") return peak;
  const progress = (step - warmup) / Math.max(1, steps - warmup);
  return (peak * (1 + cosineOfPi(progress))) / 2;
}
