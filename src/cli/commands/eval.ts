/** `bispike eval`. */
import { Command } from "commander";
import type { SequenceRequest } from "../../data/sequence/load.ts";
import { BispikeError } from "../../errors.ts";
import { CORRUPTIONS, type CorruptionName, DEFAULT_DRAWS } from "../../measure/corruptions.ts";
import { type Evaluation, evaluate } from "../../measure/evaluate.ts";
import type { Errors, ValueFigures } from "../../measure/sequence.ts";
import { evaluateSequence, naiveForecasts, type SequenceEvaluation } from "../../measure/sequence.ts";
import { DEFAULT_CELLS, MOST_UNITS, PROBE_IMAGES } from "../../measure/stage-features.ts";
import type { ImageModel } from "../../nets/model.ts";
import { buildRun, type OpenedCheckpoint, type OpenedRun, openAnyCheckpoint } from "../../node/open.ts";
import type { ProblemName } from "../../problems/problem.ts";
import type {
  AnyCheckpoint,
  AutoencoderCheckpoint,
  Checkpoint,
  CheckpointFor,
  SequenceCheckpoint,
} from "../../training/checkpoint.ts";
import { assertRecall } from "../../training/read-checkpoint.ts";
import {
  digitList,
  LARGEST,
  nameList,
  type Part,
  partOption,
  wholeNumber,
  withData,
  withThreads,
} from "../arguments.ts";
import { datasetFor, type ImagesCheckpoint, partImages, partOf, sequenceFor, unverified } from "../data.ts";
import { note, print, runAction } from "../process.ts";
import { measureReconstruction, reconstructionTable, withFeatures } from "../report/reconstruction.ts";
import { alignTable, classLabel, confusionTable, figure, percent, printable } from "../report/tables.ts";
import { checkSections, type Findings, type Measured, SECTIONS, type Section, sectionsOf } from "./eval-sections.ts";

export interface EvalOptions {
  readonly part: Part;
  readonly threads: number;
  readonly json?: true;
  readonly cost?: true;
  readonly representation?: true;
  readonly probes?: true;
  readonly probeImages?: number;
  readonly probeCells?: number;
  readonly ood?: string;
  readonly recallMeasures?: true;
  readonly classifier?: string;
  readonly robustness?: true;
  readonly corruptions?: readonly CorruptionName[];
  readonly severities?: readonly number[];
  readonly images?: number;
  readonly draws?: number;
  readonly seed?: number;
  readonly out?: string;
  readonly "data.name"?: string;
  readonly "data.path"?: string;
  readonly "data.text"?: string;
  readonly "data.series"?: string;
  readonly "data.unknown"?: string;
}

