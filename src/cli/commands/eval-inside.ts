/** `bispike eval --cost`: NeuroBench's metrics, the energy of the arithmetic, and what a step of the rule costs. */
import { CostMeter, type NetworkCost, type PairCost } from "../../measure/cost.ts";
import { ENERGY_PRESETS, type EnergyPreset, picojoules } from "../../measure/energy.ts";
import type { Effective, Operations } from "../../measure/operations.ts";
import { ProbeMeter, type Probes, type StageProbe } from "../../measure/probes.ts";
import { RATE_BINS, type Representation, RepresentationMeter, SATURATED_RATE } from "../../measure/representation.ts";
import { parametersOf, type RuleFootprint, ruleFootprint } from "../../measure/rule-footprint.ts";
import { TRAINING_PARTS, type TrainingCost, trainingCost } from "../../measure/training-cost.ts";
import { trainingStep } from "../../measure/training-step.ts";
import { spikingModel } from "../../nets/model.ts";
import type { OpenedModel } from "../../node/open.ts";

import { partImages } from "../data.ts";
import { alignTable, percent } from "../report/tables.ts";
import type { EvalOptions } from "./eval.ts";
import type { Measured, Section } from "./eval-sections.ts";

/** What every energy figure is. */
const ARITHMETIC = "arithmetic only (45 nm, 0.9 V; Horowitz 2014): moving data costs more";

export function costSection({ model, checkpoint }: OpenedModel): Section {
  const { net } = model;
  const meter = new CostMeter(net);
  const { config } = checkpoint;
  return {
    meter,
    finish: () => {
      const cost = meter.result();
      const step = trainingStep(config);
      const training = step && trainingCost(net, cost, step);
      const energy = energyOf(cost, training);
      const footprint = ruleFootprint(net, config.rule.name, config.rule);
      return {
        json: { cost: { ...cost, training, energy, footprint } },
        text: report({ cost, training, energy, footprint, rule: config.rule.name }),
      };
    },
  };
}

interface Energy {
  readonly note: string;
  readonly presets: Readonly<Record<string, EnergyPreset & Picojoules>>;
}

/** An image perceived, a concept recalled (as NeuroBench counts and as the engine computes), an image trained on. */
interface Picojoules {
  readonly perception: number;
  readonly perceptionByEngine: number;
  readonly recall: number;
  readonly recallByEngine: number;
  /** Null for variants whose step is not counted. */
  readonly training: number | null;
}

function energyOf({ perception, recall }: PairCost, training: TrainingCost | null): Energy {
  const presets = Object.entries(ENERGY_PRESETS).map(([key, preset]) => {
    const of = (operations: Effective) => picojoules(operations, preset);
    const figures = {
      perception: of(perception.operations),
      perceptionByEngine: of(perception.engine),
      recall: of(recall.operations),
      recallByEngine: of(recall.engine),
      training: training && of(training.total),
    };
    return [key, { ...preset, ...figures }] as const;
  });
  return { note: ARITHMETIC, presets: Object.fromEntries(presets) };
}

interface Counted {
  readonly cost: PairCost;
  readonly training: TrainingCost | null;
  readonly energy: Energy;
  readonly footprint: RuleFootprint;
  readonly rule: string;
}

function report({ cost, training, energy, footprint, rule }: Counted): string {
  const { perception, recall, steps } = cost;
  const recalls = recall.layers.length > 0;
  const held = steps > 1 ? `a sample over T = ${steps} steps, an input held over time T times; ` : "";
  return [
    `synaptic operations as NeuroBench counts them: ${held}engine: what bispike computes`,
    networkTable("perception, an image", perception),
    ...(recalls ? [networkTable("recall, a concept", recall)] : []),
    ...trainingTable(training, rule),
    footprintTable(footprint),
    alignTable(
      [
        ["energy", "perception", "by engine", ...(recalls ? ["recall", "by engine"] : []), "training"],
        ...Object.values(energy.presets).map((figures) => [
          figures.name,
          ...[figures.perception, figures.perceptionByEngine].map(joules),
          ...(recalls ? [figures.recall, figures.recallByEngine].map(joules) : []),
          figures.training === null ? "-" : joules(figures.training),
        ]),
      ],
      "l",
    ),
    ARITHMETIC,
  ].join("\n\n");
}

