/** Learning curves of a run of any kind, from the lines of its logs. */
import { BispikeError } from "../../../src/errors.ts";
import { scalarsOf } from "../../../src/formats/tensorboard.ts";
import { parseMetricLine } from "../../../src/training/metrics.ts";

/** A chart's lines share an axis; `about` says in a sentence what it means. */
export interface Chart {
  readonly title: string;
  readonly about: string;
  readonly lines: ReadonlyMap<string, Curve>;
}

export interface Curve {
  readonly steps: number[];
  readonly values: number[];
}

/** Points of a curve that are kept: past this every second one is dropped. */
const MOST_POINTS = 6000;

interface Place {
  readonly chart: string;
  readonly line: string;
}

/** What the charts mean, in the order they are shown in. */
const CHARTS: Readonly<Record<string, string>> = {
  Accuracy: "How many decisions are right, on images it learns from and on others it never learns from.",
  "Validation error": "How far it is off on what it never learns from; lower is better.",
  Loss: "What learning makes small: all stages' losses together.",
  "Loss by stage": "How far the two networks are from agreeing, at each stage.",
  "Firing rates of perception":
    "How often a neuron fires at a time step; near 0 a stage is dead, near 1 it says nothing.",
  "Firing rates of recall": "The same for recall's neurons.",
  "Angle to backprop": "Degrees between each stage's update and backprop's; below 90 they point the same way.",
  "Weights up and down": "How like recall's weights are to perception's turned around; 0 is chance.",
};

/** Runs of version 1 call the validation part held out. */
const VALIDATION = /^epoch\/(?:heldOut|validation)(.+)$/;
const BY_STAGE = /^step\/(stageLosses|perceptionRates|recallRates)\/stage(\d+)$/;
const STAGE_CHARTS: Readonly<Record<string, string>> = {
  stageLosses: "Loss by stage",
  perceptionRates: "Firing rates of perception",
  recallRates: "Firing rates of recall",
};

/** Where a scalar is drawn; undefined for those that are not. */
function placeOf(tag: string): Place | undefined {
  if (tag === "step/loss") return { chart: "Loss", line: "batch" };
  if (tag === "epoch/trainLoss") return { chart: "Loss", line: "epoch" };
  if (tag === "epoch/trainAccuracy") return { chart: "Accuracy", line: "learned from" };
  const figure = VALIDATION.exec(tag)?.[1];
  if (figure === "Accuracy") return { chart: "Accuracy", line: "validation" };
  if (figure && !figure.endsWith("Psnr")) return { chart: "Validation error", line: figure };
  const [, list, stage] = BY_STAGE.exec(tag) ?? [];
  return list ? { chart: STAGE_CHARTS[list]!, line: `stage ${stage}` } : undefined;
}

export class RunCurves {
  readonly #charts = new Map<string, Map<string, Curve>>();
  /** Newest step there is a line of. */
  step = 0;

  /** @throws BispikeError "checkpoint" when the line is not a step's or an epoch's metrics */
  addMetrics(text: string, where: string): void {
    const line = parseMetricLine(text, where);
    for (const [tag, value] of scalarsOf(line, 0).scalars) {
      const place = placeOf(tag);
      if (place) this.#add(place, line.step, value);
    }
    this.step = Math.max(this.step, line.step);
  }

  /** @throws BispikeError "checkpoint" when the line is not an observation */
  addObservation(text: string, where: string): void {
    const line = observationOf(text);
    if (!line) throw new BispikeError("checkpoint", `${where}: expected an observation as JSON`);
    for (const { stage, degrees } of line.gradients)
      if (isNumber(degrees)) this.#add({ chart: "Angle to backprop", line: `stage ${stage}` }, line.step, degrees);
    for (const { between, cosine } of line.weights)
      if (isNumber(cosine))
        this.#add({ chart: "Weights up and down", line: `stages ${String(between)}` }, line.step, cosine);
  }

  /** Those there is something of. */
  charts(): Chart[] {
    return Object.entries(CHARTS).flatMap(([title, about]) => {
      const lines = this.#charts.get(title);
      return lines ? [{ title, about, lines }] : [];
    });
  }

  #add({ chart, line }: Place, step: number, value: number): void {
    const lines = this.#charts.get(chart) ?? new Map<string, Curve>();
    this.#charts.set(chart, lines);
    const curve = lines.get(line) ?? { steps: [], values: [] };
    lines.set(line, curve);
    curve.steps.push(step);
    curve.values.push(value);
    if (curve.steps.length <= MOST_POINTS) return;
    for (const list of [curve.steps, curve.values]) list.splice(0, list.length, ...list.filter((_, i) => i % 2 === 1));
  }
}

interface ObservationLine {
  readonly step: number;
  readonly gradients: readonly { readonly stage: unknown; readonly degrees: unknown }[];
  readonly weights: readonly { readonly between: unknown; readonly cosine: unknown }[];
}

function observationOf(text: string): ObservationLine | undefined {
  try {
    const line = JSON.parse(text);
    const objects = (list: unknown) => Array.isArray(list) && list.every((each) => typeof each === "object" && each);
    if (Number.isInteger(line?.step) && objects(line.gradients) && objects(line.weights)) return line;
  } catch {
    // Not JSON: no observation either.
  }
  return undefined;
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
