/** Robustness among a comparison's figures: their names, and the table of accuracy by corruption and severity. */
import { CORRUPTIONS, type CorruptionName, SEVERITIES } from "../measurement/corruptions/names.ts";
import type { CorruptionScore, Robustness } from "../measurement/robustness.ts";
import type { Spread } from "../measurement/statistics/spread.ts";
import type { Figure } from "./figures.ts";
import type { ComparisonTable } from "./statistics.ts";

/** Figures' ids: of a corruption's mean, or of one severity. */
const idOf = (corruption: CorruptionName, severity?: number) =>
  severity === undefined ? `robustness.${corruption}` : `robustness.${corruption}.${severity}`;
const MEAN = "robustness.mean";
const DROP = "robustness.drop";
const CLEAN = "robustness.clean";

/** Words for a corruption. */
const under = (name: CorruptionName) => (name === "weights" ? "noise on the weights" : name);

/** The mean over corruptions of images and its drop against the same images when not corrupted, each corruption's mean over severities (which are tested too), and each severity by itself. */
export const ROBUSTNESS_FIGURES: readonly Figure[] = [
  { id: MEAN, label: "accuracy under corruption", unit: "share", role: "test" },
  { id: DROP, label: "drop under corruption", unit: "share", role: "test", part: true },
  ...CORRUPTIONS.map(
    (name): Figure => ({
      ...{ id: idOf(name), label: `accuracy under ${under(name)}`, unit: "share", role: "test" },
      part: true,
    }),
  ),
  { id: CLEAN, label: "accuracy on the same images, not corrupted", unit: "share", role: "test", detail: true },
  ...CORRUPTIONS.flatMap((name) =>
    SEVERITIES.map(
      (severity): Figure => ({
        ...{ id: idOf(name, severity), label: `accuracy under ${under(name)}, severity ${severity}` },
        ...{ unit: "share", role: "test", detail: true },
      }),
    ),
  ),
];

/** The figures of what was measured; nothing of what is no such record. */
export function robustnessValues(record: unknown): [id: string, value: unknown][] {
  const { clean, mean, drop, corruptions } = (record ?? {}) as Partial<Robustness>;
  if (!Array.isArray(corruptions)) return [];
  const scores = corruptions.flatMap(({ name, mean: own, severities }: CorruptionScore) => [
    [idOf(name), own] as [string, unknown],
    ...severities.map(({ severity, accuracy }) => [idOf(name, severity), accuracy] as [string, unknown]),
  ]);
  return [[MEAN, mean], [DROP, drop], [CLEAN, clean], ...scores];
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
export function robustnessPanels({ figures, cells }: ComparisonTable): RobustnessPanel[] {
  const measured = new Set(figures.map(({ id }) => id));
  return CORRUPTIONS.flatMap((corruption) => {
    const severities = SEVERITIES.filter((severity) => measured.has(idOf(corruption, severity)));
    if (severities.length === 0) return [];
    const rows = cells.map(({ spreads }) => [
      spreads.get(CLEAN),
      ...severities.map((severity) => spreads.get(idOf(corruption, severity))),
    ]);
    return [{ corruption, title: under(corruption), severities: [0, ...severities], rows }];
  });
}

/** The figure by which a panel's values are worded. */
export const ROBUSTNESS_SHARE = ROBUSTNESS_FIGURES[0]!;
