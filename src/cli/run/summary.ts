/**
 * The end of a run: the test part is looked at once, with the weights the held-out images chose; results and pictures go into the run folder. A run that is judged by the held-out
 * images has them in the test part's place.
 */

import type { Split } from "../../data/dataset.ts";
import { BispikeError } from "../../errors.ts";
import { CostMeter, countedNet, type PairCost } from "../../measurement/cost.ts";
import { FP32, picojoules } from "../../measurement/energy.ts";
import { evaluate } from "../../measurement/evaluate.ts";
import type { Effective, Operations } from "../../measurement/operations.ts";
import { recallImages } from "../../measurement/recalled.ts";
import { parametersOf, type RuleFootprint, ruleFootprint } from "../../measurement/rule-footprint.ts";
import { type TrainingCost, trainingCost } from "../../measurement/training-cost.ts";
import { trainingStep } from "../../measurement/training-step.ts";
import { Model } from "../../network/model.ts";
import { peakMemory } from "../../node/environment.ts";
import { readObservations } from "../../node/observations-file.ts";
import { RUN_FILES, type RunFolder } from "../../node/run-folder.ts";
import type { AnyRuleName } from "../../training/config.ts";
import type { Experiment } from "../../training/experiment.ts";
import type { Judge } from "../../training/judge.ts";
import { importState } from "../../training/state.ts";
import type { TrainingResult } from "../../training/trainer.ts";
import { canDraw } from "./can-draw.ts";
import { type ObservedSummary, observedSummary } from "./observed-summary.ts";

/** `summary.json`. Accuracies and firing rates are shares, 0..1. */
export interface Summary {
  readonly name: string;
  readonly rule: AnyRuleName;
  readonly seed: number;
  /** Decided by the concept's spikes; null where the run is judged by the held-out images, and the test part was not looked at. */
  readonly testAccuracy: number | null;
  /** Decided by the concept's mean drive. */
  readonly testDriveAccuracy: number | null;
  /** Best over the epochs; null where nothing was held out. */
  readonly validationAccuracy: number | null;
  readonly bestEpoch: number | null;
  readonly epochs: number;
  readonly steps: number;
  /** The most memory the process held for training and tests (resident set), in bytes; of its last session, where it was resumed. */
  readonly peakMemory: number;
  /** Of training, evaluation of the held-out images included. */
  readonly seconds: number;
  readonly imagesPerSecond: number;
  /** Of each network, of all that the rule needs while it trains, and of what naming an image takes: see `measurement/rule-footprint.ts`. */
  readonly parameters: Readonly<Record<keyof RuleFootprint, number>>;
  /** Of perceiving one image, over all T steps, and of learning from one; `bispike eval --cost` has it by layer and by part. */
  readonly cost: {
    /** As NeuroBench counts, and what this engine does for the same products. */
    readonly inference: Operations;
    readonly inferenceByEngine: Effective;
    /** An image of a batch, as `measurement/training-cost.ts` counts. */
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
  /** Which images the figures are of. */
  readonly judgedBy: Judge;
  /** Whose weights were tested. */
  readonly checkpoint: "best" | "last";
  readonly runFolder: string;
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

/**
 * Loads the best weights (else keeps the last), evaluates the test part, writes pictures and summary.
 *
 * @param pause awaited between batches; may throw to give up
 */
export async function finishRun(
  experiment: Experiment,
  folder: RunFolder,
  result: TrainingResult,
  pause: () => Promise<void>,
  judge: Judge,
): Promise<Summary> {
  const { model, dataset, config, trainIndices, task, augmenter } = experiment;
  const best = result.best ? folder.best() : undefined;
  if (best) importState(model, best.tensors, { optimiser: false });
  const chosen = best ?? folder.last();
  if (chosen?.problem !== "classify")
    throw new BispikeError(
      "checkpoint",
      `${folder.path}: its checkpoint is gone; was the folder changed while training?`,
    );

  const { split, indices } = judgedImages(experiment, judge);
  const spiking = model instanceof Model ? model : undefined;
  const net = countedNet(model);
  const meter = new CostMeter(net);
  const measured = await evaluate(model, split, indices, pause, [meter]);
  const cost = meter.result();
  const footprint = ruleFootprint(net, config.rule.name, config.rule);
  const step = trainingStep(config);
  const isTest = judge === "test";
  // Before the drawing packages come, which are no part of it.
  const memory = peakMemory();
  // They take half a second to load: not before they are needed.
  const { writeCurves, writeObservations, writeRaster, writeRecallPicture } = await import("../../node/figures.ts");
  const drawable = (spiking?.pair.recalls || augmenter !== undefined) && canDraw(dataset.shape);
  const recall = (of: Model) =>
    drawable
      ? writeRecallPicture(of, chosen.classMeans, folder.file(PICTURES.recall))
      : recallImages(of, chosen.classMeans);
  const recalled = spiking?.pair.recalls ? recall(spiking) : undefined;
  writeCurves(folder.file(RUN_FILES.metrics), folder.file(PICTURES.curves));
  const observations = experiment.observer ? readObservations(folder.file(RUN_FILES.observations)) : [];
  if (observations.length > 0)
    writeObservations(folder.file(RUN_FILES.observations), folder.file(PICTURES.observations));
  if (augmenter && drawable) {
    const { writeAugmentedPicture } = await import("../../node/augmented-picture.ts");
    const images = { split: dataset.train, trainIndices, train: config.train };
    writeAugmentedPicture(augmenter, images, folder.file(PICTURES.augmented));
  }
  if (spiking) writeRaster(spiking, split, indices[0]!, folder.file(PICTURES.raster));

  const summary: Summary = {
    name: config.name,
    rule: config.rule.name,
    seed: config.train.seed,
    testAccuracy: isTest ? measured.accuracy : null,
    testDriveAccuracy: isTest ? measured.driveAccuracy : null,
    validationAccuracy: result.best?.score ?? null,
    bestEpoch: result.best?.epoch ?? null,
    epochs: config.train.epochs,
    steps: task.totalSteps,
    peakMemory: memory,
    seconds: result.seconds,
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
    judgedBy: judge,
    checkpoint: best ? "best" : "last",
    runFolder: folder.path,
  };
  // Last: a folder with a summary is a finished run.
  folder.writeJson(RUN_FILES.summary, summary);
  return summary;
}

/** The images a run's figures are of. */
function judgedImages(experiment: Experiment, judge: Judge): { split: Split; indices: Int32Array } {
  const { dataset, validationIndices } = experiment;
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
