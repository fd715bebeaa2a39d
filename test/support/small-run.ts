/** A workspace folder with a small data set and an experiment file for the command line. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { writeSmallDigits } from "./small-digits.ts";

/** 9 steps an epoch, 36 in all; learns its four classes without a mistake. */
export const SMALL_EXPERIMENT = `name: bars
data: { path: bars }
network: { hidden: [32, 16] }
train: { epochs: 4, batch: 12, learningRate: 0.02, threads: 1 }
`;

/** Call at the top of a test file: all its tests share a folder with `bars/` and `bars.yaml`. The returned function gives its path. */
export function sharedWorkspace(): () => string {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "bispike-"));
    writeSmallDigits(join(folder, "bars"));
    writeFileSync(join(folder, "bars.yaml"), SMALL_EXPERIMENT);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return () => folder;
}

/** A run's metrics without what depends on the clock. */
export function timelessMetrics(file: string): unknown[] {
  return readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => {
      const { seconds: _, imagesPerSecond: __, ...rest } = JSON.parse(line) as Record<string, unknown>;
      return rest;
    });
}
