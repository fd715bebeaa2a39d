/** The work of `bispike eval`: accuracy, confusion and spike similarity over one part of the data. */
import { BispikeError } from "../../errors.ts";
import { type Evaluation, evaluate } from "../../measurement/evaluate.ts";
import { type ImageModel, Model } from "../../network/model.ts";
import { buildModel, type OpenedCheckpoint, openAnyCheckpoint } from "../../node/open.ts";
import { assertRecall } from "../../training/checkpoint.ts";
import type { EvalOptions } from "../eval.ts";
import { note, print } from "../output.ts";
import { alignTable, classLabel, percent } from "../table.ts";
import { confusionTable } from "./confusion.ts";
import { datasetFor, partImages, unverified } from "./data.ts";
import { evalAutoencoder } from "./eval-autoencoder.ts";
import { checkSections, type Findings, SECTIONS, type Section, sectionsOf } from "./eval-sections.ts";
import { evalSequence } from "./eval-sequence.ts";

/** Runs the command. */
export async function runEval(path: string, options: EvalOptions): Promise<void> {
  const opened = openAnyCheckpoint(path);
  const { checkpoint, file } = opened;
  const other =
    checkpoint.problem === "sequence" ? "sequences" : checkpoint.problem === "autoencode" ? "an autoencoder" : null;
  checkSections(options, other && `${file} is one of ${other}`);
  if (checkpoint.problem === "sequence") return evalSequence({ file, checkpoint }, options);
  refuseSequenceData(options);
  if (checkpoint.problem === "autoencode") return evalAutoencoder({ file, checkpoint }, options);
  return evalImages({ file, checkpoint }, options);
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

async function evalImages(opened: OpenedCheckpoint, options: EvalOptions): Promise<void> {
  const { part } = options;
  const { checkpoint, file } = opened;
  for (const key of ["ood", "recallMeasures"] as const)
    if (options[key] !== undefined) assertRecall(checkpoint, file, SECTIONS[key]);
  const built = await buildModel(opened, options.threads);
  const { model, team } = built;
  let sections: Section[] = [];
  try {
    const dataset = await datasetFor(checkpoint, file, options);
    note("warning", unverified(dataset));
    const { split, indices } = partImages(dataset, checkpoint, part);
    if (indices.length === 0) throw new BispikeError("data", `${dataset.name}: the ${part} part has no images`);
    sections = await sectionsOf(built, { split, indices, dataset }, options);
    const meters = sections.flatMap(({ meter }) => (meter ? [meter] : []));
    const measured = await evaluate(model, split, indices, undefined, meters);
    const findings: Findings[] = [];
    for (const { finish } of sections) findings.push(await finish());
    const more = Object.assign({}, ...findings.map((found) => found.json)) as Findings["json"];
    const heading = `${file}: ${measured.images} ${part} images of ${dataset.name}`;
    print(
      options.json
        ? json(measured, part, file, more)
        : [report(measured, model, heading), ...findings.map(({ text }) => text)].join("\n\n"),
    );
  } finally {
    for (const { close } of sections) await close?.();
    await team.close();
  }
}

/** Accuracy of each class; null where the part has no image of it. */
function perClass({ confusion }: Evaluation): (number | null)[] {
  return confusion.map((row, truth) => {
    const images = row.reduce((sum, count) => sum + count, 0);
    return images === 0 ? null : row[truth]! / images;
  });
}

function json(measured: Evaluation, part: string, checkpoint: string, more: Findings["json"]): string {
  const { accuracy, driveAccuracy, confusion, rates, hamming, hammingShuffled, images } = measured;
  return JSON.stringify({
    ...(part === "test" ? { testAccuracy: accuracy } : {}),
    ...{
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
    },
    ...more,
  });
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
