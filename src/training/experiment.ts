/** An experiment made ready: data split and normalised, nets and rule built. What the trainer and every command start from. */
import { checkDataset, type Dataset, noisyLabels, splitValidation } from "../data/dataset.ts";
import { channelStatistics } from "../data/normalise.ts";
import type { Sequence } from "../data/sequence/assemble.ts";
import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import { classMeans } from "../measure/recall.ts";
import { Autoencode, type AutoencodeKind, type AutoencodeParts } from "../problems/autoencode.ts";
import { Classify, type ClassifyKind, type ClassifyParts } from "../problems/classify.ts";
import { type SequenceKind, type SequenceParts, SequenceProblem } from "../problems/sequence.ts";
import type { AutoencoderConfig, ExperimentConfig, SequenceConfig } from "./config.ts";
import { TASK_OF_DATA } from "./data-sources.ts";
import { createAutoencoder, createModel, createRule, createSequenceLearner, createTwin } from "./nets-and-rules.ts";
import { Observer } from "./observer.ts";
import { Task } from "./task.ts";

/** An experiment on images and their classes, ready to be trained. */
export interface Experiment extends ClassifyParts {
  readonly config: ExperimentConfig;
  /** The experiment as the training loop sees it. */
  readonly task: Task<ClassifyKind>;
}

/** An experiment on a text or series, ready to be trained. */
export interface SequenceExperiment extends SequenceParts {
  readonly config: SequenceConfig;
  readonly task: Task<SequenceKind>;
}

/** An experiment with autoencoders, ready to be trained. */
export interface AutoencoderExperiment extends AutoencodeParts {
  readonly config: AutoencoderConfig;
  readonly task: Task<AutoencodeKind>;
}

/**
 * Splits, normalises and builds. The validation part is drawn by the seed; statistics are those of the images trained on.
 *
 * @throws BispikeError "data" or "config" when nothing is left to train on or `data.augment` goes beyond the images, "data" or "shape" for a data set that does not fit itself, "shape" when the
 *   network does not fit the images
 * @example
 * const experiment = createExperiment(team, config, await loadDataset(config.data)); // or, of arrays, datasetOf({ ... })
 */
export function createExperiment(team: Team, config: ExperimentConfig, dataset: Dataset): Experiment {
  checkDataset(dataset);
  return prepareExperiment(team, config, dataset, (parts) => {
    const { every, images } = config.observe;
    const { model, rule, trainIndices, validationIndices } = parts;
    const indices = (validationIndices.length > 0 ? validationIndices : trainIndices).slice(0, images);
    const stepsPerEpoch = Math.ceil(trainIndices.length / config.train.batch);
    const steps = { every, stepsPerEpoch, totalSteps: stepsPerEpoch * config.train.epochs };
    return new Observer({ model, rule, dataset, twin: createTwin(team, model, config), indices, ...steps });
  });
}

/**
 * As `createExperiment`, for a page, which need not load the checks of a data set that its reader has checked, nor what observes a training.
 *
 * @param observing makes the observer where the configuration asks for one. Default: nobody observes
 */
export function prepareExperiment(
  team: Team,
  config: ExperimentConfig,
  dataset: Dataset,
  observing?: (parts: ClassifyParts) => Observer,
): Experiment {
  const split = splitImages(config, dataset);
  const { trainIndices, validationIndices, data } = split;
  const { seed, batch } = config.train;
  const { labels } = dataset.train;
  const taughtLabels = noisyLabels(labels, trainIndices, config.data.labelNoise, dataset.classes, seed);
  const model = createModel(team, config, data);
  const augmenter = model.augmenter(config.data.augment, seed);
  const rule = createRule(model, config);
  const unobserved: ClassifyParts = {
    model,
    dataset,
    rule,
    trainIndices,
    taughtLabels,
    validationIndices,
    ...(augmenter ? { augmenter } : {}),
  };
  const observer = config.observe.every > 0 ? observing?.(unobserved) : undefined;
  const parts = observer ? { ...unobserved, observer } : unobserved;
  let means: Float32Array | undefined;
  const about = () => {
    means ??= classMeans(dataset.train, trainIndices, dataset.shape, dataset.classes);
    return { problem: "classify", config, data: model.data, classMeans: means } as const;
  };
  return { ...parts, config, task: new Task(new Classify(parts), about, batch) };
}

/**
 * Builds net and rule.
 *
 * @param sequence as `loadSequence` or `assembleSequence` gives it for `sequenceRequest(config)`
 * @throws BispikeError "config" for a sequence made for another task or window, "data" for one without a window to train on
 * @example
 * const config = resolveSequenceConfig({ task: "next-character", data: { text: "alice" } });
 * const experiment = createSequenceExperiment(team, config, await loadSequence(sequenceRequest(config)));
 * await trainExperiment(experiment);
 */
export function createSequenceExperiment(team: Team, config: SequenceConfig, sequence: Sequence): SequenceExperiment {
  const { about: data, windows } = sequence;
  const [task, window] = [TASK_OF_DATA[config.task], config.data.window];
  if (data.task !== task || data.window !== window)
    throw new BispikeError(
      "config",
      `${data.name}: expected a sequence for task ${task} in windows of ${window}, got one for ${data.task} in windows of ${data.window}; make it by sequenceRequest(config)`,
    );
  if (windows.train.length === 0)
    throw new BispikeError("data", `${data.name}: expected a window to train on, got none`);
  const parts = { learner: createSequenceLearner(team, config, data), sequence };
  const about = () => ({ problem: "sequence", config, data }) as const;
  return { ...parts, config, task: new Task(new SequenceProblem(parts), about, config.train.batch) };
}

/**
 * Splits, normalises and builds. The validation part is drawn by the seed; statistics are those of the images trained on.
 *
 * @throws BispikeError "data" or "config" when nothing is left to train on, "shape" when the network does not fit the images
 * @example
 * const config = resolveAutoencoderConfig({ task: "autoencode", data: { name: "mnist" } });
 * await trainExperiment(createAutoencoderExperiment(team, config, await loadDataset(config.data)));
 */
export function createAutoencoderExperiment(
  team: Team,
  config: AutoencoderConfig,
  dataset: Dataset,
): AutoencoderExperiment {
  checkDataset(dataset);
  const { trainIndices, validationIndices, data } = splitImages(config, dataset);
  const model = createAutoencoder(team, config, data);
  const parts = { model, dataset, trainIndices, validationIndices };
  const about = () => ({ problem: "autoencode", config, data: model.data }) as const;
  return { ...parts, config, task: new Task(new Autoencode(parts), about, config.train.batch) };
}

/** Which images are trained on and which are kept aside, and a summary of the data. */
function splitImages(
  { data: { validation, limit }, train: { seed } }: ExperimentConfig | AutoencoderConfig,
  dataset: Dataset,
) {
  const { train: rest, validation: validationIndices } = splitValidation(dataset.train, validation, seed);
  const trainIndices = limit > 0 ? rest.slice(0, limit) : rest;
  const statistics = channelStatistics(dataset.train, trainIndices, dataset.shape);
  const { name, shape, classNames } = dataset;
  return { trainIndices, validationIndices, data: { name, shape, classNames, statistics } };
}
