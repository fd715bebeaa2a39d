/** A comparison's table from runs whose figures are made up so that every mean, deviation and test can be worked out by hand. */
import Papa from "papaparse";
import { describe, expect, it } from "vitest";
import { figuresOf, valuesOf } from "../../src/comparison/figures.ts";
import { compareRuns, csvReport, reportRecord } from "../../src/comparison/records.ts";
import { markdownReport, showDifference, showFigure, showP, showSpread } from "../../src/comparison/report.ts";

const image = (testAccuracy: number, seconds = 10) => ({
  ...{ name: "m", seed: 1, testAccuracy, testDriveAccuracy: 0.5, validationAccuracy: null, seconds, rates: [0.1, 0.3] },
  ...{ parameters: { perception: 1000, recall: 234 }, recall: { ownIsNearest: 9, classes: 10, ownCorrelations: [1] } },
  ...{ hamming: [0.9], peakMemory: 5e7, energy: { inferencePicojoules: 12.5, byLayer: [1, 2] }, steps: 3 },
});
const DESIGN = {
  name: "m|n",
  axes: [{ key: "rule.name", values: ["bsd", "dll", "fa"] }],
  seeds: [1, 2, 3],
  baseline: [{ key: "rule.name", value: "bsd" }],
};
/** dll: better by 1, 2 and 3 points; fa: has not finished seed 2, worse by 1 and by 2 points. */
const RUNS = new Map(
  Object.entries({
    "rule.name=bsd/seed1": image(0.9, 10),
    "rule.name=bsd/seed2": image(0.92, 12),
    "rule.name=bsd/seed3": image(0.94, 14),
    "rule.name=dll/seed1": image(0.91),
    "rule.name=dll/seed2": image(0.94),
    "rule.name=dll/seed3": image(0.97),
    "rule.name=fa/seed1": image(0.89),
    "rule.name=fa/seed3": image(0.92),
  }).map(([folder, summary]) => [folder, valuesOf(summary)]),
);
const table = compareRuns(DESIGN, RUNS);

it("takes the figures of any kind of run, known ones first", () => {
  const ids = (summary: object) => figuresOf([valuesOf(summary as Record<string, unknown>)]).map(({ id }) => id);
  expect(ids(image(0.5))).toEqual([
    ...["testAccuracy", "testDriveAccuracy", "rate", "recall.ownIsNearest", "rate.stage2", "rate.stage3"],
    ...["parameters.perception", "parameters.recall", "parameters", "energy.inferencePicojoules"],
    ...["seconds", "peakMemory"],
  ]);
  const values = valuesOf(image(0.5));
  expect([values.get("rate"), values.get("parameters")]).toEqual([0.2, 1234]);
  // What is used in the end, and in training, are sums of networks and no networks.
  const parameters = { perception: 1000, recall: 200, feedback: 30, classifiers: 4, inference: 1000, training: 1234 };
  expect(valuesOf({ parameters }).get("parameters")).toBe(1234);
  // Of sequences, where the part the run is judged by has them.
  const [tested, held] = [{ test: { rates: [0.2, 0.4] } }, { test: null, validation: { rates: [0.1] } }];
  for (const [summary, mean] of [
    [tested, 0.3],
    [held, 0.1],
    [{ ...held, ...tested }, 0.3],
  ] as const)
    expect(valuesOf(summary).get("rate")).toBeCloseTo(mean, 12);
  // A kind of experiment this file has not heard of.
  const other = { test: { top: { gain: 20, rows: [1] }, images: 9 }, validation: { kind: "x", gain: Number.NaN } };
  expect(figuresOf([valuesOf(other)])).toEqual([
    { id: "test.top.gain", label: "test top gain", unit: "number", role: "test" },
  ]);
  // A distance by some features is another figure by others, and its details are its own.
  const distance = { name: "distance, own features", value: 0.5, features: 48 };
  const drawn = { test: { perception: { mse: 0.1, distance }, recall: { distance } } };
  expect(figuresOf([valuesOf(drawn)]).map(({ label, detail }) => [label, detail ?? false])).toEqual([
    ["test MSE", false],
    ["test distance, own features", false],
    ["test distance, own features (recall)", true],
  ]);
});

