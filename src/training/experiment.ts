/** An experiment made ready: data split and normalised, model built, rule chosen. What the trainer and every command start from. */
import type { Dataset } from "../data/dataset.ts";
import { channelStatistics } from "../data/normalise.ts";
import { splitHeldOut } from "../data/split.ts";
import type { Team } from "../engine/team.ts";
import type { Rule } from "../learning/rule.ts";
import type { ImageModel } from "../network/model.ts";
import type { ExperimentConfig } from "./config.ts";
import { createModel, createRule } from "./image-rules.ts";
import { ImageTask } from "./image-task.ts";

/** A model with its data and learning rule. */
export interface ExperimentParts {
  readonly config: ExperimentConfig;
  readonly model: ImageModel;
  readonly dataset: Dataset;
  readonly rule: Rule;
  /** Indices into the training part. */
  readonly trainIndices: Int32Array;
  readonly heldOutIndices: Int32Array;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
}

export interface Experiment extends ExperimentParts {
  /** The experiment as the training loop sees it. */
  readonly task: ImageTask;
}

/**
 * Splits, normalises and builds. The held-out part is drawn by the seed; statistics are those of the images trained on.
 *
 * @throws BispikeError "data" or "config" when nothing is left to train on, "shape" when the network does not fit the images
 */
export function createExperiment(team: Team, config: ExperimentConfig, dataset: Dataset): Experiment {
  const { train: rest, heldOut } = splitHeldOut(dataset.train, config.data.heldOut, config.train.seed);
  const trainIndices = config.data.limit > 0 ? rest.slice(0, config.data.limit) : rest;
  const statistics = channelStatistics(dataset.train, trainIndices, dataset.shape);
  const { name, shape, classNames } = dataset;
  const model = createModel(team, config, { name, shape, classNames, statistics });
  const { epochs, batch } = config.train;
  const rule = createRule(model, config);
  const stepsPerEpoch = Math.ceil(trainIndices.length / batch);
  const parts = {
    config,
    model,
    dataset,
    rule,
    trainIndices,
    heldOutIndices: heldOut,
    stepsPerEpoch,
    totalSteps: stepsPerEpoch * epochs,
  };
  return { ...parts, task: new ImageTask(parts) };
}
