/** `bispike eval --cost`: NeuroBench's metrics and the energy of the arithmetic. What training costs is known of rule bsd alone. */
import { CostMeter, type NetworkCost, type PairCost } from "../../measurement/cost.ts";
import { ENERGY_PRESETS, type EnergyPreset, picojoules } from "../../measurement/energy.ts";
import type { Effective, Operations } from "../../measurement/operations.ts";
import { type TrainingCost, trainingCost } from "../../measurement/training-cost.ts";
import { spikingModel } from "../../network/model.ts";
import type { OpenedModel } from "../../node/open.ts";
import { alignTable } from "../table.ts";
import type { Section } from "./eval-sections.ts";

/** What every energy figure is. */
const ARITHMETIC = "arithmetic only (45 nm, 0.9 V; Horowitz 2014): moving data costs more";

export function costSection({ model, checkpoint, file }: OpenedModel): Section {
  const { pair } = spikingModel(model, `--cost of ${file}`);
  const meter = new CostMeter(pair);
  const { train, rule } = checkpoint.config;
  const step = {
    batch: train.batch,
    prototypes: rule.negatives === "prototypes",
    recallLearns: train.recallRate > 0,
  };
  return {
    meter,
    finish: () => {
      const cost = meter.result();
      const training = pair.recalls ? trainingCost(pair, cost, step) : null;
      const energy = energyOf(cost, training);
      return { json: { cost: { ...cost, training, energy } }, text: report(cost, training, energy) };
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
  /** Null where it is not known. */
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

function report(cost: PairCost, training: TrainingCost | null, energy: Energy): string {
  const { perception, recall, steps } = cost;
  return [
    `synaptic operations as NeuroBench counts them: a sample over T = ${steps} steps, an input held over time T times; engine: what bispike computes`,
    networkTable("perception, an image", perception),
    ...(recall.layers.length > 0 ? [networkTable("recall, a concept", recall)] : []),
    ...(training ? trainingTable(training) : []),
    alignTable(
      [
        ["energy", "perception", "by engine", ...(training ? ["recall", "by engine", "training"] : [])],
        ...Object.values(energy.presets).map(
          ({ name, perception: seen, perceptionByEngine, recall: drawn, recallByEngine, training: learned }) => [
            name,
            ...[seen, perceptionByEngine].map(joules),
            ...(training ? [drawn, recallByEngine, learned ?? 0].map(joules) : []),
          ],
        ),
      ],
      "l",
    ),
    ARITHMETIC,
  ].join("\n\n");
}

function trainingTable(training: TrainingCost): string[] {
  const { batch, recalls } = training;
  return [
    alignTable(
      [
        ["training, an image", "MACs", "ACs", "dense"],
        ...(["forward", "gradients", "alignment", "total"] as const).map((key) => [key, ...counts(training[key])]),
      ],
      "l",
    ),
    `batch ${batch}, ${recalls} recalls; ${count(training.updates * batch)} parameters are updated a batch`,
  ];
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
      ["", "", "zero", "silent", "", "", "", "engine", "engine"],
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
