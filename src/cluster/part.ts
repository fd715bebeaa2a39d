/**
 * Some stages of an experiment, made ready to train beside the parts that have the others: their layers, optimiser and workspace, the batches that all parts derive from the
 * seed, and what the part must keep to go on.
 *
 * The lowest part shows the images; every part has the labels, because a stage's loss asks which recall belongs to which image. So spikes are all that goes from part to part.
 */
import type { Augmenter } from "../data/augment.ts";
import { checkDataset, type Dataset, noisyLabels, splitValidation } from "../data/dataset.ts";
import { channelStatistics } from "../data/normalise.ts";
import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import { classMeans } from "../measure/recall.ts";
import { type Model, spikingModel } from "../nets/model.ts";
import type { StageRange } from "../nets/pair.ts";
import { Bsd } from "../problems/classify.ts";
import { fullBatch } from "../problems/problem.ts";
import type { Course } from "../rules/bsd.ts";
import type { LearningRates, StepReport } from "../rules/rule.ts";
import type { ExperimentConfig } from "../training/config.ts";
import { createModel, createRule } from "../training/nets-and-rules.ts";
import { assertSameTraining } from "../training/same-training.ts";
import { importState } from "../training/state.ts";
import { encodePart, type PartFile, type PartPosition } from "./part-file.ts";

/** Some stages of a pair, made ready to be trained. */
export interface Part {
  readonly config: ExperimentConfig;
  readonly dataset: Dataset;
  readonly model: Model;
  readonly rule: Bsd;
  /** The part's stages. */
  readonly range: StageRange;
  /** Numbers of the images trained on, in the data's training part. */
  readonly trainIndices: Int32Array;
  /** Labels of the training part as they are taught: its own, but for label noise. */
  readonly taughtLabels: Uint16Array;
  /** Makes the variants of images that training shows, where the configuration asks for them; parts without stage 1 show none. */
  readonly augmenter?: Augmenter;
  /** Optimiser steps an epoch. */
  readonly stepsPerEpoch: number;
  /** Optimiser steps of the whole training. */
  readonly totalSteps: number;
}

/**
 * Builds the stages of `range` as `createExperiment` builds them all: the same starting values, batches and images held out.
 *
 * @throws BispikeError "config" where the experiment cannot be cut, "usage" for stages it does not have
 * @example
 * const lower = createPart(team, config, dataset, { first: 1, last: 3 });
 */
export function createPart(team: Team, config: ExperimentConfig, dataset: Dataset, range: StageRange): Part {
  assertCuttable(config);
  checkDataset(dataset);
  const { train: rest } = splitValidation(dataset.train, config.data.validation, config.train.seed);
  const trainIndices = config.data.limit > 0 ? rest.slice(0, config.data.limit) : rest;
  const { labels } = dataset.train;
  const taughtLabels = noisyLabels(labels, trainIndices, config.data.labelNoise, dataset.classes, config.train.seed);
  const statistics = channelStatistics(dataset.train, trainIndices, dataset.shape);
  const { name, shape, classNames } = dataset;
  const model = spikingModel(createModel(team, config, { name, shape, classNames, statistics }, range), "a part");
  const rule = createRule(model, config);
  if (!(rule instanceof Bsd)) throw new BispikeError("config", "expected rule bsd");
  const augmenter = model.augmenter(config.data.augment, config.train.seed);
  const { epochs, batch } = config.train;
  const stepsPerEpoch = Math.ceil(trainIndices.length / batch);
  const totalSteps = stepsPerEpoch * epochs;
  const varied = augmenter ? { augmenter } : {};
  return { config, dataset, model, rule, range, trainIndices, taughtLabels, ...varied, stepsPerEpoch, totalSteps };
}

/** @throws BispikeError "config" unless the experiment's stages learn from their neighbours' spikes alone */
export function assertCuttable({ network, rule, train, observe }: ExperimentConfig): void {
  if (rule.name !== "bsd") {
    throw new BispikeError(
      "config",
      `rule.name: expected bsd, got ${rule.name}: only bsd's stages exchange spikes alone, so only its pairs can be cut between stages`,
    );
  }
  if (network.recall === "broadcast") {
    throw new BispikeError(
      "config",
      "network.recall: expected chain, got broadcast: in a part of a pair recall's stages hear from the stage above alone, not from the concept",
    );
  }
  if (train.clip > 0 && train.clipScope === "global") {
    throw new BispikeError(
      "config",
      "train.clipScope: expected stage, got global: the norm of all gradients is known to no part of a pair; use train.clipScope: stage or train.clip: 0",
    );
  }
  if (observe.every > 0) {
    throw new BispikeError(
      "config",
      `observe.every: expected 0, got ${observe.every}: a training in parts is not observed, as no part has the whole pair`,
    );
  }
}

