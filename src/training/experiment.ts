/** An experiment made ready: data split and normalised, model built, rule chosen. What the trainer and every command start from. */
import { requireArguments } from "../arguments.ts";
import type { Augmenter } from "../data/augment/augmenter.ts";
import { checkDataset } from "../data/check-dataset.ts";
import type { Dataset } from "../data/dataset.ts";
import { noisyLabels } from "../data/label-noise.ts";
import { channelStatistics } from "../data/normalise.ts";
import { splitHeldOut } from "../data/split.ts";
import type { Team } from "../engine/team.ts";
import type { Rule } from "../learning/rule.ts";
import type { ImageModel } from "../network/model.ts";
import type { ExperimentConfig } from "./config.ts";
import { createModel, createRule, createTwin } from "./image-rules.ts";
import { ImageTask } from "./image-task.ts";
import { Observer } from "./observer.ts";

/** A model with its data and learning rule. */
export interface ExperimentParts {
  readonly config: ExperimentConfig;
  readonly model: ImageModel;
  readonly dataset: Dataset;
  readonly rule: Rule;
  /** Indices into the training part. */
  readonly trainIndices: Int32Array;
  /** Labels of the training part as they are taught: its own, but for label noise. */
  readonly taughtLabels: Uint16Array;
  readonly heldOutIndices: Int32Array;
  /** Makes the variants of images that training shows, where the configuration asks for them. */
  readonly augmenter?: Augmenter;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  /** Watches some of the steps, where the configuration asks for it. */
  readonly observer?: Observer;
}

/** An image experiment, ready to be trained. */
export interface Experiment extends ExperimentParts {
  /** The experiment as the training loop sees it. */
  readonly task: ImageTask;
}

/**
 * Splits, normalises and builds. The held-out part is drawn by the seed; statistics are those of the images trained on.
 *
 * @throws BispikeError "data" or "config" when nothing is left to train on or `data.augment` goes beyond the images, "data" or "shape" for a data set that does not fit itself, "shape" when the
 *   network does not fit the images, "usage" for arguments of other kinds
 * @example
 * const experiment = createExperiment(team, config, await loadDataset(config.data)); // or, of arrays, datasetOf({ ... })
 */
export function createExperiment(team: Team, config: ExperimentConfig, dataset: Dataset): Experiment {
  requireArguments("createExperiment", { team });
  requireArguments("createExperiment", { dataset });
  checkDataset(dataset);
  return prepareExperiment(team, config, dataset);
}

/** As `createExperiment`, of a data set that its reader has checked: a page then need not load the checks. */
export function prepareExperiment(team: Team, config: ExperimentConfig, dataset: Dataset): Experiment {
  const { train: rest, heldOut } = splitHeldOut(dataset.train, config.data.validation, config.train.seed);
  const trainIndices = config.data.limit > 0 ? rest.slice(0, config.data.limit) : rest;
  const { labels } = dataset.train;
  const taughtLabels = noisyLabels(labels, trainIndices, config.data.labelNoise, dataset.classes, config.train.seed);
  const statistics = channelStatistics(dataset.train, trainIndices, dataset.shape);
  const { name, shape, classNames } = dataset;
  const model = createModel(team, config, { name, shape, classNames, statistics });
  const augmenter = model.augmenter(config.data.augment, config.train.seed);
  const { epochs, batch } = config.train;
  const rule = createRule(model, config);
  const stepsPerEpoch = Math.ceil(trainIndices.length / batch);
  const parts = {
    config,
    model,
    dataset,
    rule,
    trainIndices,
    taughtLabels,
    heldOutIndices: heldOut,
    ...(augmenter ? { augmenter } : {}),
    stepsPerEpoch,
    totalSteps: stepsPerEpoch * epochs,
  };
  const observer = observerOf(team, parts);
  const all = observer ? { ...parts, observer } : parts;
  return { ...all, task: new ImageTask(all) };
}

function observerOf(team: Team, parts: ExperimentParts): Observer | undefined {
  const { config, model, heldOutIndices, trainIndices } = parts;
  const { every, images } = config.observe;
  if (every === 0) return undefined;
  const indices = (heldOutIndices.length > 0 ? heldOutIndices : trainIndices).slice(0, images);
  return new Observer({ ...parts, twin: createTwin(team, model, config), indices, every });
}
