/**
 * The end of a run: the test part is looked at once, with the weights the validation part chose; results and pictures go into the run folder. A run that is judged by the held-out
 * part has it in the test part's place.
 */

import type { Dataset, Split } from "../../data/dataset.ts";
import { BispikeError } from "../../errors.ts";
import { CostMeter, type PairCost } from "../../measure/cost.ts";
import { FP32, picojoules } from "../../measure/energy.ts";
import { evaluate } from "../../measure/evaluate.ts";
import type { Effective, Operations } from "../../measure/operations.ts";
import { isDrawable } from "../../measure/picture-grid.ts";
import { recallImages } from "../../measure/recall.ts";
import { parametersOf, type RuleFootprint, ruleFootprint } from "../../measure/rule-footprint.ts";
import {
  evaluateSequence,
  type NaiveForecasts,
  naiveForecasts,
  type SequenceEvaluation,
} from "../../measure/sequence.ts";

import { type TrainingCost, trainingCost } from "../../measure/training-cost.ts";
import { trainingStep } from "../../measure/training-step.ts";
import type { Model } from "../../nets/model.ts";
import type { Slot } from "../../nets/parameters.ts";
import type { Shape } from "../../nets/shape.ts";
import { peakMemory } from "../../node/environment.ts";
import { RUN_FILES, type RunFolder, readObservations } from "../../node/run-folder.ts";
import type { AnyConfig } from "../../training/any-config.ts";
import type { AnyCheckpoint } from "../../training/checkpoint.ts";
import type { AnyRuleName, AutoencoderRuleConfig, SequenceRuleConfig } from "../../training/config.ts";
import type { AutoencoderExperiment, Experiment, SequenceExperiment } from "../../training/experiment.ts";
import type { Observation } from "../../training/observer.ts";
import type { Task } from "../../training/settings/settings.ts";
import { importSlots } from "../../training/state.ts";
import type { Judge } from "../../training/trainable.ts";
import type { TrainingResult } from "../../training/trainer.ts";
import { note } from "../process.ts";
import { measureReconstruction, type Reconstruction, withFeatures, writeReconstructions } from "./reconstruction.ts";

// A run's pictures of images, which need grey or colour: data of other channels train all the same, without them.

/** Whether a finished run's images can be drawn; says so where they cannot. */
export function canDraw({ channels }: Shape): boolean {
  if (isDrawable(channels)) return true;
  note("note", `pictures of images need 1 or 3 channels and these have ${channels}: the run has none`);
  return false;
}

// What a run's summary says of its observations.

/** Keys name stages (`stage2`) or the stages that weights join (`stages1to2`); what could not be measured is left out. */
export interface ObservedSummary {
  /** Degrees between the rule's and backprop's gradients: mean over the observed steps, and at the last of them. */
  readonly meanAngle: Readonly<Record<string, number>>;
  readonly lastAngle: Readonly<Record<string, number>>;
  /** Cosine of weights up and the transpose of those down, before the last observed step. */
  readonly lastAlignment: Readonly<Record<string, number>>;
}

/**
 * @param observations in order, at least one
 * @example
 * observedSummary(readObservations(file)).meanAngle.stage2; // 62.4
 */
export function observedSummary(observations: readonly Observation[]): ObservedSummary {
  const last = observations.at(-1)!;
  const stages = last.gradients.map(({ stage }) => stage);
  const meanAngle = stages.map((stage, k) => {
    const degrees = observations.flatMap(({ gradients }) => gradients[k]?.degrees ?? []);
    const sum = degrees.reduce((total, angle) => total + angle, 0);
    return [`stage${stage}`, degrees.length > 0 ? sum / degrees.length : null] as const;
  });
  const lastAngle = last.gradients.map(({ stage, degrees }) => [`stage${stage}`, degrees] as const);
  const weights = last.weights.map(({ between: [below, above], cosine }) => {
    return [`stages${below}to${above}`, cosine] as const;
  });
  return { meanAngle: known(meanAngle), lastAngle: known(lastAngle), lastAlignment: known(weights) };
}

function known(entries: readonly (readonly [string, number | null])[]): Record<string, number> {
  return Object.fromEntries(entries.filter((entry): entry is readonly [string, number] => entry[1] !== null));
}

/** What every run's `summary.json` says. */
interface RunSummary extends Training, End {
  readonly name: string;
  readonly seed: number;
}

