import { describe, expect, it } from "vitest";
import { confusionTable, decisionRemark, decisionTable } from "../../src/cli/report/tables.ts";

const decision = (cosines: number[], drives: number[], chosen: number) => ({
  class: chosen,
  cosines: Float64Array.from(cosines),
  drives: Float64Array.from(drives),
});

describe("confusionTable", () => {
  it("shows the matrix of few classes, zeros as dots", () => {
    const counts = [
      [12, 0],
      [3, 100],
    ];
    expect(confusionTable(counts, ["cat", "dog"]).split("\n").slice(1)).toEqual([
      "        0    1",
      "0 cat  12    .",
      "1 dog   3  100",
    ]);
  });

  it("lists the largest errors of many classes", () => {
    const names = Array.from({ length: 21 }, (_, c) => `c${c}`);
    const counts = names.map((_, truth) => names.map((_, decided) => (truth === decided ? 50 : 0) as number));
    counts[4]![7] = 3;
    counts[20]![0] = 9;
    expect(confusionTable(counts, names).split("\n").slice(1)).toEqual([
      "truth  decision  images",
      "c20    c0             9",
      "c4     c7             3",
    ]);
  });
});

describe("decisionTable", () => {
  it("has a bar of each class's cosine, and marks the decision", () => {
    const table = decisionTable(decision([0.5, 0, 0.25], [1, -2, 0.5], 0), ["a", "b", "c"]);
    expect(table.split("\n").slice(1)).toEqual([
      `>  0 a    ${"█".repeat(12)}${" ".repeat(12)}   0.500   1.00`,
      `   1 b    ${" ".repeat(24)}   0.000  -2.00`,
      `   2 c    ${"█".repeat(6)}${" ".repeat(18)}   0.250   0.50`,
    ]);
    expect(decisionRemark(decision([0.5, 0], [1, 2], 0))).toBe("");
  });

  it("has bars of the softmax of the drives where the concept is silent", () => {
    const silent = decision([0, 0], [-1, -1 + Math.log(3)], 1);
    const bars = decisionTable(silent, ["a", "b"])
      .split("\n")
      .slice(1)
      .map((line) => line.match(/█/g)?.length);
    expect(bars).toEqual([6, 18]);
    expect(decisionRemark(silent)).toMatch(/silent/);
  });

  it("shows the likeliest of many classes, likeliest first", () => {
    const cosines = Array.from({ length: 30 }, (_, c) => (c === 17 ? 0.9 : c / 100));
    const shown = decisionTable(
      decision(cosines, cosines, 17),
      cosines.map((_, c) => `n${c}`),
    )
      .split("\n")
      .slice(1);
    expect(shown).toHaveLength(12);
    expect(shown.map((line) => line.match(/n\d+/)?.[0]).slice(0, 3)).toEqual(["n17", "n29", "n28"]);
  });
});
