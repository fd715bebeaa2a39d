/** Robustness in a comparison's table, from records whose figures are made up so that means, deviations and tests can be worked out by hand. */
import Papa from "papaparse";
import { expect, it } from "vitest";
import { valuesOf } from "../../src/comparison/figures.ts";
import { readMeasures, robustnessArguments } from "../../src/comparison/measures.ts";
import { compareRuns, csvReport, reportRecord } from "../../src/comparison/records.ts";
import { markdownReport } from "../../src/comparison/report.ts";
import { robustnessPanels } from "../../src/comparison/robustness.ts";
import type { Robustness } from "../../src/measure/robustness.ts";

/** Accuracy falls by `slope` at each severity of noise, and is `weights` at both severities of noise on the weights. */
const run = (clean: number, slope: number, weights: number) => {
  const score = (name: "noise" | "weights", accuracies: readonly number[]) => {
    const mean = accuracies.reduce((sum, value) => sum + value, 0) / accuracies.length;
    const severities = accuracies.map((accuracy, k) => ({ severity: [1, 3][k]!, amount: k, accuracy }));
    return { name, quantity: "q", mean, drop: clean - mean, severities };
  };
  const noise = score("noise", [clean - slope, clean - 3 * slope]);
  const corruptions = [noise, score("weights", [weights, weights])];
  const robustness: Robustness = { images: 9, seed: 1, clean, mean: noise.mean, drop: noise.drop, corruptions };
  return valuesOf({ testAccuracy: clean, robustness });
};
const DESIGN = {
  name: "m",
  axes: [{ key: "rule.name", values: ["bsd", "backprop"] }],
  seeds: [1, 2],
  baseline: [{ key: "rule.name", value: "bsd" }],
  measure: readMeasures({ robustness: { images: 9, severities: [3, 1], corruptions: ["weights", "noise"] } }, "m.yaml"),
};
const table = compareRuns(
  DESIGN,
  new Map([
    ["rule.name=bsd/seed1", run(0.9, 0.1, 0.8)],
    ["rule.name=bsd/seed2", run(0.8, 0.1, 0.8)],
    ["rule.name=backprop/seed1", run(0.9, 0.2, 0.7)],
    ["rule.name=backprop/seed2", run(0.8, 0.15, 0.7)],
  ]),
);

it("tests the means and tabulates every severity", () => {
  expect(table.tested.map(({ id, part }) => [id, part ?? false])).toEqual([
    ...[
      ["testAccuracy", false],
      ["robustness.mean", false],
      ["robustness.drop", true],
    ],
    ...[
      ["robustness.noise", true],
      ["robustness.weights", true],
    ],
  ]);
  const [bsd, backprop] = table.cells;
  // Means over severities 1 and 3: 0.9 - 0.2 and 0.8 - 0.2; 0.9 - 0.4 and 0.8 - 0.3.
  expect(bsd!.spreads.get("robustness.noise")?.mean).toBeCloseTo(0.65, 12);
  expect(backprop!.spreads.get("robustness.noise")?.mean).toBeCloseTo(0.5, 12);
  expect(bsd!.spreads.get("robustness.drop")?.mean).toBeCloseTo(0.2, 12);
  // Differences of the runs of a seed: -0.2 and -0.1, so t = -0.15 / (0.1 / sqrt 2 / sqrt 2) = -3.
  expect(backprop!.tests.get("robustness.mean")?.mean).toBeCloseTo(-0.15, 12);
  expect(backprop!.tests.get("robustness.mean")?.t).toBeCloseTo(-3, 9);
  expect(backprop!.spreads.get("robustness.noise.3")?.mean).toBeCloseTo((0.9 - 0.6 + 0.8 - 0.45) / 2, 12);
  expect(backprop!.spreads.has("robustness.noise.2")).toBe(false);
});

it("panels have a row a cell, from clean images on", () => {
  const panels = robustnessPanels(table);
  expect(panels.map(({ corruption, title, severities }) => [corruption, title, severities])).toEqual([
    ["noise", "noise", [0, 1, 3]],
    ["weights", "noise on the weights", [0, 1, 3]],
  ]);
  const means = panels[0]!.rows.map((row) => row.map((spread) => spread!.mean));
  for (const [k, expected] of [
    [0, [0.85, 0.75, 0.55]],
    [1, [0.85, 0.675, 0.325]],
  ] as const)
    for (const [at, mean] of expected.entries()) expect(means[k]![at]).toBeCloseTo(mean, 12);
  expect(
    robustnessPanels(compareRuns(DESIGN, new Map([["rule.name=bsd/seed1", valuesOf({ testAccuracy: 1 })]]))),
  ).toEqual([]);
});

