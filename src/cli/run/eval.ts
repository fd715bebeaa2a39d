/** The work of `bispike eval`: what a trained net makes of one part of the data. */
import { BispikeError } from "../../errors.ts";
import { type Evaluation, evaluate } from "../../measurement/evaluate.ts";
import { type ImageModel, Model } from "../../network/model.ts";
import { buildRun, type OpenedCheckpoint, type OpenedRun, openAnyCheckpoint } from "../../node/open.ts";
import type { ProblemName } from "../../problems/problem.ts";
import type { AnyCheckpoint, AutoencoderCheckpoint, Checkpoint, CheckpointFor } from "../../training/checkpoint.ts";
import { assertRecall } from "../../training/read-checkpoint.ts";
import type { EvalOptions } from "../eval.ts";
import { note, print } from "../output.ts";
import { alignTable, classLabel, percent, printable } from "../table.ts";
import { confusionTable } from "./confusion.ts";
import { datasetFor, type ImagesCheckpoint, partImages, unverified } from "./data.ts";
import { checkSections, type Findings, type Measured, SECTIONS, type Section, sectionsOf } from "./eval-sections.ts";
import { evalSequence } from "./eval-sequence.ts";
import { measureReconstruction, reconstructionTable, withFeatures } from "./reconstruction.ts";

type Evaluate<C extends AnyCheckpoint> = (opened: OpenedCheckpoint<C>, options: EvalOptions) => Promise<Findings>;

/** How each problem's nets are measured, and what they are of where sections of the report are not for them. */
const PROBLEMS: {
  readonly [P in ProblemName]: { readonly of: string | null; readonly evaluate: Evaluate<CheckpointFor<P>> };
} = {
  classify: { of: null, evaluate: evalImages },
  sequence: { of: "sequences", evaluate: evalSequence },
  autoencode: { of: "an autoencoder", evaluate: evalAutoencoder },
};

/** Runs the command. */
export async function runEval(path: string, options: EvalOptions): Promise<void> {
  const opened = openAnyCheckpoint(path);
  const { of, evaluate } = PROBLEMS[opened.checkpoint.problem];
  checkSections(options, of && `${opened.file} is one of ${of}`);
  const { json, text } = await (evaluate as Evaluate<AnyCheckpoint>)(opened, options);
  print(options.json ? JSON.stringify(json) : text);
}

/** @throws BispikeError "usage" for options that say where a text or series is */
function refuseSequenceData(options: EvalOptions): void {
  for (const key of ["data.text", "data.series", "data.unknown"] as const) {
    if (options[key] !== undefined)
      throw new BispikeError(
        "usage",
        `--${key}: this checkpoint is of images; say where those are by --data.name or --data.path`,
      );
  }
}

/** Measures a net on images of a part. */
async function onPart<C extends ImagesCheckpoint>(
  opened: OpenedCheckpoint<C>,
  options: EvalOptions,
  measure: (built: OpenedRun<C["problem"]>, images: Measured) => Promise<Findings>,
): Promise<Findings> {
  const { checkpoint, file } = opened;
  const { part } = options;
  const built = await buildRun(opened, options.threads);
  try {
    const dataset = await datasetFor(checkpoint, file, options);
    note("warning", unverified(dataset));
    const { split, indices } = partImages(dataset, checkpoint, part);
    if (indices.length === 0) throw new BispikeError("data", `${dataset.name}: the ${part} part has no images`);
    return await measure(built, { split, indices, dataset });
  } finally {
    await built.team.close();
  }
}

/** Accuracy, confusion and spike similarity. */
async function evalImages(opened: OpenedCheckpoint<Checkpoint>, options: EvalOptions): Promise<Findings> {
  refuseSequenceData(options);
  const { part } = options;
  const { checkpoint, file } = opened;
  for (const key of ["ood", "recallMeasures"] as const)
    if (options[key] !== undefined) assertRecall(checkpoint, file, SECTIONS[key]);
  return onPart(opened, options, async (built, images) => {
    let sections: Section[] = [];
    try {
      sections = await sectionsOf(built, images, options);
      const meters = sections.flatMap(({ meter }) => (meter ? [meter] : []));
      const measured = await evaluate(built.model, images.split, images.indices, undefined, meters);
      const findings: Findings[] = [];
      for (const { finish } of sections) findings.push(await finish());
      const heading = `${file}: ${measured.images} ${part} images of ${images.dataset.name}`;
      return {
        json: Object.assign(imagesJson(measured, part, file), ...findings.map(({ json }) => json)) as Findings["json"],
        text: [report(measured, built.model, heading), ...findings.map(({ text }) => text)].join("\n\n"),
      };
    } finally {
      for (const { close } of sections) await close?.();
    }
  });
}

/** How well each network redraws images. */
async function evalAutoencoder(
  opened: OpenedCheckpoint<AutoencoderCheckpoint>,
  options: EvalOptions,
): Promise<Findings> {
  refuseSequenceData(options);
  return onPart(opened, options, async ({ model, checkpoint, file }, { split, indices, dataset }) => {
    const measured = await withFeatures(dataset, undefined, (features) =>
      measureReconstruction(model, split, indices, { features }),
    );
    const { part } = options;
    const heading = `${printable(file)}: ${measured.images} ${part} images of ${printable(dataset.name)}, redrawn`;
    return {
      json: { task: checkpoint.config.task, ...measured, part, data: dataset.name, checkpoint: file },
      text: `${heading}\n\n${reconstructionTable(measured)}`,
    };
  });
}

/** Accuracy of each class; null where the part has no image of it. */
function perClass({ confusion }: Evaluation): (number | null)[] {
  return confusion.map((row, truth) => {
    const images = row.reduce((sum, count) => sum + count, 0);
    return images === 0 ? null : row[truth]! / images;
  });
}

function imagesJson(measured: Evaluation, part: string, checkpoint: string): Findings["json"] {
  const { accuracy, driveAccuracy, confusion, rates, hamming, hammingShuffled, images } = measured;
  return {
    ...(part === "test" ? { testAccuracy: accuracy } : {}),
    accuracy,
    driveAccuracy,
    perClass: perClass(measured),
    confusion,
    rates,
    hamming,
    hammingShuffled,
    images,
    part,
    checkpoint,
  };
}

function report(measured: Evaluation, model: ImageModel, heading: string): string {
  const { classNames } = model.data;
  const { accuracy, driveAccuracy, confusion, rates, hamming, hammingShuffled } = measured;
  const accuracies = perClass(measured);
  const compared = hamming.length > 0;
  const stages = rates.map((rate, k) => [
    (k + 2).toString(),
    rate.toFixed(4),
    ...(compared ? [hamming[k]!.toFixed(4), hammingShuffled[k]!.toFixed(4)] : []),
  ]);
  const classes = classNames.map((_, c) => [
    classLabel(c, classNames),
    confusion[c]!.reduce((sum, count) => sum + count, 0).toString(),
    percent(accuracies[c]!),
  ]);
  return [
    heading,
    alignTable(
      model instanceof Model
        ? [
            ["accuracy", percent(accuracy), "by the concept's spikes"],
            ["", percent(driveAccuracy), "by the concept's mean drive"],
          ]
        : [["accuracy", percent(accuracy), "by the read-out's largest output"]],
      "lrl",
    ),
    alignTable([["class", "images", "accuracy"], ...classes], "lrr"),
    confusionTable(confusion, classNames),
    ...(stages.length > 0
      ? [
          alignTable([
            ["stage", "firing rate", ...(compared ? ["Hamming similarity", "of another class"] : [])],
            ...stages,
          ]),
        ]
      : []),
  ].join("\n\n");
}
