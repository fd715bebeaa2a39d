/** `bispike eval --ood`: does the mismatch of perception and recall tell foreign images from known ones? */

import { realpathSync } from "node:fs";
import Papa from "papaparse";
import { type Dataset, describeShape } from "../../data/dataset.ts";
import { loadDataset } from "../../data/load.ts";
import { KNOWN_SETS } from "../../data/source.ts";
import { BispikeError } from "../../errors.ts";
import { CORRUPTIONS, DEFAULT_DRAWS, SEVERITIES } from "../../measure/corruptions.ts";
import { evenly, modelClassifier } from "../../measure/decide.ts";
import { structuralSimilarities } from "../../measure/image-quality.ts";
import { auroc, type MismatchScores, mismatchScores } from "../../measure/mismatch.ts";
import { type CuedRecall, cuedRecall, measureRecall, type RecallMeasures } from "../../measure/recall.ts";
import { type CorruptionScore, measureRobustness, type Robustness } from "../../measure/robustness.ts";
import { spreadOf } from "../../measure/statistics.ts";
import { type Model, spikingModel } from "../../nets/model.ts";
import { writeDurably } from "../../node/durable.ts";
import { type OpenedModel, openModel } from "../../node/open.ts";
import { filesRead, unverified } from "../data.ts";
import { requireFolder, requireNotRead } from "../output-file.ts";
import { note } from "../process.ts";
import { startProgress } from "../report/progress.ts";
import { alignTable, classLabel, percent, printable } from "../report/tables.ts";
import type { EvalOptions } from "./eval.ts";
import type { Measured, Section } from "./eval-sections.ts";

/** One option says a name or a folder. */
const OOD = { name: "--ood", path: "--ood" } as const;

/** @param other name of a known data set, else a folder */
export async function oodSection({ model, file }: OpenedModel, known: Measured, other: string): Promise<Section> {
  const foreign = await loadDataset(KNOWN_SETS.has(other) ? { name: other } : { path: other }, OOD);
  const { shape, name } = model.data;
  if (describeShape(foreign.shape) !== describeShape(shape)) {
    throw new BispikeError(
      "data",
      `--ood ${other}: holds images of ${describeShape(foreign.shape)}, but the pair was trained on ${describeShape(shape)} (${name})`,
    );
  }
  note("warning", unverified(foreign));
  return { finish: () => compare(spikingModel(model, `--ood of ${file}`), known, foreign) };
}

async function compare(model: Model, known: Measured, foreign: Dataset) {
  const every = Int32Array.from({ length: foreign.test.count }, (_, i) => i);
  const inliers = await mismatchScores(model, known.split, known.indices);
  const outliers = await mismatchScores(model, foreign.test, every);
  const scores = (["hamming", "cosine", "uncertainty", "rate"] as const).map((score) => [
    score,
    figures(inliers[score], outliers[score]),
  ]);
  const stages = inliers.stages.map(({ stage, hamming, cosine }, k) => ({
    stage,
    hamming: figures(hamming, outliers.stages[k]!.hamming),
    cosine: figures(cosine, outliers.stages[k]!.cosine),
  }));
  const ood = {
    ...{
      known: known.dataset.name,
      foreign: foreign.name,
      knownImages: known.indices.length,
      foreignImages: every.length,
    },
    scores: Object.fromEntries(scores) as Record<keyof Omit<MismatchScores, "stages">, Figures>,
    stages,
  };
  const row = (label: string, { auroc: area, known: own, foreign: other }: Figures) => [
    label,
    area.toFixed(4),
    own.toFixed(4),
    other.toFixed(4),
  ];
  const text = [
    `${every.length} test images of ${printable(foreign.name)} against ${known.indices.length} of ${printable(known.dataset.name)}`,
    alignTable(
      [
        ["out-of-distribution score", "AUROC", "mean, known", "mean, foreign"],
        row("mismatch, Hamming", ood.scores.hamming),
        row("mismatch, cosine of rates", ood.scores.cosine),
        row("1 - largest softmax of the drive", ood.scores.uncertainty),
        row("firing rates of perception", ood.scores.rate),
        ...stages.flatMap(({ stage, hamming, cosine }) => [
          row(`stage ${stage} alone, Hamming`, hamming),
          row(`stage ${stage} alone, cosine`, cosine),
        ]),
      ],
      "l",
    ),
    "mismatch: of perception's spikes with recall of the concept it decides for, summed over the hidden stages; softmax and firing rates know nothing of recall",
  ].join("\n\n");
  return { json: { ood }, text };
}

