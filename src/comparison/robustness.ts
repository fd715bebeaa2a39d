/** What robustness and probes measure, among a comparison's figures: names, and the table of accuracy by corruption and severity. */
import { CORRUPTIONS, type CorruptionName, SEVERITIES } from "../measure/corruptions.ts";
import type { Probes, StageProbe } from "../measure/probes.ts";
import type { CorruptionScore, Robustness } from "../measure/robustness.ts";
import type { Spread } from "../measure/statistics.ts";
import type { Figure } from "./figures.ts";
import type { MeasuredPart } from "./measures.ts";
import type { ComparisonTable } from "./records.ts";

/** Figures' ids: of a corruption's mean, or of one severity; `robustness.heldout.…` of the validation part. */
const idOf = (part: MeasuredPart, name: string, severity?: number) =>
  [part === "test" ? "robustness" : "robustness.heldout", name, ...(severity === undefined ? [] : [severity])].join(
    ".",
  );
const MEAN = "mean";
const DROP = "drop";
const CLEAN = "clean";

/** Words for a corruption. */
const under = (name: CorruptionName) => (name === "weights" ? "noise on the weights" : name);

function figuresOfPart(part: MeasuredPart): Figure[] {
  const role = part === "test" ? "test" : "validation";
  const where = part === "test" ? "" : " (validation)";
  const figure = (name: string, label: string, severity?: number): Figure => ({
    ...{ id: idOf(part, name, severity), label: `${label}${where}`, unit: "share", role },
  });
  return [
    figure(MEAN, "accuracy under corruption"),
    { ...figure(DROP, "drop under corruption"), part: true },
    ...CORRUPTIONS.map((name) => ({ ...figure(name, `accuracy under ${under(name)}`), part: true })),
    { ...figure(CLEAN, "accuracy on the same images, not corrupted"), detail: true },
    ...CORRUPTIONS.flatMap((name) =>
      SEVERITIES.map((severity) => ({
        ...figure(name, `accuracy under ${under(name)}, severity ${severity}`, severity),
        detail: true,
      })),
    ),
  ];
}

/** The mean over corruptions of images and its drop against the same images when not corrupted, each corruption's mean over severities (which are tested too), and each severity by itself. */
export const ROBUSTNESS_FIGURES: readonly Figure[] = [...figuresOfPart("test"), ...figuresOfPart("heldout")];

/** The figures of what was measured; nothing of what is no such record. */
export function robustnessValues(record: unknown): [id: string, value: unknown][] {
  const { clean, mean, drop, corruptions, asked } = (record ?? {}) as Partial<Robustness> & {
    readonly asked?: { readonly part?: unknown };
  };
  if (!Array.isArray(corruptions)) return [];
  const part = asked?.part === "heldout" ? "heldout" : "test";
  const scores = corruptions.flatMap(({ name, mean: own, severities }: CorruptionScore) => [
    [idOf(part, name), own] as [string, unknown],
    ...severities.map(({ severity, accuracy }) => [idOf(part, name, severity), accuracy] as [string, unknown]),
  ]);
  return [[idOf(part, MEAN), mean], [idOf(part, DROP), drop], [idOf(part, CLEAN), clean], ...scores];
}

/** Accuracy over the severities of one corruption. */
export interface RobustnessPanel {
  readonly corruption: CorruptionName;
  /** For people. */
  readonly title: string;
  /** Those that were measured, ascending; 0 is not corrupted. */
  readonly severities: readonly number[];
  /** A row a cell, in their order: its spread at each severity; undefined where no run has finished. */
  readonly rows: readonly (readonly (Spread | undefined)[])[];
}

/** A panel a corruption that was measured. */
export function robustnessPanels({ design, figures, cells }: ComparisonTable): RobustnessPanel[] {
  const measured = new Set(figures.map(({ id }) => id));
  const part = design.measure?.robustness?.part ?? "test";
  return CORRUPTIONS.flatMap((corruption) => {
    const severities = SEVERITIES.filter((severity) => measured.has(idOf(part, corruption, severity)));
    if (severities.length === 0) return [];
    const rows = cells.map(({ spreads }) => [
      spreads.get(idOf(part, CLEAN)),
      ...severities.map((severity) => spreads.get(idOf(part, corruption, severity))),
    ]);
    return [{ corruption, title: under(corruption), severities: [0, ...severities], rows }];
  });
}

/** The figure by which a panel's values are worded. */
export const ROBUSTNESS_SHARE = ROBUSTNESS_FIGURES[0]!;

// What probes found, among a comparison's figures: names by part and stage, such as `probes.test.stage2.accuracy`.

type Described = Pick<Figure, "unit" | "detail"> & {
  readonly words: string;
  readonly of: (stage: StageProbe) => number | null;
};

const MEASURED: Readonly<Record<string, Described>> = {
  accuracy: { words: "linear probe", unit: "share", of: ({ accuracy }) => accuracy },
  byRecall: { words: "decision by recall", unit: "share", of: ({ byRecall }) => byRecall },
  ratio: {
    ...{ words: "variance between over within classes", unit: "number" },
    of: ({ separation }) => separation.ratio,
  },
  fittedAccuracy: {
    ...{ words: "linear probe on the images it was fitted to", unit: "share", detail: true },
    of: ({ fittedAccuracy }) => fittedAccuracy,
  },
  nearestMean: { words: "nearest class mean", unit: "share", detail: true, of: ({ nearestMean }) => nearestMean },
  withinRank: {
    words: "effective rank within classes",
    unit: "number",
    detail: true,
    of: ({ withinRank }) => withinRank,
  },
  meansRank: { words: "effective rank of class means", unit: "number", detail: true, of: ({ meansRank }) => meansRank },
};

/** The figures of what was measured; nothing of what is no such record. */
export function probesValues(record: unknown): [id: string, value: unknown][] {
  const { stages, asked } = (record ?? {}) as Partial<Probes> & { readonly asked?: { readonly part?: unknown } };
  if (!Array.isArray(stages)) return [];
  return Object.entries(MEASURED).flatMap(([key, { of }]) =>
    stages.map((stage: StageProbe): [string, unknown] => [
      `probes.${asked?.part ?? "test"}.stage${stage.stage}.${key}`,
      of(stage),
    ]),
  );
}

/** @example probesFigure("probes.test.stage2.accuracy")?.label // "linear probe, stage 2 (test)" */
export function probesFigure(id: string): Figure | undefined {
  const [, part, stage, key = ""] = /^probes\.(test|heldout)\.stage(\d+)\.(\w+)$/.exec(id) ?? [];
  const found = Object.hasOwn(MEASURED, key) ? MEASURED[key] : undefined;
  if (!found) return undefined;
  const { words, unit, detail } = found;
  const label = `${words}, stage ${stage} (${part === "test" ? "test" : "validation"})`;
  return { id, label, unit, role: "activity", ...(detail && { detail }) };
}
