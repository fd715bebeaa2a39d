/** A problem as the training loop sees it: sums over an epoch, lines of metrics, checkpoints and where they go on. */
import type { Problem, ProblemKind } from "../problems/problem.ts";
import type { LearningRates } from "../rules/rule.ts";
import { type About, type AnyCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import type { TrainConfig } from "./config.ts";
import { type EpochLine, healthWarnings, remediesOf, type StepLine } from "./metrics.ts";
import type { Observation } from "./observer.ts";
import { assertSameTraining } from "./same-training.ts";
import { importSlots } from "./state.ts";
import type { Place, StepMoment, Trainable, TrainableKind } from "./trainable.ts";

/** The types of a problem's training. */
export interface TaskKind<K extends ProblemKind> extends TrainableKind {
  readonly report: K["report"];
  readonly step: StepLine & K["speed"];
  readonly epoch: EpochLine & K["figures"];
  readonly checkpoint: AnyCheckpoint;
}

export class Task<K extends ProblemKind> implements Trainable<TaskKind<K>> {
  declare readonly kind?: TaskKind<K>;
  readonly stepsPerEpoch: number;
  readonly #problem: Problem<K> & { readonly observation?: Observation | undefined };
  readonly #about: () => About;
  #sums: K["sums"];
  #lastReport: K["report"] | undefined;

  /** @param about what a checkpoint says beside tensors and position; asked for when one is written or read */
  constructor(problem: Problem<K>, about: () => About, batch: number) {
    this.#problem = problem;
    this.#about = about;
    this.#sums = problem.nothing;
    this.stepsPerEpoch = Math.ceil(problem.items.length / batch);
  }

  get train(): TrainConfig {
    return this.#about().config.train;
  }

  get items(): Int32Array {
    return this.#problem.items;
  }

  get totalSteps(): number {
    return this.stepsPerEpoch * this.train.epochs;
  }

  batchAt(k: number): { from: number; count: number } {
    return this.#problem.batchAt(k, this.items.length, this.train.batch, this.stepsPerEpoch);
  }

  step(order: Int32Array, from: number, count: number, counter: number, learningRates: LearningRates): K["report"] {
    const problem = this.#problem;
    // An epoch begins with nothing summed up, also after a run that was stopped in another.
    if (from === 0) this.#sums = problem.nothing;
    const report = problem.step(order, from, count, counter, learningRates);
    this.#sums = problem.add(this.#sums, report, count);
    this.#lastReport = report;
    return report;
  }

  /** Of the newest step, where it was observed. */
  get observation(): Observation | undefined {
    return this.#problem.observation;
  }

  stepLine(report: K["report"], moment: StepMoment): StepLine & K["speed"] {
    const { step, epoch, learningRate, batchesPerSecond, seconds } = moment;
    return {
      kind: "step",
      step,
      epoch,
      loss: report.loss,
      stageLosses: report.stageLosses.slice(0, -1),
      topLoss: report.stageLosses.at(-1)!,
      perceptionRates: report.perceptionRates,
      recallRates: report.recallRates,
      learningRate,
      ...this.#problem.speed(batchesPerSecond, this.items.length / this.stepsPerEpoch),
      seconds,
    };
  }

  async endEpoch(
    { epoch, step }: { epoch: number; step: number },
    seconds: () => number,
    pause?: () => Promise<void>,
  ): Promise<{ score: number | null; line: EpochLine & K["figures"] }> {
    const problem = this.#problem;
    const measured = await problem.measure(pause);
    const sums = this.#sums;
    this.#sums = problem.nothing;
    const firing = problem.firing(sums, this.#lastReport);
    const remedies = remediesOf(this.#about().config);
    const warnings = firing
      ? [
          ...healthWarnings("perception", firing.perception, remedies, firing.dead),
          ...healthWarnings("recall", firing.recall, remedies),
        ]
      : [];
    const line = {
      kind: "epoch",
      epoch,
      step,
      ...problem.figures(sums, measured),
      warnings,
      seconds: seconds(),
    } as const;
    return { score: measured && problem.score(measured), line };
  }

  encode(place: Place, which: "last" | "best"): Uint8Array {
    const position = { ...place, sums: this.#sums };
    return encodeCheckpoint(this.#problem, { ...this.#about(), position }, { optimiser: which === "last" });
  }

  restore(checkpoint: AnyCheckpoint): Place {
    assertSameTraining(this.#about(), checkpoint);
    const { sums, ...place } = checkpoint.position;
    importSlots(this.#problem.slots(true), checkpoint.tensors);
    this.#problem.optimiser.steps = place.step;
    this.#sums = sums;
    return place;
  }
}