interface Figures {
  readonly auroc: number;
  /** Mean scores. */
  readonly known: number;
  readonly foreign: number;
}

function figures(inliers: Float64Array, outliers: Float64Array): Figures {
  const mean = (scores: Float64Array) => scores.reduce((sum, score) => sum + score, 0) / scores.length;
  return { auroc: auroc(inliers, outliers), known: mean(inliers), foreign: mean(outliers) };
}

// `bispike eval --recall-measures`: recall for its own sake.

/** Images that cues are made of, at most: there are a dozen kinds and severities of cues. */
const CUED_IMAGES = 1000;

export async function recallSection(opened: OpenedModel, images: Measured, options: EvalOptions): Promise<Section> {
  const judge = options.classifier === undefined ? undefined : await openJudge(opened, options.classifier, options);
  return {
    finish: async () => {
      const { checkpoint, file } = opened;
      const model = spikingModel(opened.model, `--recall-measures of ${file}`);
      const classifier = judge && modelClassifier(judge.model);
      const measures = await measureRecall(model, checkpoint.classMeans, {
        classifier,
        similarity: structuralSimilarities,
      });
      const cues = await cuedRecall(model, images.split, evenly(images.indices, CUED_IMAGES), checkpoint.classMeans);
      const classifierFile = judge?.file ?? null;
      return {
        json: { recallMeasures: { ...measures, classifier: classifierFile, cues } },
        text: report(measures, cues, model.data.classNames, classifierFile),
      };
    },
    close: async () => judge?.team.close(),
  };
}

/** @throws BispikeError "usage" for the pair itself, "data" for one of other images or classes */
async function openJudge({ file, model }: OpenedModel, path: string, { threads }: EvalOptions): Promise<OpenedModel> {
  const judge = await openModel(path, threads);
  try {
    if (realpathSync(judge.file) === realpathSync(file))
      throw new BispikeError("usage", `--classifier: expected another checkpoint than ${file} itself`);
    const words = ({ data }: OpenedModel["model"]) =>
      `${describeShape(data.shape)} in ${data.classNames.length} classes`;
    if (words(judge.model) !== words(model)) {
      throw new BispikeError(
        "data",
        `--classifier: ${judge.file} was trained on images of ${words(judge.model)}, ${file} on ${words(model)}`,
      );
    }
  } catch (error) {
    await judge.team.close();
    throw error;
  }
  return judge;
}

function decimal(value: number | null): string {
  return value === null ? "-" : value.toFixed(3);
}

function report(
  measures: RecallMeasures,
  cues: readonly CuedRecall[],
  classNames: readonly string[],
  classifier: string | null,
): string {
  const { classes, judgedAccuracy, meanCorrelation, meanSimilarity, ownIsNearest } = measures;
  const rows = classes.map((line) => [
    classLabel(line.class, classNames),
    line.correlation.toFixed(3),
    line.otherCorrelation.toFixed(3),
    decimal(line.similarity),
    line.judged === null ? "-" : classLabel(line.judged, classNames),
  ]);
  const judged =
    classifier === null
      ? []
      : [`${printable(classifier)} names ${percent(judgedAccuracy)} of the recalled images rightly`];
  return [
    alignTable([["recalled", "own mean", "nearest other", "SSIM", "judged as"], ...rows], "lrrrl"),
    [
      `mean correlation ${meanCorrelation.toFixed(3)}, SSIM with the own mean ${decimal(meanSimilarity)}; ${percent(ownIsNearest)} are most like their own class's mean`,
      ...judged,
    ].join("\n"),
    alignTable(
      [
        ["cue", "", "accuracy", "recalled ~ class mean", "recalled ~ image", "cue ~ image"],
        ...cues.map((cue) => [
          cue.kind,
          cue.kind === "occlusion" ? `${(100 * cue.severity).toFixed(0)} %` : cue.severity.toString(),
          percent(cue.accuracy),
          cue.withClassMean.toFixed(3),
          cue.withImage.toFixed(3),
          cue.cueWithImage.toFixed(3),
        ]),
      ],
      "l",
    ),
    `${cues[0]!.images} cues each; ~: correlation of pixels`,
  ].join("\n\n");
}

