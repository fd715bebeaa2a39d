/** Probes in a comparison's table, from records whose figures are made up. */
import { expect, it } from "vitest";
import { readComparison } from "../../src/comparison/axes.ts";
import { figuresOf, valuesOf } from "../../src/comparison/figures.ts";
import { inOrder, probesArguments, readMeasures } from "../../src/comparison/measures.ts";
import { compareRuns, reportRecord } from "../../src/comparison/records.ts";
import { markdownReport } from "../../src/comparison/report.ts";
import type { Probes } from "../../src/measure/probes.ts";

const run = (accuracy: number, byRecall: number | null, part = "test") => {
  const separation = { between: 1, within: 2, ratio: 0.5, withinShare: 2 / 3 };
  const stage = (stage: number, lower: number, own: number | null) => ({
    ...{ stage, units: 9, features: 9, fittedAccuracy: 1, accuracy: accuracy - lower, iterations: 5, converged: true },
    ...{ nearestMean: 0.3, byRecall: own, fittedSeparation: separation, separation },
    ...{ withinRank: 8, meansRank: 3, rankImages: 40 },
  });
  const probes: Probes = {
    ...{ fittedImages: 50, images: 40, decay: 0.01 },
    stages: [stage(1, 0.2, null), stage(2, 0, byRecall)],
  };
  return valuesOf({ testAccuracy: accuracy, probes: { asked: { part }, ...probes } });
};

it("tabulates probes, recall's decisions and separation by stage; the rest is kept beside them", () => {
  const design = {
    name: "m",
    axes: [{ key: "rule.name", values: ["bsd", "backprop"] }],
    seeds: [1, 2],
    baseline: [{ key: "rule.name", value: "bsd" }],
    measure: readMeasures({ probes: true }, "m.yaml"),
  };
  const table = compareRuns(
    design,
    new Map([
      ["rule.name=bsd/seed1", run(0.9, 0.7)],
      ["rule.name=bsd/seed2", run(0.8, 0.6)],
      ["rule.name=backprop/seed1", run(0.95, null)],
      ["rule.name=backprop/seed2", run(0.85, null)],
    ]),
  );
  const [bsd, backprop] = table.cells;
  expect(bsd!.spreads.get("probes.test.stage2.accuracy")?.mean).toBeCloseTo(0.85, 12);
  expect(backprop!.spreads.get("probes.test.stage1.accuracy")?.mean).toBeCloseTo(0.7, 12);
  expect(bsd!.spreads.get("probes.test.stage2.byRecall")?.mean).toBeCloseTo(0.65, 12);
  expect(backprop!.spreads.get("probes.test.stage2.byRecall")).toBeUndefined();
  const shown = table.figures.filter(({ id, detail }) => id.startsWith("probes.") && !detail);
  expect(shown.map(({ label, unit }) => [label, unit])).toEqual([
    ["linear probe, stage 1 (test)", "share"],
    ["linear probe, stage 2 (test)", "share"],
    ["decision by recall, stage 2 (test)", "share"],
    ["variance between over within classes, stage 1 (test)", "number"],
    ["variance between over within classes, stage 2 (test)", "number"],
  ]);
  const hidden = table.figures.filter(({ id, detail }) => id.startsWith("probes.") && detail);
  expect(hidden).toHaveLength(8);
  expect(markdownReport(table)).toContain("linear probe, stage 2 (test)");
  expect(reportRecord(table)).toMatchObject({ measure: { probes: { images: 5000, part: "test" } } });
  // Looked at for the cause, not to choose by.
  expect(table.tested.map(({ id }) => id)).toEqual(["testAccuracy"]);
});

it("knows the part, and nothing of other records", () => {
  const [figure] = figuresOf([run(0.9, 0.7, "heldout")]).filter(({ id }) => id.startsWith("probes."));
  expect(figure).toMatchObject({ id: "probes.heldout.stage1.accuracy", label: "linear probe, stage 1 (validation)" });
  for (const probes of [undefined, null, 3, {}, { stages: 4 }]) expect([...valuesOf({ probes }).keys()]).toEqual([]);
});

it("reads what is to be measured", () => {
  const read = (probes: unknown) => readMeasures({ probes } as never, "a.yaml");
  expect(read(true)).toEqual({ probes: { images: 5000, part: "test" } });
  expect(read(false)).toEqual({});
  const held = readComparison({ compare: { judge: "held-out", measure: { probes: true } } }, "a.yaml");
  expect(held.measure).toEqual({ probes: { images: 5000, part: "heldout" } });
  const given = { part: "heldout", cells: 0, images: 10 } as const;
  expect(JSON.stringify(read(given).probes)).toBe('{"images":10,"cells":0,"part":"heldout"}');
  expect(JSON.stringify(inOrder("probes", given))).toBe(JSON.stringify(read(given).probes));
  expect(probesArguments(given)).toEqual([
    ...["--probes", "--probe-images", "10", "--probe-cells", "0", "--part", "heldout"],
  ]);
  expect(probesArguments({ images: 5000, part: "test" })).not.toContain("--probe-cells");
  expect(() => read({ part: "train" })).toThrow(/compare\.measure\.probes\.part: expected one of test, heldout/);
  expect(() => read({ image: 3 })).toThrow(/compare\.measure\.probes\.image/);
});
