/** An autoencoder experiment made ready: data split and normalised, net and rule built. What the trainer starts from. */
import { requireArguments } from "../../arguments.ts";
import { checkDataset } from "../../data/check-dataset.ts";
import type { Dataset } from "../../data/dataset.ts";
import { channelStatistics } from "../../data/normalise.ts";
import { splitHeldOut } from "../../data/split.ts";
import type { Team } from "../../engine/team.ts";
import type { AutoencoderModel } from "../../learning/autoencoder/model.ts";
import type { AutoencoderConfig } from "./config.ts";
import { createAutoencoder } from "./learners.ts";
import { AutoencoderTask } from "./task.ts";

export interface AutoencoderExperimentParts {
  readonly config: AutoencoderConfig;
  readonly model: AutoencoderModel;
  readonly dataset: Dataset;
  /** Indices into the training part. */
  readonly trainIndices: Int32Array;
  readonly heldOutIndices: Int32Array;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
}

/** An autoencoder experiment, ready to be trained. */
export interface AutoencoderExperiment extends AutoencoderExperimentParts {
  /** The experiment as the training loop sees it. */
  readonly task: AutoencoderTask;
}

/**
 * Splits, normalises and builds. The held-out part is drawn by the seed; statistics are those of the images trained on.
 *
 * @throws BispikeError "data" or "config" when nothing is left to train on, "shape" when the network does not fit the images, "usage" for arguments of other kinds
 * @example
 * const config = resolveAutoencoderConfig({ task: "autoencode", data: { name: "mnist" } });
 * await train(createAutoencoderExperiment(team, config, await loadDataset(config.data)));
 */
export function createAutoencoderExperiment(
  team: Team,
  config: AutoencoderConfig,
  dataset: Dataset,
): AutoencoderExperiment {
  const where = "createAutoencoderExperiment";
  requireArguments(where, { team });
  requireArguments(where, { dataset });
  checkDataset(dataset);
  const { validation, limit } = config.data;
  const { train: rest, heldOut: heldOutIndices } = splitHeldOut(dataset.train, validation, config.train.seed);
  const trainIndices = limit > 0 ? rest.slice(0, limit) : rest;
  const statistics = channelStatistics(dataset.train, trainIndices, dataset.shape);
  const { name, shape, classNames } = dataset;
  const model = createAutoencoder(team, config, { name, shape, classNames, statistics });
  const stepsPerEpoch = Math.ceil(trainIndices.length / config.train.batch);
  const totalSteps = stepsPerEpoch * config.train.epochs;
  const parts = { config, model, dataset, trainIndices, heldOutIndices, stepsPerEpoch, totalSteps };
  return { ...parts, task: new AutoencoderTask(parts) };
}