export function evalCommand(): Command {
  const command = new Command("eval")
    .description(
      "Perceives every image of a part of the data set and reports the accuracy (by the concept's spikes, and by its mean drive alone), the accuracy of each class, " +
        "the confusion matrix, and for each stage the firing rate and the Hamming similarity of perception's spikes with recall's: " +
        "of the same class, and of another one as the control. Of a sequence experiment: the accuracy and bits a character, or the errors of the predicted values in standardised and in their own units " +
        "beside those of naive forecasts, every position counted once. Of an autoencoder: how well each network reconstructs the images. The data are those the checkpoint was trained on unless told otherwise.",
    )
    .argument("<run>", "a run folder (its best checkpoint, else its last) or a checkpoint file")
    .addOption(partOption("which images or positions: test, those held out of training, or those trained on"));
  withThreads(withData(command))
    .option(
      "--data.text <text>",
      "text of a sequence experiment, in place of the one trained on: alice, hamlet, emma, or a path",
    )
    .option(
      "--data.unknown <how>",
      "characters of --data.text that the net does not know: error, skip, or a character for them (default: error)",
    )
    .option("--data.series <file>", "series of a sequence experiment, in place of the one trained on")
    .option(
      "--cost",
      "images: also NeuroBench's footprint, sparsity and synaptic operations by layer, of perception, recall and a training step, and the energy of the arithmetic",
    )
    .option(
      "--representation",
      "images: also effective rank, dead and saturated units, rate histograms, and the alignment of the networks' weights",
    )
    .option(
      "--probes",
      "images: also what each stage knows of the classes: linear probes fitted to images trained on, nearest class means, what recall alone would decide there, and the variance between and within classes",
    )
    .option(
      "--probe-images <n>",
      `with --probes: so many images to fit to, spread evenly over those trained on; 0 for all (default: ${PROBE_IMAGES})`,
      wholeNumber(0, LARGEST),
    )
    .option(
      "--probe-cells <n>",
      `with --probes: average-pool convolutional stages and the stimulus to n x n cells; 0 for none (default: ${DEFAULT_CELLS} where there are over ${MOST_UNITS} units)`,
      wholeNumber(0, 4096),
    )
    .option(
      "--ood <dataset>",
      "images: also how well the mismatch of perception and recall tells the part from the test images of this other data set (a name or a folder): AUROC",
    )
    .option(
      "--recall-measures",
      "images: also how like their class the recalled images are, and recall from cues with a part hidden or noise over them (1000 images of the part)",
    )
    .option("--classifier <run>", "with --recall-measures: another run or checkpoint that names what recall draws")
    .option("--robustness", "images: also the accuracy on corrupted images and with noise on the weights, by severity")
    .option(
      "--corruptions <list>",
      `with --robustness: which, of ${CORRUPTIONS.join(",")} (default: all)`,
      nameList(CORRUPTIONS),
    )
    .option("--severities <list>", "with --robustness: which, such as 1-5 or 1,3,5 (default: 1-5)", digitList(1, 5))
    .option(
      "--images <n>",
      "with --robustness: so many images, spread evenly over the part; 0 for all (default: 0)",
      wholeNumber(0, LARGEST),
    )
    .option(
      "--draws <n>",
      `with --robustness: draws of the noise on the weights at each severity (default: ${DEFAULT_DRAWS})`,
      wholeNumber(1, 1000),
    )
    .option("--seed <n>", "with --robustness: of all that is left to chance (default: 1)", wholeNumber(0, LARGEST))
    .option("--out <file>", "with --robustness: write its figures as CSV too")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Examples:
  $ bispike eval runs/mnist-mlp-seed1
  $ bispike eval runs/mnist-mlp-seed1/last.safetensors --part heldout
  $ bispike eval runs/mnist-mlp-seed1 --cost --representation
  $ bispike eval runs/mnist-mlp-seed1 --probes --probe-images 10000
  $ bispike eval runs/mnist-mlp-seed1 --ood fashion-mnist
  $ bispike eval runs/mnist-mlp-seed1 --recall-measures --classifier runs/mnist-cnn-seed2
  $ bispike eval runs/mnist-mlp-seed1 --robustness --images 1000 --out robustness.csv
  $ bispike eval runs/mnist-mlp-seed1 --robustness --corruptions noise,weights --severities 1-3
  $ bispike eval runs/alice-seed1 --data.text hamlet --data.unknown skip
  $ bispike eval model.safetensors --data.path data/mnist --json | jq .accuracy`,
    )
    .action(runAction(runEval));
  return command;
}

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

/** How well each network reconstructs images. */
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
    const heading = `${printable(file)}: ${measured.images} ${part} images of ${printable(dataset.name)}, reconstructed`;
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
      model.spiking
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

/** Measures a part of the text or series a checkpoint was trained on, or of another one by its alphabet or columns. */
export async function evalSequence(
  opened: OpenedCheckpoint<SequenceCheckpoint>,
  options: EvalOptions,
): Promise<Findings> {
  const { checkpoint, file } = opened;
  const sequence = await sequenceFor(checkpoint, toldBy(checkpoint, options), undefined, "--data.unknown");
  const { set, about } = sequence;
  const range = partOf(sequence, checkpoint, options.part);
  const { learner, team } = await buildRun(opened, options.threads);
  try {
    const measured = await evaluateSequence(learner, set, about, range);
    const naive = about.kind === "series" ? naiveForecasts(set, about, range) : null;
    const { task } = checkpoint.config;
    const heading = `${printable(file)}: ${task}, ${measured.positions} positions of the ${options.part} part of ${printable(about.name)}`;
    return {
      json: { task, ...measured, naive, part: options.part, data: about.name, checkpoint: file },
      text: [heading, ...figures(measured), ...(naive ? [naiveTable(measured as ValueFigures, naive)] : [])].join(
        "\n\n",
      ),
    };
  } finally {
    await team.close();
  }
}

/** Data that the options name in place of the checkpoint's. */
function toldBy({ config }: SequenceCheckpoint, options: EvalOptions): Partial<SequenceRequest> {
  if (options["data.name"] !== undefined || options["data.path"] !== undefined)
    throw new BispikeError(
      "usage",
      "--data.name and --data.path say where images are; a text or series is given by --data.text or --data.series",
    );
  const { "data.text": text, "data.series": series, "data.unknown": unknown } = options;
  const given = config.task === "next-character" ? { text, unknown } : { series };
  const foreign = config.task === "next-character" ? { series } : { text, unknown };
  for (const [key, value] of Object.entries(foreign)) {
    if (value !== undefined) throw new BispikeError("usage", `--data.${key}: is not for task ${config.task}`);
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function figures(measured: SequenceEvaluation): string[] {
  const rates = measured.rates.map((rate, k) => [`${k + 2}`, rate.toFixed(4)]);
  const stages = rates.length > 0 ? [alignTable([["stage", "firing rate"], ...rates])] : [];
  if (measured.kind === "characters") {
    const rows = [
      ["accuracy", percent(measured.accuracy), "most likely character"],
      ["bits", measured.bits.toFixed(4), "a character"],
    ];
    return [alignTable(rows, "lrl"), ...stages];
  }
  const rows = measured.targets.map(({ name, original, ...standardised }) => [
    printable(name),
    ...row(standardised),
    ...row(original),
  ]);
  const heading = ["target", "MSE", "MAE", "RMSE", "MSE, own units", "MAE", "RMSE"];
  const all = measured.targets.length > 1 ? [["all", ...row(measured), ...row(measured.original)]] : [];
  return [alignTable([heading, ...rows, ...all], "lrrrrrr"), ...stages];
}

const row = ({ mse, mae, rmse }: Errors) => [figure(mse), figure(mae), figure(rmse)];

function naiveTable(own: ValueFigures, { mean, persistence }: ReturnType<typeof naiveForecasts>): string {
  return alignTable(
    [
      ["over all targets", "MSE", "MAE", "RMSE"],
      ["this net", ...row(own)],
      ["the mean of the training part", ...row(mean)],
      ...(persistence ? [["no change since the input", ...row(persistence)]] : []),
    ],
    "lrrr",
  );
}
