/** The comparisons that are kept: every run they plan has a configuration that is accepted, and each can be told from the others. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readComparison } from "../../src/comparison/axes.ts";
import { cellsOf, jobsOf } from "../../src/comparison/plan.ts";
import { readYaml } from "../../src/training/config-yaml.ts";

const folder = fileURLToPath(new URL("../../experiments/comparisons", import.meta.url));
const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".yaml"))
  .sort();

const read = (file: string) => readComparison(readYaml(readFileSync(join(folder, file), "utf8")), file);

describe.each(files)("%s", (file) => {
  it("plans runs that differ, each against a baseline of its own", () => {
    const comparison = read(file);
    const jobs = jobsOf(comparison, file);
    expect(jobs.length).toBeGreaterThan(comparison.seeds.length);
    expect(new Set(jobs.map((job) => job.folder)).size).toBe(jobs.length);
    expect(new Set(jobs.map(({ config }) => JSON.stringify(config))).size).toBe(jobs.length);
    const cells = cellsOf(comparison);
    expect(cells.some(({ baseline }) => baseline !== null)).toBe(true);
    for (const { baseline } of cells) if (baseline !== null) expect(cells[baseline]!.baseline).toBe(null);
  });
});

it("names are not used twice: they name folders", () => {
  const names = files.map((file) => read(file).name);
  expect(new Set(names).size).toBe(names.length);
});
