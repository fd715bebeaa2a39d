/** The end of a run: the test part is looked at once, with the weights the held-out images chose; results and pictures go into the run folder. */
import { BispikeError } from "../../errors.ts";
import { CostMeter, type PairCost } from "../../measurement/cost.ts";
import { FP32, picojoules } from "../../measurement/energy.ts";
import { evaluate } from "../../measurement/evaluate.ts";
import { learnedNumbers, parametersOf } from "../../measurement/footprint.ts";
import type { Effective, Operations } from "../../measurement/operations.ts";
import { Model } from "../../network/model.ts";
import { peakMemory } from "../../node/environment.ts";
import { RUN_FILES, type RunFolder } from "../../node/run-folder.ts";
import { isImageCheckpoint } from "../../training/any-checkpoint.ts";
import type { ImageRuleName } from "../../training/config.ts";
import type { Experiment } from "../../training/experiment.ts";
import { importState } from "../../training/state.ts";
import type { TrainingResult } from "../../training/trainer.ts";

/** `summary.json`. Accuracies and firing rates are shares, 0..1. */
export interface Summary {
  readonly name: string;
  readonly rule: ImageRuleName;
  readonly seed: number;
  /** Decided by the concept's spikes. */
  readonly testAccuracy: number;
  /** Decided by the concept's mean drive. */
  readonly testDriveAccuracy: number;
  /** Best over the epochs; null where nothing was held out. */
  readonly heldOutAccuracy: number | null;
  readonly bestEpoch: number | null;
  readonly epochs: number;
  readonly steps: number;
  /** The most memory the process held for training and tests (resident set), in bytes; of its last session, where it was resumed. */
  readonly peakMemory: number;
  /** Of training, evaluation of the held-out images included. */
  readonly seconds: number;
  readonly imagesPerSecond: number;
  /** Learned numbers of each network. */
  readonly parameters: {
    readonly perception: number;
    readonly recall: number;
    /** What errors or targets come down by while nets of real numbers learn, where that is learned too. */
    readonly feedback?: number;
  };
  /** Of perceiving one test image, over all T steps; `bispike eval --cost` has it by layer. Null for nets of real numbers, whose operations are not counted. */
  readonly cost: {
    /** As NeuroBench counts, and what this engine does for the same products. */
    readonly inference: Operations;
    readonly inferenceByEngine: Effective;
    /** Perception's parameters and buffers. */
    readonly footprintBytes: number;
    readonly connectionSparsity: number;
    readonly activationSparsity: number | null;
  } | null;
  /** Arithmetic only, of `cost.inference`. */
  readonly energy: { readonly inferencePicojoules: number; readonly preset: string } | null;
  /** Per hidden stage, on the test part. */
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
  /** Whose weights were tested. */
  readonly checkpoint: "best" | "last";
  readonly runFolder: string;
}

/** Names of a run's pictures; the figures have `.svg` and `.png`. */
export const PICTURES = {
  recall: "recall.png",
  reconstruct: "reconstruct.png",
  curves: "curves",
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
): Promise<Summary> {
  const { model, dataset, config, trainIndices, totalSteps } = experiment;
  const best = result.best ? folder.best() : undefined;
  if (best) importState(model, best.tensors, { optimiser: false });
  const chosen = best ?? folder.last();
  if (!chosen || !isImageCheckpoint(chosen))
    throw new BispikeError(
      "checkpoint",
      `${folder.path}: its checkpoint is gone; was the folder changed while training?`,
    );

  const everyImage = Int32Array.from({ length: dataset.test.count }, (_, index) => index);
  const spiking = model instanceof Model ? model : undefined;
  const meter = spiking && new CostMeter(spiking.pair);
  const test = await evaluate(model, dataset.test, everyImage, pause, meter ? [meter] : []);
  const cost = meter?.result();
  // Before the drawing packages come, which are no part of it.
  const memory = peakMemory();
  // They take half a second to load: not before they are needed.
  const { writeCurves, writeRaster, writeRecallPicture } = await import("../../node/figures.ts");
  const recalled = spiking?.pair.recalls
    ? writeRecallPicture(spiking, chosen.classMeans, folder.file(PICTURES.recall))
    : undefined;
  writeCurves(folder.file(RUN_FILES.metrics), folder.file(PICTURES.curves));
  if (spiking) writeRaster(spiking, dataset.test, 0, folder.file(PICTURES.raster));

  const summary: Summary = {
    name: config.name,
    rule: config.rule.name,
    seed: config.train.seed,
    testAccuracy: test.accuracy,
    testDriveAccuracy: test.driveAccuracy,
    heldOutAccuracy: result.best?.score ?? null,
    bestEpoch: result.best?.epoch ?? null,
    epochs: config.train.epochs,
    steps: totalSteps,
    peakMemory: memory,
    seconds: result.seconds,
    imagesPerSecond: (trainIndices.length * config.train.epochs) / result.seconds,
    parameters: spiking ? parametersOf(spiking.pair) : realParameters(experiment),
    ...(cost ? inferenceCost(cost) : { cost: null, energy: null }),
    rates: test.rates,
    hamming: test.hamming,
    hammingShuffled: test.hammingShuffled,
    recall: recalled
      ? {
          ownIsNearest: recalled.ownIsNearest,
          classes: dataset.classes,
          ownCorrelations: recalled.correlations.map((row, c) => row[c] ?? 0),
        }
      : null,
    checkpoint: best ? "best" : "last",
    runFolder: folder.path,
  };
  // Last: a folder with a summary is a finished run.
  folder.writeJson(RUN_FILES.summary, summary);
  return summary;
}

/** Learned numbers of a net of real numbers. */
function realParameters({ model, rule }: Experiment): Summary["parameters"] {
  const feedback = learnedNumbers([...rule.slots(true)].filter(({ name }) => name.startsWith("feedback.")));
  const perception = learnedNumbers([...model.slots(false)]);
  return { perception, recall: 0, ...(feedback > 0 ? { feedback } : {}) };
}

function inferenceCost({ perception }: PairCost): Pick<Summary, "cost" | "energy"> {
  const { operations, engine, footprint, connectionSparsity, activationSparsity } = perception;
  return {
    cost: {
      ...{ inference: operations, inferenceByEngine: engine, footprintBytes: footprint.bytes },
      ...{ connectionSparsity, activationSparsity },
    },
    energy: { inferencePicojoules: picojoules(operations), preset: `${FP32.name}, arithmetic only` },
  };
}