describe("table", () => {
  const [bsd, dll, fa] = table.cells;
  it("has means and sample deviations over the seeds", () => {
    expect(bsd!.spreads.get("seconds")).toEqual({ n: 3, mean: 12, std: 2, least: 10, most: 14 });
    expect(dll!.spreads.get("testAccuracy")!.mean).toBeCloseTo(0.94, 14);
    expect(dll!.spreads.get("testAccuracy")!.std).toBeCloseTo(0.03, 14);
    expect(fa!.spreads.get("testAccuracy")!.n).toBe(2);
    expect(table.missing.map(({ folder }) => folder)).toEqual(["rule.name=fa/seed2"]);
  });

  it("holds runs of the same seed against each other: t of 1, 2, 3 is 2 sqrt 3, of -1, -2 it is -3", () => {
    expect(bsd!.tests.size).toBe(0);
    expect(table.tested.map(({ id }) => id)).toEqual(["testAccuracy"]);
    const [better, worse] = [dll!, fa!].map(({ tests }) => tests.get("testAccuracy")!);
    expect(better).toMatchObject({ n: 3, degrees: 2, signedRank: { plus: 6, p: 0.25 } });
    expect(better!.t).toBeCloseTo(2 * Math.sqrt(3), 10);
    const p = 1 - Math.sqrt(12 / 14);
    expect(better!.p).toBeCloseTo(p, 10);
    // Holm: the smaller of two p-values is doubled.
    expect(better!.adjusted).toBeCloseTo(2 * p, 10);
    expect(worse).toMatchObject({ n: 2, degrees: 1, signedRank: { plus: 0, p: 0.5 } });
    expect(worse!.t).toBeCloseTo(-3, 10);
    expect(worse!.p).toBeCloseTo(1 - (2 / Math.PI) * Math.atan(3), 10);
    expect(worse!.adjusted).toBeCloseTo(worse!.p!, 14);
  });

  it("pairs seeds, not places: where the baseline has not finished one, the others keep theirs", () => {
    const runs = new Map([...RUNS].filter(([folder]) => folder !== "rule.name=bsd/seed1"));
    const test = compareRuns(DESIGN, runs).cells[1]!.tests.get("testAccuracy")!;
    // Of seeds 2 and 3: 0.94 - 0.92 and 0.97 - 0.94.
    expect(test).toMatchObject({ n: 2, signedRank: { plus: 3 } });
    expect(test.mean).toBeCloseTo(0.025, 12);
  });

  it("tests the validation part only where nothing was tested", () => {
    const both = new Map([["seed1", valuesOf({ testAccuracy: 0.5, validationAccuracy: 0.6 })]]);
    const one = { name: "a", axes: [], seeds: [1], baseline: [] };
    expect(compareRuns(one, both).tested.map(({ id }) => id)).toEqual(["testAccuracy"]);
    expect(compareRuns(one, both).figures.map(({ id }) => id)).toContain("validationAccuracy");

    const held = new Map([["seed1", valuesOf({ test: null, validation: { accuracy: 0.5, bits: 1 } })]]);
    const design = { name: "a", axes: [], seeds: [1], baseline: [] };
    expect(compareRuns(design, held).tested.map(({ id }) => id)).toEqual(["validation.accuracy", "validation.bits"]);
  });
});