/** How training went. */
interface Training {
  /** Null where nothing was held out. */
  readonly bestEpoch: number | null;
  readonly epochs: number;
  readonly steps: number;
  /** The most memory the process held for training and tests (resident set), in bytes; of its last session, where it was resumed. */
  readonly peakMemory: number;
  /** Of training, evaluation of the validation part included. */
  readonly seconds: number;
}

interface End {
  /** Which part the figures are of. */
  readonly judgedBy: Judge;
  /** Whose weights were tested. */
  readonly checkpoint: "best" | "last";
  readonly runFolder: string;
}

/** Of images in classes. Accuracies and firing rates are shares, 0..1. */
export interface Summary extends RunSummary {
  readonly rule: AnyRuleName;
  /** Decided by the concept's spikes; null where the run is judged by the validation images, and the test part was not looked at. */
  readonly testAccuracy: number | null;
  /** Decided by the concept's mean drive. */
  readonly testDriveAccuracy: number | null;
  /** Best over the epochs; null where nothing was held out. */
  readonly validationAccuracy: number | null;
  readonly imagesPerSecond: number;
  /** Of each network, of all that the rule needs while it trains, and of what naming an image takes: see `measure/rule-footprint.ts`. */
  readonly parameters: Readonly<Record<keyof RuleFootprint, number>>;
  /** Of perceiving one image, over all T steps, and of learning from one; `bispike eval --cost` has it by layer and by part. */
  readonly cost: {
    /** As NeuroBench counts, and what this engine does for the same products. */
    readonly inference: Operations;
    readonly inferenceByEngine: Effective;
    /** An image of a batch, as `measure/training-cost.ts` counts. */
    readonly training: Operations | null;
    /** Perception's parameters and buffers. */
    readonly footprintBytes: number;
    /** Those of all that the rule needs while it trains. */
    readonly trainingFootprintBytes: number;
    readonly connectionSparsity: number;
    readonly activationSparsity: number | null;
  };
  /** Arithmetic only, of `cost.inference` and `cost.training`. */
  readonly energy: {
    readonly inferencePicojoules: number;
    readonly trainingPicojoules: number | null;
    readonly preset: string;
  };
  /** Per hidden stage, on the part the run is judged by. */
  readonly rates: readonly number[];
  readonly hamming: readonly number[];
  readonly hammingShuffled: readonly number[];
  /** Null where the rule trains perception alone. */
  readonly recall: {
    /** Classes whose recalled image is most like their own mean image. */
    readonly ownIsNearest: number;
    readonly classes: number;
    /** Correlation of each class's recall with its own mean image. */
    readonly ownCorrelations: readonly number[];
  } | null;
  /** Where training was observed. */
  readonly observed?: ObservedSummary;
}

/** Of a text or series. */
export interface SequenceRunSummary extends RunSummary {
  readonly task: Task;
  readonly rule: SequenceRuleConfig["name"];
  /** Name of the text or series. */
  readonly data: string;
  /** With the weights tested; null where the data have no such part, or it was not looked at (`judgedBy`). */
  readonly test: SequenceEvaluation | null;
  readonly validation: SequenceEvaluation | null;
  /** Values: forecasts that need no learning, on the test part; null for characters or without a test part. */
  readonly naive: NaiveForecasts | null;
  readonly positionsPerSecond: number;
  readonly parameters: Parameters;
}

/** Of an autoencoder. */
export interface AutoencoderRunSummary extends RunSummary {
  readonly task: "autoencode";
  readonly rule: AutoencoderRuleConfig["name"];
  /** Name of the data set. */
  readonly data: string;
  /** The test images as each network draws them, with the weights tested. */
  readonly test: Reconstruction | null;
  /** The validation images so, where the run is judged by them and the test part was not looked at. */
  readonly validation?: Reconstruction;
  /** Best over the epochs, of perception's drawings; null where nothing was held out. */
  readonly validationMse: number | null;
  readonly imagesPerSecond: number;
  readonly parameters: Pick<Parameters, "perception" | "recall">;
}

/** `summary.json` of any problem. */
export type AnySummary = Summary | SequenceRunSummary | AutoencoderRunSummary;

/** Learned numbers of each network, and of feedback weights where a rule has its own. */
interface Parameters {
  readonly perception: number;
  readonly recall: number;
  readonly feedback: number;
}

/** Names of a run's pictures; the figures have `.svg` and `.png`. */
export const PICTURES = {
  recall: "recall.png",
  augmented: "augmented.png",
  reconstruct: "reconstruct.png",
  curves: "curves",
  observations: "observations",
  raster: "raster",
} as const;