/** The state of a part in training. */
export class PartTrainee {
  readonly part: Part;
  #losses: number[][] = [];
  #correct = 0;
  #dead: number[] = [];

  constructor(part: Part) {
    this.part = part;
  }

  /** Images of an epoch's k-th batch. */
  batchAt(k: number): { from: number; count: number } {
    const { config, trainIndices } = this.part;
    return fullBatch(k, trainIndices.length, config.train.batch);
  }

  /** Begins a step on images order[from .. from + count). */
  course(
    order: Int32Array,
    from: number,
    count: number,
    step: number,
    learningRates: LearningRates,
  ): Course<StepReport> {
    const { model, dataset, rule, taughtLabels, augmenter } = this.part;
    if (model.pair.holds(1)) model.load(dataset.train, order, from, count, augmenter && { augmenter, counter: step });
    const labels = Uint16Array.from({ length: count }, (_, k) => taughtLabels[order[from + k]!]!);
    return rule.course({ labels, counter: step }, learningRates);
  }

  /** Counts a step that is done. */
  add({ stageLosses, correct, dead, images }: StepReport): void {
    const { first, last } = this.part.range;
    this.#losses.push(stageLosses.slice(first - 1, last));
    this.#correct += correct;
    this.#dead = dead.map((share, k) => (this.#dead[k] ?? 0) + share * images);
  }

  /** The epoch so far, or as it was before `clear`: mean losses of the part's stages, shares of right decisions and of silent neurons, over its images. */
  get epoch(): { readonly losses: readonly number[]; readonly correct: number; readonly dead: readonly number[] } {
    const counts = this.#losses.map((_, k) => this.batchAt(k).count);
    const images = counts.reduce((sum, count) => sum + count, 0);
    const stages = this.#losses[0] ?? [];
    const mean = (stage: number) =>
      this.#losses.reduce((sum, losses, k) => sum + losses[stage]! * counts[k]!, 0) / images;
    return {
      losses: stages.map((_, stage) => mean(stage)),
      correct: this.#correct / images,
      dead: this.#dead.map((sum) => sum / images),
    };
  }

  /** Begins an epoch. */
  clear(): void {
    this.#losses = [];
    this.#correct = 0;
    this.#dead = [];
  }

  /**
   * A way back to before a step that has not updated anything: recall may have run, which moves its norms' running statistics.
   *
   * @param step number of the step, from 0
   */
  remember(step: number): () => void {
    const { rule } = this.part;
    const kept = rule.pair.recall.flatMap(({ norm }) =>
      [norm.runningMean.view, norm.runningVariance.view].map((view) => ({ view, values: view.slice() })),
    );
    return () => {
      for (const { view, values } of kept) view.set(values);
      rule.optimiser.steps = step;
    };
  }

  /** Bytes of the part's checkpoint. */
  encode(place: { step: number; epoch: number; batch: number }): Uint8Array {
    const { part } = this;
    const { range, rule, model, config } = part;
    const position: PartPosition = {
      ...place,
      stages: { ...range, of: rule.pair.stages },
      losses: this.#losses,
      correct: this.#correct,
      dead: this.#dead,
    };
    return encodePart(rule, { config, data: model.data, position, ...this.#means() });
  }

  /** The lowest part's. */
  #means(): { readonly classMeans?: Float32Array } {
    const { range, dataset, trainIndices } = this.part;
    if (range.first > 1) return {};
    return { classMeans: classMeans(dataset.train, trainIndices, dataset.shape, dataset.classes) };
  }

  /** @throws BispikeError "checkpoint" when it does not fit */
  restore(file: PartFile): void {
    const { rule, range, config, model } = this.part;
    const { tensors, position } = file;
    const { first, last } = position.stages;
    if (first !== range.first || last !== range.last) {
      throw new BispikeError(
        "checkpoint",
        `expected stages ${range.first} to ${range.last}, got a part with stages ${first} to ${last}`,
      );
    }
    assertSameTraining({ config, data: model.data, ...this.#means() }, file);
    importState(rule, tensors, { optimiser: true });
    rule.optimiser.steps = position.step;
    this.#losses = position.losses.map((losses) => [...losses]);
    this.#correct = position.correct;
    this.#dead = [...position.dead];
  }
}
