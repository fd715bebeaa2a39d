/** What probes found, among a comparison's figures: names by part and stage, such as `probes.test.stage2.accuracy`. */
import type { Probes, StageProbe } from "../measure/probes.ts";
import type { Figure } from "./figures.ts";

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