/** Images in an autoencoder's picture. */
const SHOWN = 10;

/** A run whose training has ended. */
interface Ended {
  readonly folder: RunFolder;
  readonly result: TrainingResult;
  /** held-out: the test part is not looked at. */
  readonly judge: Judge;
  /** Awaited between batches; may throw to give up. */
  readonly pause: () => Promise<void>;
}

/** What a problem measures of a run's end with the weights that are tested; what comes of it draws the problem's pictures and puts the summary together. */
export type Ending = (
  ended: Ended,
  best: AnyCheckpoint | undefined,
) => Promise<(common: Common) => AnySummary | Promise<AnySummary>>;

interface Common {
  readonly name: string;
  readonly seed: number;
  readonly training: Training;
  readonly end: End;
}

/** Loads the best weights (else keeps the last), measures the part the run is judged by, writes pictures and summary. */
export async function finishRun(
  run: {
    readonly config: AnyConfig;
    readonly task: { readonly totalSteps: number };
    readonly slots: () => Iterable<Slot>;
    readonly measure: Ending;
  },
  ended: Ended,
): Promise<AnySummary> {
  const { folder, result, judge } = ended;
  const { name, train } = run.config;
  const best = result.best ? folder.best() : undefined;
  if (best) importSlots(run.slots(), best.tensors);
  const summarise = await run.measure(ended, best);
  // Before the drawing packages come, which are no part of it.
  const memory = peakMemory();
  // They take half a second to load: not before they are needed.
  const { writeCurves } = await import("../../node/figures.ts");
  writeCurves(folder.file(RUN_FILES.metrics), folder.file(PICTURES.curves));
  const training: Training = {
    bestEpoch: result.best?.epoch ?? null,
    epochs: train.epochs,
    steps: run.task.totalSteps,
    peakMemory: memory,
    seconds: result.seconds,
  };
  const end: End = { judgedBy: judge, checkpoint: best ? "best" : "last", runFolder: folder.path };
  const summary = await summarise({ name, seed: train.seed, training, end });
  // Last: a folder with a summary is a finished run.
  folder.writeJson(RUN_FILES.summary, summary);
  return summary;
}

/** Accuracy, similarity of spikes and cost; recalled images, what augmentation did, a raster. */
export function measureImages(experiment: Experiment): Ending {
  const { model, dataset, config, trainIndices, augmenter } = experiment;
  return async ({ folder, result, judge, pause }, best) => {
    const chosen = best ?? folder.last();
    if (!chosen || !("classMeans" in chosen))
      throw new BispikeError(
        "checkpoint",
        `${folder.path}: its checkpoint is gone; was the folder changed while training?`,
      );
    const { split, indices } = judgedImages(experiment, judge);
    const spiking = model.spiking ? model : undefined;
    const { net } = model;
    const meter = new CostMeter(net);
    const measured = await evaluate(model, split, indices, pause, [meter]);
    const cost = meter.result();
    const footprint = ruleFootprint(net, config.rule.name, config.rule);
    const step = trainingStep(config);
    const isTest = judge === "test";
    return async ({ name, seed, training, end }): Promise<Summary> => {
      const { writeObservations, writeRaster, writeRecallPicture } = await import("../../node/figures.ts");
      const drawable = (spiking?.pair.recalls || augmenter !== undefined) && canDraw(dataset.shape);
      const recall = (of: Model) =>
        drawable
          ? writeRecallPicture(of, chosen.classMeans, folder.file(PICTURES.recall))
          : recallImages(of, chosen.classMeans);
      const recalled = spiking?.pair.recalls ? recall(spiking) : undefined;
      const observations = experiment.observer ? readObservations(folder.file(RUN_FILES.observations)) : [];
      if (observations.length > 0)
        writeObservations(folder.file(RUN_FILES.observations), folder.file(PICTURES.observations));
      if (augmenter && drawable) {
        const { writeAugmentedPicture } = await import("../../node/figures.ts");
        const images = { split: dataset.train, trainIndices, train: config.train };
        writeAugmentedPicture(augmenter, images, folder.file(PICTURES.augmented));
      }
      if (spiking) writeRaster(spiking, split, indices[0]!, folder.file(PICTURES.raster));
      return {
        name,
        rule: config.rule.name,
        seed,
        testAccuracy: isTest ? measured.accuracy : null,
        testDriveAccuracy: isTest ? measured.driveAccuracy : null,
        validationAccuracy: result.best?.score ?? null,
        ...training,
        imagesPerSecond: (trainIndices.length * config.train.epochs) / result.seconds,
        parameters: parametersOf(footprint),
        ...costOf(cost, step && trainingCost(net, cost, step), footprint),
        rates: measured.rates,
        hamming: measured.hamming,
        hammingShuffled: measured.hammingShuffled,
        recall: recalled
          ? {
              ownIsNearest: recalled.ownIsNearest,
              classes: dataset.classes,
              ownCorrelations: recalled.correlations.map((row, c) => row[c] ?? 0),
            }
          : null,
        ...(observations.length > 0 ? { observed: observedSummary(observations) } : {}),
        ...end,
      };
    };
  };
}

