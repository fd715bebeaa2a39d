/**
 * The figures of a run that a comparison tabulates, from the `summary.json` of any kind of experiment: known ones with their names and units, and
 * whatever other numbers it has on the test and validation parts, and on energy.
 */
import { probesFigure, probesValues, ROBUSTNESS_FIGURES, robustnessValues } from "./robustness.ts";

/** How a figure is written. */
export type Unit = "share" | "count" | "seconds" | "bytes" | "number";

/**
 * What a figure tells of:
 *
 *   test, validation   how well a run does, on that part of the data     activity   firing rates and the like
 *   size            parameters, energy: the same wherever it runs     cost       time and memory, which depend on the machine and its load
 */
export type Role = "test" | "validation" | "activity" | "size" | "cost";

export interface Figure {
  /** Dotted path in the summary, or a name of our own. */
  readonly id: string;
  readonly label: string;
  readonly unit: Unit;
  readonly role: Role;
  /** Left out of the table for people. */
  readonly detail?: boolean;
  /** A part of another figure: tested and tabulated, but left out where there is room for few. */
  readonly part?: boolean;
}

export type Summary = Readonly<Record<string, unknown>>;

type Description = readonly [id: string, label: string, unit: Unit, role: Role, detail?: "detail"];

/** In the order they are shown. */
const KNOWN: readonly Description[] = [
  ["testAccuracy", "test accuracy", "share", "test"],
  ["test.accuracy", "test accuracy", "share", "test"],
  ["test.bits", "test bits a character", "number", "test"],
  ["test.mse", "test MSE", "number", "test"],
  ["test.mae", "test MAE", "number", "test"],
  ["test.rmse", "test RMSE", "number", "test", "detail"],
  ["test.original.mse", "test MSE, original units", "number", "test", "detail"],
  ["test.original.mae", "test MAE, original units", "number", "test", "detail"],
  ["test.original.rmse", "test RMSE, original units", "number", "test", "detail"],
  ["test.perception.mse", "test MSE", "number", "test"],
  ["test.perception.psnr", "test PSNR (dB)", "number", "test"],
  ["test.perception.ssim", "test SSIM", "number", "test"],
  ["test.perception.lowError", "test error, low band", "number", "test"],
  ["test.perception.highError", "test error, high band", "number", "test"],
  ["test.recall.mse", "test MSE of recall", "number", "test", "detail"],
  ["test.recall.psnr", "test PSNR of recall (dB)", "number", "test", "detail"],
  ["test.recall.ssim", "test SSIM of recall", "number", "test", "detail"],
  ["test.recall.lowError", "test error of recall, low band", "number", "test", "detail"],
  ["test.recall.highError", "test error of recall, high band", "number", "test", "detail"],
  ["testDriveAccuracy", "test accuracy by mean drive", "share", "test", "detail"],
  ["validationAccuracy", "validation accuracy", "share", "validation"],
  ["validation.accuracy", "validation accuracy", "share", "validation"],
  ["validation.perception.mse", "validation MSE", "number", "validation"],
  ["validation.perception.psnr", "validation PSNR (dB)", "number", "validation"],
  ["validation.perception.ssim", "validation SSIM", "number", "validation"],
  ["validation.bits", "validation bits a character", "number", "validation"],
  ["validation.mse", "validation MSE", "number", "validation"],
  ["validation.mae", "validation MAE", "number", "validation", "detail"],
  ["validation.rmse", "validation RMSE", "number", "validation", "detail"],
  ["validation.original.mse", "validation MSE, original units", "number", "validation", "detail"],
  ["validation.original.mae", "validation MAE, original units", "number", "validation", "detail"],
  ["validation.original.rmse", "validation RMSE, original units", "number", "validation", "detail"],
  ["rate", "firing rate", "number", "activity"],
  ["recall.ownIsNearest", "recalled images nearest their own mean", "count", "activity"],
  ["parameters.perception", "parameters of perception", "count", "size", "detail"],
  ["parameters.recall", "parameters of recall", "count", "size", "detail"],
  ["parameters.feedback", "feedback parameters", "count", "size", "detail"],
  ["parameters.classifiers", "parameters of classifiers", "count", "size", "detail"],
  ["parameters", "parameters", "count", "size"],
  ["parameters.inference", "parameters in use", "count", "size"],
  ["cost.footprintBytes", "footprint in use (MB)", "bytes", "size", "detail"],
  ["cost.trainingFootprintBytes", "footprint (MB)", "bytes", "size", "detail"],
  ["energy.inferencePicojoules", "energy of an inference (pJ, arithmetic only)", "number", "size"],
  ["energy.trainingPicojoules", "energy of learning from an image (pJ, arithmetic only)", "number", "size"],
  ["seconds", "training time (s)", "seconds", "cost"],
  ["peakMemory", "peak memory (MB)", "bytes", "cost"],
];

/** Objects of the summary all of whose numbers count, and what they tell of. */
const OPEN: Readonly<Record<string, Role>> = { test: "test", validation: "validation", energy: "size" };
/** What training was observed to do; its figures have names of their own. */
const OBSERVED = "observed";
const OBSERVED_LABELS: Readonly<Record<string, (where: string) => string>> = {
  meanAngle: (where) => `angle to backprop's gradient, ${where} (degrees, mean over training)`,
  lastAngle: (where) => `angle to backprop's gradient, ${where} (degrees, last step)`,
  lastAlignment: (where) => `alignment of weights up and down, ${where} (cosine, last step)`,
};
/** How much was measured, not how well. */
const UNCOUNTED: ReadonlySet<string> = new Set(["positions", "images"]);

