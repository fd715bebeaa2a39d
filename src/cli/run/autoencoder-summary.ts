/** The end of an autoencoder run: the test part is redrawn once, with the weights the held-out images chose; results and pictures go into the run folder. */
import { peakMemory } from "../../node/environment.ts";
import { RUN_FILES, type RunFolder } from "../../node/run-folder.ts";
import type { AutoencoderRuleConfig } from "../../training/autoencoder/config.ts";
import type { AutoencoderExperiment } from "../../training/experiment.ts";
import type { Judge } from "../../training/judge.ts";
import { importSlots } from "../../training/slots.ts";
import type { TrainingResult } from "../../training/trainer.ts";
import { canDraw } from "./can-draw.ts";
import { measureReconstruction, type Reconstruction, withFeatures } from "./reconstruction.ts";
import { writeReconstructions } from "./reconstruction-picture.ts";
import { countParameters } from "./sequence-summary.ts";
import { PICTURES } from "./summary.ts";

/** `summary.json` of an autoencoder run. */
export interface AutoencoderRunSummary {
  readonly name: string;
  readonly seed: number;
  readonly task: "autoencode";
  readonly rule: AutoencoderRuleConfig["name"];
  /** Name of the data set. */
  readonly data: string;
  /** The test images as each network draws them, with the weights tested. */
  readonly test: Reconstruction | null;
  /** The held-out images so, where the run is judged by them and the test part was not looked at. */
  readonly heldOut?: Reconstruction;
  /** Best over the epochs, of perception's drawings; null where nothing was held out. */
  readonly validationMse: number | null;
  readonly bestEpoch: number | null;
  readonly epochs: number;
  readonly steps: number;
  /** Of training, evaluation of the held-out images included. */
  readonly seconds: number;
  readonly imagesPerSecond: number;
  /** As of image runs. */
  readonly peakMemory: number;
  /** Learned numbers of each network. */
  readonly parameters: { readonly perception: number; readonly recall: number };
  /** Which images the figures are of. */
  readonly judgedBy: Judge;
  /** Whose weights were tested. */
  readonly checkpoint: "best" | "last";
  readonly runFolder: string;
}

/** Images in the picture. */
const SHOWN = 10;

/**
 * @param pause awaited between batches; may throw to give up
 * @param judge held-out: those images take the test part's place, which is not looked at
 */
export async function finishAutoencoderRun(
  experiment: AutoencoderExperiment,
  folder: RunFolder,
  result: TrainingResult,
  pause: () => Promise<void>,
  judge: Judge,
): Promise<AutoencoderRunSummary> {
  const { model, dataset, config, trainIndices, validationIndices, task } = experiment;
  const { learner } = model;
  const best = result.best ? folder.best() : undefined;
  if (best) importSlots(learner.slots(false), best.tensors);
  const isTest = judge === "test";
  const split = isTest ? dataset.test : dataset.train;
  const indices = isTest ? Int32Array.from({ length: split.count }, (_, index) => index) : validationIndices;
  const measured = await withFeatures(dataset, undefined, (features) =>
    measureReconstruction(model, split, indices, { features, pause }),
  );
  if (canDraw(dataset.shape))
    writeReconstructions(model, split, indices.subarray(0, SHOWN), folder.file(PICTURES.reconstruct));
  // The drawing packages take half a second to load: not before they are needed.
  const { writeCurves } = await import("../../node/figures.ts");
  writeCurves(folder.file(RUN_FILES.metrics), folder.file(PICTURES.curves));
  const memory = peakMemory();
  const { perception, recall } = countParameters(learner);
  const summary: AutoencoderRunSummary = {
    name: config.name,
    seed: config.train.seed,
    task: config.task,
    rule: config.rule.name,
    data: dataset.name,
    test: isTest ? measured : null,
    ...(isTest ? {} : { heldOut: measured }),
    validationMse: result.best && -result.best.score,
    bestEpoch: result.best?.epoch ?? null,
    epochs: config.train.epochs,
    steps: task.totalSteps,
    seconds: result.seconds,
    imagesPerSecond: (trainIndices.length * config.train.epochs) / result.seconds,
    peakMemory: memory,
    parameters: { perception, recall },
    judgedBy: judge,
    checkpoint: best ? "best" : "last",
    runFolder: folder.path,
  };
  // Last: a folder with a summary is a finished run.
  folder.writeJson(RUN_FILES.summary, summary);
  return summary;
}