/** How well each position is predicted, and by naive forecasts. */
export function measureSequence({ learner, sequence, config }: SequenceExperiment): Ending {
  const { set, about, windows } = sequence;
  return async ({ result, judge, pause }) => {
    const measure = (part: "validation" | "test") =>
      windows[part].length > 0 ? evaluateSequence(learner, set, about, set.parts[part], pause) : null;
    const validation = await measure("validation");
    const test = judge === "test" ? await measure("test") : null;
    const naive = about.kind === "series" && test ? naiveForecasts(set, about, set.parts.test) : null;
    const positions = windows.train.length * about.window * config.train.epochs;
    return ({ name, seed, training, end }): SequenceRunSummary => ({
      name,
      seed,
      task: config.task,
      rule: config.rule.name,
      data: about.name,
      test,
      validation,
      naive,
      ...training,
      positionsPerSecond: positions / result.seconds,
      parameters: countParameters(learner.slots(false)),
      ...end,
    });
  };
}

/** How well images are reconstructed, and a picture of some. */
export function measureAutoencoder(experiment: AutoencoderExperiment): Ending {
  const { model, dataset, config, trainIndices } = experiment;
  return async ({ folder, result, judge, pause }) => {
    const { split, indices } = judgedImages(experiment, judge);
    const measured = await withFeatures(dataset, undefined, (features) =>
      measureReconstruction(model, split, indices, { features, pause }),
    );
    return ({ name, seed, training, end }): AutoencoderRunSummary => {
      if (canDraw(dataset.shape))
        writeReconstructions(model, split, indices.subarray(0, SHOWN), folder.file(PICTURES.reconstruct));
      const { perception, recall } = countParameters(model.learner.slots(false));
      const { peakMemory: memory, ...trained } = training;
      return {
        name,
        seed,
        task: config.task,
        rule: config.rule.name,
        data: dataset.name,
        test: judge === "test" ? measured : null,
        ...(judge === "test" ? {} : { validation: measured }),
        validationMse: result.best && -result.best.score,
        ...trained,
        imagesPerSecond: (trainIndices.length * config.train.epochs) / result.seconds,
        peakMemory: memory,
        parameters: { perception, recall },
        ...end,
      };
    };
  };
}

/** Counts learned numbers by the first word of the tensors' names; a norm's running statistics are measured, not learned. */
function countParameters(slots: Iterable<Slot>): Parameters {
  const counts = { perception: 0, recall: 0, feedback: 0 };
  for (const { name, shape } of slots) {
    const network = name.slice(0, name.indexOf(".")) as keyof Parameters;
    if (!/\.norm\.(mean|variance)$/.test(name)) counts[network] += shape.reduce((a, b) => a * b, 1);
  }
  return counts;
}

/** The images a run's figures are of. */
function judgedImages(
  { dataset, validationIndices }: { readonly dataset: Dataset; readonly validationIndices: Int32Array },
  judge: Judge,
): { split: Split; indices: Int32Array } {
  if (judge === "held-out") return { split: dataset.train, indices: validationIndices };
  return { split: dataset.test, indices: Int32Array.from({ length: dataset.test.count }, (_, index) => index) };
}

function costOf(
  { perception }: PairCost,
  training: TrainingCost | null,
  footprint: RuleFootprint,
): Pick<Summary, "cost" | "energy"> {
  const { operations, engine, connectionSparsity, activationSparsity } = perception;
  return {
    cost: {
      ...{ inference: operations, inferenceByEngine: engine, training: training?.total ?? null },
      ...{ footprintBytes: footprint.inference.bytes, trainingFootprintBytes: footprint.training.bytes },
      ...{ connectionSparsity, activationSparsity },
    },
    energy: {
      inferencePicojoules: picojoules(operations),
      trainingPicojoules: training && picojoules(training.total),
      preset: `${FP32.name}, arithmetic only`,
    },
  };
}
