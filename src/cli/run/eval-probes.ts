/** `bispike eval --probes`: what each stage knows of the classes, by linear probes, and how far apart they lie there. */
import { ProbeMeter, type Probes, type StageProbe } from "../../measurement/probes.ts";
import type { OpenedModel } from "../../node/open.ts";
import type { EvalOptions } from "../eval.ts";
import { alignTable, percent } from "../table.ts";
import { partImages } from "./data.ts";
import type { Measured, Section } from "./eval-sections.ts";

/** Fits the probes at once, to images that were trained on. */
export async function probesSection(
  { model, team, checkpoint }: OpenedModel,
  { indices, dataset }: Measured,
  { part, probeImages, probeCells }: EvalOptions,
): Promise<Section> {
  const comparison = comparisonOf(checkpoint.config.rule);
  const meter = await ProbeMeter.fit(team, model, partImages(dataset, checkpoint, "train"), indices.length, {
    ...comparison,
    ...(probeImages !== undefined && { images: probeImages }),
    ...(probeCells !== undefined && { cells: probeCells }),
  });
  return {
    meter,
    finish: () => {
      const probes = meter.result();
      return { json: { probes }, text: report(probes, part, comparison) };
    },
  };
}

/** How a stage of the trained net compares recall with perception's firing rates. Where perception is compared by a voltage, spikes are all that is read of both. */
function comparisonOf({ features, recallFeatures, loss, affinity }: OpenedModel["checkpoint"]["config"]["rule"]) {
  const own = recallFeatures === "same" || features !== "rate" ? "rate" : recallFeatures;
  return { recallFeatures: own, affinity: loss === "infonce" ? affinity : "cosines" } as const;
}

function describeComparison({ recallFeatures, affinity }: ReturnType<typeof comparisonOf>): string {
  const compared =
    recallFeatures === "rate" ? "firing rates" : `its mean ${recallFeatures} and perception's firing rates`;
  return `by recall: the class whose recall is nearest, by ${affinity === "dots" ? "dot product" : "cosine"} of ${compared}, centred`;
}

function report(
  { stages, fittedImages, images, decay }: Probes,
  part: string,
  comparison: ReturnType<typeof comparisonOf>,
): string {
  const recalls = stages.some(({ byRecall }) => byRecall !== null);
  const unfinished = stages.filter(({ converged }) => !converged).map(({ stage }) => stage);
  const pooled = stages.filter(({ units, features }) => features < units).map(({ stage }) => stage);
  return [
    `linear probes of ${fittedImages} training images, read on ${images} ${part} images (weight decay ${decay})`,
    alignTable(
      [
        [
          ...["stage", "units", "features", "probe, fitted", `probe, ${part}`, "nearest mean"],
          ...(recalls ? ["by recall"] : []),
        ],
        ...stages.map((line) => [
          ...[name(line), line.units.toString(), line.features.toString()],
          ...[percent(line.fittedAccuracy), percent(line.accuracy), percent(line.nearestMean)],
          ...(recalls ? [percent(line.byRecall)] : []),
        ]),
      ],
      "l",
    ),
    [
      "probe: multinomial logistic regression on firing rates, activations or stimulus values; nearest mean: by cosine with the training images' class means, centred",
      ...(recalls ? [describeComparison(comparison)] : []),
      ...(pooled.length > 0 ? [`average-pooled: stage ${pooled.join(", ")}`] : []),
      ...(unfinished.length > 0
        ? [`ended before the fit's gradient fell to 1e-4 of the first one's: stage ${unfinished.join(", ")}`]
        : []),
    ].join("\n"),
    alignTable(
      [
        [
          ...["separation", "between/within, fitted", part, "variance within, fitted", part],
          ...["rank within", "of images", "rank of means"],
        ],
        ...stages.map((line) => [
          name(line),
          ratio(line.fittedSeparation.ratio),
          ratio(line.separation.ratio),
          percent(line.fittedSeparation.withinShare),
          percent(line.separation.withinShare),
          ...[line.withinRank.toFixed(1), line.rankImages.toString(), line.meansRank.toFixed(2)],
        ]),
      ],
      "l",
    ),
    "between/within: variance of the class means over that within classes (traces); rank: effective rank (Roy and Vetterli 2007)",
  ].join("\n\n");
}

const name = ({ stage }: StageProbe) => (stage === 1 ? "1 stimulus" : stage.toString());
const ratio = (value: number | null) => (value === null ? "-" : value.toFixed(4));
