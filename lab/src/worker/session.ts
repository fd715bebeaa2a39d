/**
 * A run in a page: the library's own training loop, made to wait between steps for whoever watches.
 *
 * Questions (`ask`) are answered between steps or while the run waits, never inside an evaluation, whose spikes they would overwrite; what they run
 * does not learn and leaves training's bytes alone.
 */
import type { Dataset } from "../../../src/data/dataset.ts";
import {
  BispikeError,
  type Checkpoint,
  classMeans,
  type Experiment,
  type ExperimentConfig,
  evaluate,
  type Moment,
  type Place,
  type StepMetrics,
  type StepReport,
  type Team,
  trainExperiment,
  trainsRecall,
} from "../../../src/index.ts";
import { parametersOf, ruleFootprint } from "../../../src/measure/rule-footprint.ts";
import { prepareExperiment } from "../../../src/training/experiment.ts";
import { failureOf } from "./failure.ts";
import type { About, LabEvent, Snapshot, StepLine } from "./protocol.ts";
import { relive, type Scene } from "./scene.ts";
import { type NewestBatch, snapshotOf, stagesOf } from "./snapshot.ts";
import type { LiveWork } from "./work.ts";

/** Milliseconds of training at a stretch before messages are let in. */
const STRETCH = 8;

export class Session {
  readonly experiment: Experiment;
  readonly #team: Team;
  readonly #tell: (event: LabEvent) => void;
  readonly #means: Float32Array;
  readonly #resume: Checkpoint | undefined;
  #work: LiveWork | undefined;
  readonly #channel = new MessageChannel();
  readonly #turns: (() => void)[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #questions: (() => void)[] = [];
  /** Newest whole checkpoints: what training saves at its epochs' ends. */
  readonly #saved = new Map<"last" | "best", Uint8Array>();
  #training: Promise<void> | undefined;
  #moment: Moment | undefined;
  #batch: NewestBatch | undefined;
  /** Whether the newest step's spikes still lie where it left them. */
  #asLeft = false;
  #running = false;
  #closed = false;
  #finished = false;
  /** What ended training before its end. */
  #failure: LabEvent | undefined;
  /** Whether questions may be answered at once. */
  #between = true;
  #stepsWanted = 0;
  #minimumMilliseconds = 0;
  #stepped = 0;
  #breathed = performance.now();
  /** Where it stood when it was opened. */
  readonly #start: Place;
  #step: number;

  constructor(
    team: Team,
    config: ExperimentConfig,
    dataset: Dataset,
    tell: (event: LabEvent) => void,
    resume?: Checkpoint,
  ) {
    this.#team = team;
    this.#tell = tell;
    this.experiment = prepareExperiment(team, config, dataset);
    this.#means = classMeans(dataset.train, this.experiment.trainIndices, dataset.shape, dataset.classes);
    this.#resume = resume;
    this.#start = resume ? this.experiment.task.restore(resume) : { step: 0, epoch: 0, batch: 0, best: null };
    this.#step = this.#start.step;
    this.#finished = this.#step >= this.experiment.task.totalSteps;
  }

  /** Optimiser steps done. */
  get stepsDone(): number {
    return this.#step;
  }

  /** Whether there is a best checkpoint. */
  get hasBest(): boolean {
    return this.#saved.has("best");
  }

  about(singleThreaded: string | null): Omit<About, "startedFrom"> {
    const { config, dataset, model, trainIndices, validationIndices, task } = this.experiment;
    return {
      config,
      threads: this.#team.threads,
      singleThreaded,
      dataName: dataset.name,
      classNames: dataset.classNames,
      shape: dataset.shape,
      images: { train: trainIndices.length, validation: validationIndices.length, test: dataset.test.count },
      stepsPerEpoch: task.stepsPerEpoch,
      totalSteps: task.totalSteps,
      step: this.#step,
      stages: stagesOf(model),
      recalls: trainsRecall(config.rule),
      spikes: model.spiking,
      parameters: parametersOf(ruleFootprint(model.net, config.rule.name)),
    };
  }

  run(): void {
    this.#stepsWanted = 0;
    this.#go();
  }

  pause(): void {
    if (!this.#running) return;
    this.#running = false;
    this.#tellState();
  }

  /** Trains on one batch and pauses. */
  step(): void {
    this.#stepsWanted = 1;
    this.#go();
  }

  setSpeed(stepsPerSecond: number | null): void {
    this.#minimumMilliseconds = stepsPerSecond === null ? 0 : 1000 / stepsPerSecond;
  }

  /** Answers when nothing is under way that an answer could disturb. */
  ask<T>(question: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const answer = () => {
        try {
          resolve(question());
        } catch (error) {
          reject(error);
        }
      };
      if (this.#between) answer();
      else this.#questions.push(answer);
    });
  }