describe("report", () => {
  it("Markdown says the figures, n, what is missing, and what so few runs cannot show", () => {
    const text = markdownReport(table, ["a machine"]);
    expect(text).toMatch(/^# m\\\|n\n/);
    expect(text).toContain("- 8 of 9 runs finished\n- missing: rule.name=fa seed 2\n");
    expect(text).toMatch(/^\| dll \| 3 \| 94\.0 ± 3\.0 % \| 0\.2000 ± 0\.0000 \| 9 \| 1234 \| 12\.50 \|$/m);
    expect(text).toMatch(/^\| fa \| 2 \| 90\.5 ± 2\.1 % \|/m);
    expect(text).toMatch(/^\| bsd \| 3 \| 12\.0 ± 2\.0 \| 50\.0 ± 0\.0 \|$/m);
    expect(text).toContain("Trained on a machine.");
    expect(text).toContain("corrected for the 2 comparisons of a figure");
    expect(text).toContain(
      "| test accuracy | dll | 3 | +2.0 ± 1.0 points | 3.46 (2) | 0.074 | 0.148 | 6 | 0.250 |\n" +
        "| test accuracy | fa | 2 | -1.50 ± 0.71 points | -3.00 (1) | 0.205 | 0.205 | 0 | 0.500 |\n",
    );
    expect(text).toContain("With n = 3 pairs the signed-rank test cannot reach p below 0.25 (two-sided)");
    expect(text).not.toContain("testDriveAccuracy");
  });

  it("names the cell a difference is to, where there are several", () => {
    const axes = [{ key: "network.steps", values: [1, 2] }, ...DESIGN.axes];
    const runs = new Map(
      ["bsd", "dll", "fa"].flatMap((rule, k) =>
        [1, 2].map((steps) => [
          `network.steps=${steps},rule.name=${rule}/seed1`,
          valuesOf(image(0.5 + k / 10 + steps / 100)),
        ]),
      ),
    );
    const text = markdownReport(compareRuns({ ...DESIGN, axes, seeds: [1] }, runs));
    expect(text).toContain("| test accuracy | 2 | dll | 1 | +10.00 points (to 2, bsd) | - | - | - | 1 | 1.000 |");
    expect(text).toContain("One pair tells nothing of the spread");
  });

  it("CSV has all digits, JSON every run", () => {
    const { data } = Papa.parse<Record<string, string>>(csvReport(table).trim(), { header: true });
    const row = data.find((row) => row["rule.name"] === "dll" && row.figure === "testAccuracy")!;
    const test = table.cells[1]!.tests.get("testAccuracy")!;
    expect(row).toMatchObject({
      baseline: "bsd",
      pairs: "3",
      p: String(test.p),
      p_holm: String(test.adjusted),
      df: "2",
    });
    expect(data.find((row) => row["rule.name"] === "bsd" && row.figure === "seconds")).toMatchObject({
      ...{ n: "3", mean: "12", std: "2", min: "10", max: "14", baseline: "", p: "" },
    });
    const record = JSON.parse(JSON.stringify(reportRecord(table)));
    expect(record.cells[2].runs[1]).toEqual({ seed: 2, folder: "rule.name=fa/seed2", values: null });
    expect(record.cells[2].runs[2].values).toMatchObject({ testAccuracy: 0.92, parameters: 1234 });
    expect(record.cells[1].tests.testAccuracy.p).toBe(test.p);
  });
});

it("figures in words have the digits their spread leaves meaning in", () => {
  const figure = (unit: "share" | "count" | "number" | "bytes") =>
    ({ id: "x", label: "x", unit, role: "test" }) as const;
  const spread = (mean: number, std: number | null) => ({ n: 3, mean, std, least: 0, most: 1 });
  expect(showSpread(figure("share"), spread(0.93127, 0.00341))).toBe("93.13 ± 0.34 %");
  expect(showSpread(figure("number"), spread(1234.5, 120))).toBe("1235 ± 120");
  expect(showSpread(figure("number"), spread(0.00123456, null))).toBe("0.001235");
  expect(showSpread(figure("number"), spread(0, 0))).toBe("0 ± 0");
  expect(showSpread(figure("count"), spread(1234, 0))).toBe("1234");
  expect(showSpread(figure("count"), spread(9.5, 0.5))).toBe("9.50 ± 0.50");
  expect(showSpread(figure("number"), undefined)).toBe("-");
  expect(showFigure(figure("bytes"), 91_234_567)).toBe("91.2");
  expect(showDifference(figure("share"), 0.012, 0.004)).toBe("+1.20 ± 0.40 points");
  expect(showDifference(figure("number"), -0.5, null)).toBe("-0.5000");
  expect([0.0312, 0.00012, 1, null].map(showP)).toEqual(["0.031", "1.2e-4", "1.000", "-"]);
});