it("Markdown, CSV and JSON have it all", () => {
  const text = markdownReport(table);
  expect(text).toContain("## Accuracy by corruption and severity");
  expect(text).toContain("Of 9 test images, spread evenly; severity 0 is not corrupted.");
  expect(text).toContain("### Noise on the weights");
  expect(text).toMatch(/^\| rule\.name \| severity 0 \| severity 1 \| severity 3 \|$/m);
  expect(text).toMatch(/^\| backprop \| 85\.0 ± 7\.1 % \| 67\.5 ± 3\.5 % \| 32\.5 ± 3\.5 % \|$/m);
  expect(text).toMatch(/^\| drop under corruption \| backprop \| 2 \| \+15\.0 ± 7\.1 points \|/m);
  const { data } = Papa.parse<Record<string, string>>(csvReport(table).trim(), { header: true });
  const row = data.find((line) => line["rule.name"] === "backprop" && line.figure === "robustness.noise.1")!;
  expect(Number(row.mean)).toBeCloseTo(0.675, 12);
  expect(reportRecord(table)).toMatchObject({ measure: { robustness: { images: 9, draws: 3, severities: [1, 3] } } });
});

it("a comparison that leaves the test part alone measures the validation one, and says so", () => {
  const measure = readMeasures(
    { robustness: { images: 9, severities: [1], corruptions: ["noise"] } },
    "m.yaml",
    "held-out",
  );
  expect(robustnessArguments(measure.robustness!).slice(-2)).toEqual(["--part", "heldout"]);
  const severities = [{ severity: 1, amount: 0.1, accuracy: 0.8 }];
  const noise = { name: "noise", quantity: "q", mean: 0.8, drop: 0.1, severities };
  const asked = measure.robustness;
  const record = { images: 9, seed: 1, clean: 0.9, mean: 0.8, drop: 0.1, corruptions: [noise], asked };
  const found = compareRuns(
    { ...DESIGN, judge: "held-out", measure },
    new Map([["rule.name=bsd/seed1", valuesOf({ validationAccuracy: 0.9, robustness: record })]]),
  );
  expect(found.tested.map(({ id }) => id)).toEqual([
    ...["validationAccuracy", "robustness.heldout.mean", "robustness.heldout.drop", "robustness.heldout.noise"],
  ]);
  const text = markdownReport(found);
  expect(text).toContain("no run has looked at its test part");
  expect(text).toContain("Of 9 validation images, spread evenly");
  expect(text).not.toContain("test images");
  for (const name of ["robustness", "probes"])
    expect(() => readMeasures({ [name]: { part: "test" } } as never, "m.yaml", "held-out"), name).toThrow(
      `m.yaml: compare.measure.${name}.part: expected heldout, as compare.judge is held-out and no run is to look at its test part, got test`,
    );
});

it("a measure is known by its words, in one order, and is what bispike eval is asked", () => {
  expect(robustnessArguments(DESIGN.measure.robustness!)).toEqual([
    ...["--robustness", "--corruptions", "noise,weights", "--severities", "1,3"],
    ...["--images", "9", "--draws", "3", "--seed", "1", "--part", "test"],
  ]);
  const all = readMeasures({ robustness: true }, "m.yaml").robustness!;
  expect(all).toMatchObject({ images: 0, draws: 3, seed: 1, severities: [1, 2, 3, 4, 5] });
  expect(all.corruptions).toEqual(["noise", "blur", "contrast", "shift", "occlusion", "weights"]);
  for (const none of [{}, { robustness: false }]) expect(readMeasures(none, "m.yaml")).toEqual({});
  for (const [raw, message] of [
    [
      { robustnes: true },
      /m\.yaml: unknown key compare\.measure\.robustnes \(did you mean compare\.measure\.robustness\?\)/,
    ],
    [{ robustness: 3 }, /compare\.measure\.robustness: expected a section with the keys corruptions.*got the number 3/],
    [{ robustness: { corruptions: ["fog"] } }, /corruptions.*expected one of noise, blur/],
    [{ robustness: { corruptions: [] } }, /corruptions: expected a list of noise, blur/],
    [{ robustness: { severities: [6] } }, /severities.*expected whole numbers from 1 to 5/],
    [
      { robustness: { severities: [1, 1] } },
      /severities: expected a list of severities from 1 to 5, each at most once/,
    ],
    [{ robustness: { images: -1 } }, /images: expected an integer from 0/],
    ["yes", /compare\.measure: expected a section with the keys robustness/],
  ] as const)
    expect(() => readMeasures(raw as never, "m.yaml"), JSON.stringify(raw)).toThrow(message);
});