  /** Answers a question that may run the nets on other images, without learning. */
  look<T>(question: (scene: Scene) => T): Promise<T> {
    return this.ask(() => {
      this.#asLeft = false;
      return question(this.#scene());
    });
  }

  /** Answers a question about the newest batch as its step left it; the networks run on it again where something else ran them since. */
  #newest<T>(question: (batch: NewestBatch) => T): Promise<T | null> {
    return this.ask(() => {
      if (!this.#batch) return null;
      if (!this.#asLeft) relive(this.#scene());
      this.#asLeft = false;
      return question(this.#batch);
    });
  }

  snapshot(sample: number): Promise<Snapshot | null> {
    return this.#newest((batch) => {
      const { model, dataset, config } = this.experiment;
      const prototypes = config.rule.rivals === "prototypes";
      return snapshotOf(model, dataset, batch, { step: this.#step, sample, means: this.#means, prototypes });
    });
  }

  /** Mean training image of each class. */
  get means(): Float32Array {
    return this.#means;
  }

  checkpoint(which: "last" | "best"): Promise<Uint8Array> {
    return this.ask(() => {
      if (which === "last") {
        const now = this.#finished ? this.#saved.get("last") : this.#moment?.encode();
        return (now ?? this.experiment.task.encode(this.#start, "last")).slice();
      }
      const best = this.#saved.get("best");
      if (best) return best.slice();
      throw new BispikeError(
        "usage",
        "there is no best checkpoint yet: one is kept at the end of an epoch that does best so far on the validation images",
      );
    });
  }

  /** Accuracy on the test images; training waits. */
  async test() {
    const { model, dataset } = this.experiment;
    const all = Int32Array.from(dataset.test.labels, (_, i) => i);
    const running = this.#running;
    this.pause();
    const measured = await await this.look(() => {
      this.#between = false;
      return evaluate(model, dataset.test, all, () => this.#macrotask()).finally(() => this.#answer());
    });
    if (running) this.run();
    return { accuracy: measured.accuracy, images: measured.images, confusion: measured.confusion };
  }

  /** What the newest batch cost. */
  async work() {
    const { LiveWork } = await import("./work.ts");
    this.#work ??= new LiveWork(this.experiment);
    const counted = this.#work;
    return this.#newest(({ indices, varied }) => counted.count(indices, varied));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    await this.#training;
    await this.#team.close();
    this.#channel.port1.close();
  }

  #go(): void {
    if (this.#finished || this.#closed) return;
    // Training that broke down does not go on; it says again why.
    if (this.#failure) {
      this.#tell(this.#failure);
      return;
    }
    this.#running = true;
    this.#tellState();
    if (this.#training) this.#wake();
    else this.#training = this.#train();
  }

  async #train(): Promise<void> {
    const { experiment } = this;
    this.#between = false;
    try {
      const result = await trainExperiment(experiment, {
        sink: {
          onStep: (report, line, { items }) => {
            this.#step = line.step;
            this.#note(items);
            this.#tell({ kind: "step", line: stepLine(report, line) });
          },
          onMetrics: (line) => {
            if (line.kind !== "epoch") return;
            // What was held out has been perceived since the step.
            this.#asLeft = false;
            this.#tell({ ...line, kind: "epoch" });
          },
          onCheckpoint: (which, bytes) => this.#saved.set(which, bytes),
        },
        stopped: () => this.#closed,
        pause: (moment) => this.#gate(moment),
        pauseMilliseconds: 0,
        ...(this.#resume ? { resume: this.#resume } : {}),
      });
      this.#finished = result.finished;
    } catch (error) {
      this.#failure = { kind: "failure", failure: failureOf(error) };
      this.#tell(this.#failure);
    } finally {
      this.#running = false;
      this.#answer();
      if (!this.#closed) this.#tellState();
    }
  }

  /** After a step: waits where the run is paused or slowed, and lets messages in. Inside an evaluation it does only the last. */
  async #gate(moment: Moment | undefined): Promise<void> {
    if (!moment) {
      await this.#macrotask();
      return;
    }
    this.#moment = moment;
    if (this.#stepsWanted > 0 && --this.#stepsWanted === 0) this.#running = false;
    const due = this.#stepped + this.#minimumMilliseconds - performance.now();
    if (this.#running && due <= 0 && performance.now() - this.#breathed < STRETCH) {
      this.#stepped = performance.now();
      return;
    }
    this.#answer();
    if (!this.#running) this.#tellState();
    if (due > 0 && this.#running) await new Promise((resolve) => setTimeout(resolve, due));
    else await this.#macrotask();
    while (!this.#running && !this.#closed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#between = false;
    this.#stepped = this.#breathed = performance.now();
  }

  #answer(): void {
    this.#between = true;
    for (const question of this.#questions.splice(0)) question();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /**
   * A turn of the event loop; setTimeout would take at least 4 ms after the first few. Training and an evaluation may both wait for one, so each has
   * a place in the queue.
   */
  #macrotask(): Promise<void> {
    const { port1, port2 } = this.#channel;
    port1.onmessage ??= () => this.#turns.shift()?.();
    return new Promise((resolve) => {
      this.#turns.push(resolve);
      port2.postMessage(null);
    });
  }

  #note(items: Int32Array): void {
    const { dataset, augmenter } = this.experiment;
    const { labels } = dataset.train;
    const varied = augmenter && { augmenter, counter: this.#step - 1 };
    this.#batch = { indices: items, labels: Uint16Array.from(items, (i) => labels[i]!), varied };
    this.#asLeft = true;
  }

  #scene(): Scene {
    const { experiment } = this;
    const { labels } = experiment.dataset.train;
    const first = experiment.trainIndices.slice(0, experiment.config.train.batch);
    const batch = this.#batch ?? { indices: first, labels: Uint16Array.from(first, (i) => labels[i]!) };
    return { experiment, batch, step: this.#step };
  }

  #tellState(): void {
    this.#tell({ kind: "state", running: this.#running, finished: this.#finished, step: this.#step });
  }
}

function stepLine(report: StepReport, line: StepMetrics): StepLine {
  const { step, epoch, loss, perceptionRates, recallRates, seconds, imagesPerSecond } = line;
  const accuracy = report.correct / report.images;
  const { stageLosses } = report;
  return { step, epoch, loss, stageLosses, perceptionRates, recallRates, accuracy, seconds, imagesPerSecond };
}