/** Parts that the rule has. */
function trainingTable(training: TrainingCost | null, rule: string): string[] {
  if (!training) return [`training: not counted for this variant of rule ${rule}`];
  const { batch, recalls } = training;
  const parts = [...TRAINING_PARTS.filter((part) => training[part].dense > 0), "total"] as const;
  const rows = recalls > 0 ? `${recalls} ${rule === "ccl" ? "rows down the feedback net" : "recalls"}, ` : "";
  return [
    alignTable(
      [["training, an image", "MACs", "ACs", "dense"], ...parts.map((key) => [key, ...counts(training[key])])],
      "l",
    ),
    `rule ${rule}, batch ${batch}, ${rows}${count(training.updates * batch)} parameters are updated a batch`,
  ];
}

/** What the rule keeps while it trains, network by network, and what is used in the end. */
function footprintTable(footprint: RuleFootprint): string {
  const parameters = parametersOf(footprint);
  const own = (["perception", "recall", "feedback", "classifiers"] as const).filter((key) => parameters[key] > 0);
  const sums = [
    ["all, in training", "training"],
    ["to name an image", "inference"],
  ] as const;
  return alignTable(
    [
      ["footprint", "parameters", "bytes"],
      ...[...own.map((key) => [key, key] as const), ...sums].map(([words, key]) => [
        words,
        count(parameters[key]),
        count(footprint[key].bytes),
      ]),
    ],
    "l",
  );
}

function networkTable(heading: string, { layers, operations, engine, ...network }: NetworkCost): string {
  const { footprint, connectionSparsity, activationSparsity } = network;
  const rows = layers.map((layer) => [
    layer.name,
    count(layer.footprint.bytes),
    share(layer.zeroWeights / layer.weights),
    share(layer.activationSparsity),
    ...counts(layer.operations),
    ...effective(layer.engine),
  ]);
  return alignTable(
    [
      ["", "", "zero", "zero", "", "", "", "engine", "engine"],
      [heading, "bytes", "weights", "outputs", "MACs", "ACs", "dense", "MACs", "ACs"],
      ...rows,
      [
        "total",
        count(footprint.bytes),
        share(connectionSparsity),
        share(activationSparsity),
        ...counts(operations),
        ...effective(engine),
      ],
    ],
    "l",
  );
}

const counts = (operations: Operations) => [...effective(operations), count(operations.dense)];
const effective = ({ macs, acs }: Effective) => [count(macs), count(acs)];

/** "12,345". */
function count(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",");
}

function share(value: number | null): string {
  return value === null ? "-" : value.toFixed(4);
}

/** Picojoules in a unit that leaves one to three digits before the point. */
function joules(value: number): string {
  const units = ["pJ", "nJ", "uJ", "mJ"];
  let at = 0;
  let scaled = value;
  for (; scaled >= 1000 && at < units.length - 1; at++) scaled /= 1000;
  return `${scaled.toPrecision(3)} ${units[at]}`;
}

// `bispike eval --probes`: what each stage knows of the classes, by linear probes, and how far apart they lie there.

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
      return { json: { probes }, text: evalProbesReport(probes, part, comparison) };
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

function evalProbesReport(
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

/** `bispike eval --representation`: what the hidden stages' spikes are like, and whether the networks' weights align. */

export function representationSection({ model, file }: OpenedModel, { indices }: Measured): Section {
  const meter = new RepresentationMeter(spikingModel(model, `--representation of ${file}`).pair, indices.length);
  return {
    meter,
    finish: () => {
      const representation = meter.result();
      return { json: { representation }, text: evalRepresentationReport(representation) };
    },
  };
}

const NETWORKS = ["perception", "recall"] as const;

function evalRepresentationReport({ stages, weights, images }: Representation): string {
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
