/** `bispike eval --ood`: does the mismatch of perception and recall tell foreign images from known ones? */
import { type Dataset, describeShape } from "../../data/dataset.ts";
import { loadDataset } from "../../data/load.ts";
import { KNOWN_SETS } from "../../data/source.ts";
import { BispikeError } from "../../errors.ts";
import { auroc, type MismatchScores, mismatchScores } from "../../measurement/mismatch.ts";

import { type Model, spikingModel } from "../../network/model.ts";
import type { OpenedModel } from "../../node/open.ts";
import { note } from "../output.ts";
import { alignTable, printable } from "../table.ts";
import { unverified } from "./data.ts";
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
