/** `bispike compare` of observed runs: curves of all rules in one picture, and their angles in the tables. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DOMParser } from "linkedom";
import { expect, it } from "vitest";
import { comparedObservationsPlot } from "../../src/node/plots/observations.ts";
import type { Observation } from "../../src/training/observer.ts";
import { runCli } from "../support/cli.ts";
import { sharedWorkspace } from "../support/small-run.ts";

const workspace = sharedWorkspace();
const textsOf = (svg: string) =>
  [...new DOMParser().parseFromString(svg, "image/svg+xml").querySelectorAll("text")].map(
    (element) => element.textContent,
  );

it("a comparison observes by its file, draws a line a rule, and tabulates the angles", async () => {
  const cwd = workspace();
  const read = (file: string) => readFileSync(join(cwd, file), "utf8");
  writeFileSync(
    join(cwd, "rules.yaml"),
    [
      "name: rules",
      "data: { path: bars }",
      "network: { hidden: [16, 8], steps: 2 }",
      "train: { epochs: 1, batch: 12 }",
      "observe: { every: 4, images: 4 }",
      "compare: { axes: { rule.name: [bsd, backprop] }, seeds: 1 }\n",
    ].join("\n"),
  );
  const { code, stdout, stderr } = await runCli(["compare", "rules.yaml", "--jobs=2", "--out", "compared"], cwd);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toContain(join("compared", "observations.svg"));
  const drawn = textsOf(read("compared/observations.svg"));
  expect(drawn).toEqual(expect.arrayContaining(["bsd", "backprop"]));
  expect(drawn).toContain("Angle to backprop's gradient, weights into stage 3");
  expect(drawn).toContain("Alignment of weights up with the transpose of those down, stages 2 - 3");
  const { cells } = JSON.parse(read("compared/compare.json"));
  const [bsd, backprop] = cells.map(({ runs }: { runs: { values: object }[] }) => runs[0]!.values);
  expect(backprop).toMatchObject({ "observed.meanAngle.stage2": 0, "observed.lastAngle.stage3": 0 });
  expect(bsd["observed.meanAngle.stage2"]).toBeGreaterThan(1);
  expect(read("compared/compare.md")).toContain("angle to backprop's gradient, stage 2");
});

it("a line is the mean of a cell's runs, and is not drawn where a rule has nothing to show", () => {
  const at = (step: number, degrees: number | null): Observation => ({
    ...{ step, epoch: 1, images: 4, weights: [], stages: [] },
    gradients: [{ stage: 2, cosine: degrees === null ? null : 0.5, degrees }],
  });
  const cell = (label: string, ...runs: Observation[][]) => ({ label, baseline: label === "bsd", runs });
  const drawn = (...cells: ReturnType<typeof cell>[]) => comparedObservationsPlot("rules", cells);
  const mean = drawn(cell("bsd", [at(1, 60), at(9, 80)]), cell("a", [at(1, 10), at(9, 20)]));
  expect(drawn(cell("bsd", [at(1, 50), at(9, 80)], [at(1, 70), at(9, null)]), cell("a", [at(1, 10), at(9, 20)]))).toBe(
    mean,
  );
  expect(drawn(cell("bsd", [at(1, 40), at(9, 80)]), cell("a", [at(1, 10), at(9, 20)]))).not.toBe(mean);
  const silent = drawn(cell("bsd", [at(1, 60)]), cell("a", [at(1, null)]), cell("not observed", []))!;
  expect(textsOf(silent)).toContain("bsd");
  expect(textsOf(silent)).not.toContain("a");
  expect(drawn(cell("bsd", []), cell("a", [at(1, null)]))).toBeUndefined();
});
