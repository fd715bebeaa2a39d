/** `bispike eval --representation`: what the hidden stages' spikes are like, and whether the networks' weights align. */
import {
  RATE_BINS,
  type Representation,
  RepresentationMeter,
  SATURATED_RATE,
} from "../../measurement/representation.ts";

import { spikingModel } from "../../network/model.ts";
import type { OpenedModel } from "../../node/open.ts";
import { alignTable, percent } from "../table.ts";
import type { Measured, Section } from "./eval-sections.ts";

export function representationSection({ model, file }: OpenedModel, { indices }: Measured): Section {
  const meter = new RepresentationMeter(spikingModel(model, `--representation of ${file}`).pair, indices.length);
  return {
    meter,
    finish: () => {
      const representation = meter.result();
      return { json: { representation }, text: report(representation) };
    },
  };
}

const NETWORKS = ["perception", "recall"] as const;

function report({ stages, weights, images }: Representation): string {
  const rows = stages.flatMap((line) =>
    NETWORKS.flatMap((network) => {
      const found = line[network];
      if (!found) return [];
      const row = [
        `${line.stage} ${network}`,
        found.units.toString(),
        found.mean.toFixed(4),
        percent(found.dead),
        percent(found.deadChannels),
        percent(found.saturated),
        found.effectiveRank.toFixed(1),
        found.centredRank.toFixed(1),
        found.rankSamples.toString(),
      ];
      return [row];
    }),
  );
  const histograms = stages.flatMap((line) =>
    NETWORKS.flatMap((network) => {
      const found = line[network];
      return found ? [[`${line.stage} ${network}`, ...coarse(found.histogram).map(String)]] : [];
    }),
  );
  const edges = Array.from({ length: COARSE }, (_, k) => `${(k / COARSE).toFixed(1)}-`);
  return [
    alignTable(
      [
        ["stage", "units", "rate", "dead", "channels", `over ${SATURATED_RATE}`, "rank", "centred", "of samples"],
        ...rows,
      ],
      "l",
    ),
    "rank: effective rank of the firing rates (Roy and Vetterli 2007), as they are and less each unit's mean",
    alignTable([["units by rate", ...edges], ...histograms], "l"),
    ...(weights.length > 0 ? [weightTable(weights)] : []),
    `over ${images} images${weights.length > 0 ? ", and one recall a class" : ""}`,
  ].join("\n\n");
}

function weightTable(weights: Representation["weights"]): string {
  return alignTable(
    [
      ["weights", "cos(W, Theta^T)", "by chance"],
      ...weights.map(({ between: [below, above], cosine, chance }) => [
        `${below} - ${above}`,
        cosine === null ? "-" : cosine.toFixed(4),
        `+- ${chance.toFixed(4)}`,
      ]),
    ],
    "l",
  );
}

/** Bins shown: two of the histogram's each. */
const COARSE = RATE_BINS / 2;

function coarse(histogram: readonly number[]): number[] {
  return Array.from({ length: COARSE }, (_, k) => histogram[2 * k]! + histogram[2 * k + 1]!);
}
