/** `bispike eval --cost`: NeuroBench's metrics, the energy of the arithmetic, and what a step of the rule costs. */
import { CostMeter, countedNet, type NetworkCost, type PairCost } from "../../measurement/cost.ts";
import { ENERGY_PRESETS, type EnergyPreset, picojoules } from "../../measurement/energy.ts";
import type { Effective, Operations } from "../../measurement/operations.ts";
import { parametersOf, type RuleFootprint, ruleFootprint } from "../../measurement/rule-footprint.ts";
import { TRAINING_PARTS, type TrainingCost, trainingCost } from "../../measurement/training-cost.ts";
import { trainingStep } from "../../measurement/training-step.ts";
import type { OpenedModel } from "../../node/open.ts";
import { alignTable } from "../table.ts";
import type { Section } from "./eval-sections.ts";

/** What every energy figure is. */
const ARITHMETIC = "arithmetic only (45 nm, 0.9 V; Horowitz 2014): moving data costs more";

export function costSection({ model, checkpoint }: OpenedModel): Section {
  const net = countedNet(model);
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