/** Entries of a summary's parameters that are no networks of their own. */
const SUMS: ReadonlySet<string> = new Set(["inference", "training"]);

/** Id of a measure that bears its own name, `test.perception.frechet:Fréchet distance, bispike-mnist features`: path, network and name. */
const NAMED = /^((?:\w+\.)*?(\w*)\.\w+):(.+)$/;

/** Values of a run, by the figures' ids. */
export type Values = ReadonlyMap<string, number>;

/** The finite numbers of a summary; what is missing or null is left out. */
export function valuesOf(summary: Summary): Values {
  const values = new Map<string, number>();
  const add = (id: string, value: unknown) => {
    if (typeof value === "number" && Number.isFinite(value)) values.set(id, value);
  };
  for (const [id] of KNOWN) add(id, at(summary, id));
  for (const section of [...Object.keys(OPEN), OBSERVED]) leaves(summary[section], section, add);
  for (const [id, value] of robustnessValues(summary.robustness)) add(id, value);
  for (const [id, value] of probesValues(summary.probes)) add(id, value);
  const rates = [summary.rates, at(summary, "test.rates"), at(summary, "validation.rates")].find(isNumbers) ?? [];
  for (const [k, rate] of rates.entries()) add(`rate.stage${k + 2}`, rate);
  if (rates.length > 0) add("rate", rates.reduce((sum, rate) => sum + rate, 0) / rates.length);
  const networks = isObject(summary.parameters) ? Object.entries(summary.parameters) : [];
  const counts = networks.flatMap(([name, count]) =>
    Number.isInteger(count) && !SUMS.has(name) ? [Number(count)] : [],
  );
  if (counts.length > 0)
    add(
      "parameters",
      counts.reduce((sum, count) => sum + count, 0),
    );
  return values;
}

/** The figures that any of the runs has, in the order they are shown; known ones first in each role. */
export function figuresOf(runs: readonly Values[]): Figure[] {
  const ids = new Set(runs.flatMap((values) => [...values.keys()]));
  const known = KNOWN.filter(([id]) => ids.delete(id)).map(([id, label, unit, role, detail]) => ({
    ...{ id, label, unit, role },
    ...(detail ? { detail: true } : {}),
  }));
  const robustness = ROBUSTNESS_FIGURES.filter(({ id }) => ids.delete(id));
  const others = [...ids].map((id): Figure => {
    const stage = /^rate\.stage(\d+)$/.exec(id)?.[1];
    if (stage !== undefined)
      return { id, label: `firing rate, stage ${stage}`, unit: "number", role: "activity", detail: true };
    const own = observedFigure(id) ?? probesFigure(id);
    if (own) return own;
    const named = NAMED.exec(id);
    if (named) {
      const [, path = "", by = "", name = ""] = named;
      const [section = ""] = path.split(".");
      const label = `${section} ${name}${by === "perception" || by === "" ? "" : ` (${by})`}`;
      return {
        id,
        label,
        unit: "number",
        role: OPEN[section] ?? "activity",
        ...(by === "recall" ? { detail: true } : {}),
      };
    }
    const [section = "", ...path] = id.split(".");
    const words = [section, ...path].join(" ");
    return { id, label: words, unit: "number", role: OPEN[section] ?? "activity" };
  });
  const roles: readonly Role[] = ["test", "validation", "activity", "size", "cost"];
  return [...known, ...robustness, ...others].sort((a, b) => roles.indexOf(a.role) - roles.indexOf(b.role));
}

/** @example observedFigure("observed.meanAngle.stage2")?.label // "angle to backprop's gradient, stage 2 (degrees, mean over training)" */
function observedFigure(id: string): Figure | undefined {
  const [section, key = "", name = ""] = id.split(".");
  const label = Object.hasOwn(OBSERVED_LABELS, key) ? OBSERVED_LABELS[key] : undefined;
  if (section !== OBSERVED || label === undefined) return undefined;
  const where = name.replace(/^(stages?)(\d+)(?:to(\d+))?$/, (_, word, a, b) => `${word} ${a}${b ? ` to ${b}` : ""}`);
  return {
    id,
    label: label(where),
    unit: "number",
    role: "activity",
    ...(key === "meanAngle" ? {} : { detail: true }),
  };
}

function leaves(value: unknown, path: string, add: (id: string, value: unknown) => void): void {
  if (!isObject(value)) return;
  for (const [key, child] of Object.entries(value)) {
    // What was measured by named means is another figure by others: its details belong to it.
    if (isObject(child) && typeof child.name === "string" && "value" in child)
      add(`${path}.${key}:${child.name}`, child.value);
    else if (isObject(child)) leaves(child, `${path}.${key}`, add);
    else if (!UNCOUNTED.has(key)) add(`${path}.${key}`, child);
  }
}

function at(summary: Summary, dotted: string): unknown {
  let value: unknown = summary;
  for (const key of dotted.split(".")) value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "number");
}
