/** `bispike eval --recall-measures`: recall for its own sake. */
import { realpathSync } from "node:fs";
import { describeShape } from "../../data/dataset.ts";
import { BispikeError } from "../../errors.ts";
import { evenly, modelClassifier } from "../../measurement/decide.ts";
import { structuralSimilarities } from "../../measurement/image-quality.ts";
import { type CuedRecall, cuedRecall, measureRecall, type RecallMeasures } from "../../measurement/recall.ts";
import { spikingModel } from "../../network/model.ts";
import { type OpenedModel, openModel } from "../../node/open.ts";
import type { EvalOptions } from "../eval.ts";
import { alignTable, classLabel, percent, printable } from "../table.ts";
import type { Measured, Section } from "./eval-sections.ts";

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