// `bispike eval --robustness`: accuracy by corruption and severity.

/** @throws BispikeError "usage" for an `--out` that cannot be written */
export function robustnessSection(
  { model, checkpoint, file }: OpenedModel,
  { split, indices, dataset }: Measured,
  options: EvalOptions,
): Section {
  const { corruptions, severities, images, draws, seed, out } = options;
  if (out !== undefined) {
    requireFolder("--out", out);
    requireNotRead("--out", out, file, filesRead(dataset, checkpoint, options));
  }
  const asked = {
    ...(corruptions && { corruptions }),
    ...(severities && { severities }),
    ...(images !== undefined && { images }),
    ...(draws !== undefined && { draws }),
    ...(seed !== undefined && { seed }),
  };
  return {
    finish: async () => {
      const progress = startProgress("passes over the images", passesOf(options), { silent: options.json });
      let passes = 0;
      const pause = async () => progress.at(++passes);
      const robustness = await measureRobustness(model, split, indices, { ...asked, pause }).finally(progress.end);
      if (out !== undefined) writeDurably(out, robustnessCsv(robustness));
      return { json: { robustness }, text: evalRobustnessReport(robustness) };
    },
  };
}

/** One over the clean images, one a severity of each corruption, and of noise on the weights one a draw. */
function passesOf({ corruptions = CORRUPTIONS, severities = SEVERITIES, draws = DEFAULT_DRAWS }: EvalOptions): number {
  return corruptions.reduce((sum, name) => sum + severities.length * (name === "weights" ? draws : 1), 1);
}

/** CSV (RFC 4180): a line a corruption and severity, first the clean images as severity 0; full digits. */
function robustnessCsv({ images, clean, corruptions }: Robustness): string {
  const head = ["corruption", "severity", "amount", "quantity", "images", "accuracy", "drop", "draws", "std"];
  const rows = corruptions.flatMap(({ name, quantity, severities }) =>
    severities.map(({ severity, amount, accuracy, draws }) => [
      ...[name, severity, amount, quantity, images, accuracy, clean - accuracy],
      ...(draws ? [draws.length, spreadOf(draws)?.std ?? null] : [null, null]),
    ]),
  );
  const first = ["none", 0, null, null, images, clean, 0, null, null];
  return `${Papa.unparse([head, first, ...rows], { newline: "\n" })}\n`;
}

function evalRobustnessReport({ images, seed, clean, mean, drop, corruptions }: Robustness): string {
  const severities = corruptions[0]!.severities.map(({ severity }) => severity);
  const row = (score: CorruptionScore) => [
    score.name,
    ...score.severities.map(({ accuracy }) => percent(accuracy)),
    percent(score.mean),
    points(score.drop),
  ];
  const drawn = corruptions.find(({ name }) => name === "weights")?.severities[0]?.draws?.length;
  return [
    `robustness: ${images} images, ${percent(clean)} right when not corrupted; draws by seed ${seed}`,
    alignTable(
      [
        ["accuracy at severity", ...severities.map(String), "mean", "drop, points"],
        ...corruptions.map(row),
        ...(mean === null || drop === null
          ? []
          : [["all corruptions of images", ...severities.map(() => ""), percent(mean), points(drop)]]),
      ],
      "l",
    ),
    alignTable(
      [
        ["amounts", ...severities.map(String)],
        ...corruptions.map(({ name, quantity, severities: lines }) => [
          name,
          ...lines.map(({ amount }) => amount.toString()),
          quantity,
        ]),
      ],
      `l${"r".repeat(severities.length)}l`,
    ),
    ...(drawn === undefined
      ? []
      : [`weights: of perception alone, not biases or norms; mean of ${drawn} draw${drawn === 1 ? "" : "s"}`]),
  ].join("\n\n");
}

/** Percentage points. */
const points = (share: number) => `${(100 * share).toFixed(2)}`;
