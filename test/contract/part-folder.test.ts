/** The folder of a part: which checkpoints stay, and what is cut when training goes on from an earlier step. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { commonStep, PartFolder, partsOf } from "../../src/cluster/part-folder.ts";
import { resolveConfig } from "../../src/training/config.ts";
import { temporaryFolders } from "../support/folder.ts";

const folder = temporaryFolders();
const config = resolveConfig({ data: { path: "bars" } });
const BYTES = Uint8Array.of(1, 2, 3);

it("keeps the newest two that all parts save, and what was saved since the older one", () => {
  const part = PartFolder.create(join(folder(), "run"), { first: 1, last: 2 }, config);
  const after = (step: number, regular: boolean) => {
    part.save(step, BYTES, regular);
    return part.saved();
  };
  expect(after(5, true)).toEqual([5]);
  // A part that stopped on its way.
  expect(after(7, false)).toEqual([5, 7]);
  expect(after(10, true)).toEqual([5, 7, 10]);
  expect(after(15, true)).toEqual([10, 15]);
  part.close();
});

it("going on from a step cuts what lies beyond it, and tells how long it took up to there", () => {
  const part = PartFolder.create(join(folder(), "run"), { first: 3, last: 4 }, config);
  for (const step of [5, 10, 15]) part.save(step, BYTES, false);
  for (const step of [9, 10, 11]) part.addMetrics({ step, seconds: step / 2 });
  expect(part.cut(10)).toBe(5);
  expect(part.saved()).toEqual([5, 10]);
  const lines = readFileSync(join(part.path, "metrics.jsonl"), "utf8").trim().split("\n");
  expect(lines.map((line) => JSON.parse(line).step)).toEqual([9, 10]);
  part.close();
});

it("parts go on from the latest step that all of them have", () => {
  const run = join(folder(), "run");
  const [upper, lower] = [
    { first: 3, last: 4 },
    { first: 1, last: 2 },
  ].map((range) => PartFolder.create(run, range, config)) as [PartFolder, PartFolder];
  expect(partsOf(run)).toEqual([lower.range, upper.range]);
  for (const step of [5, 10, 100]) lower.save(step, BYTES, false);
  expect(commonStep([lower.path, upper.path])).toBeUndefined();
  for (const step of [5, 10]) upper.save(step, BYTES, false);
  expect(commonStep([lower.path, upper.path])).toBe(10);
  for (const part of [lower, upper]) part.close();
});
