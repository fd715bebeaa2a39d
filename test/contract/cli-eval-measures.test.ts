/** `bispike eval` with --cost, --representation, --ood and --recall-measures, as a user runs them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { PairCost } from "../../src/measure/cost.ts";
import type { RecallMeasures } from "../../src/measure/recall.ts";
import type { Representation } from "../../src/measure/representation.ts";
import type { TrainingCost } from "../../src/measure/training-cost.ts";
import { jsonLines, runCli } from "../support/cli.ts";
import { idxFile } from "../support/data-files.ts";
import { trainedRun } from "../support/trained-run.ts";

const trained = trainedRun();

/** Bars that lie where the trained ones stand. */
beforeAll(() => {
  const { cwd, dataset } = trained();
  const folder = join(cwd, "lying");
  mkdirSync(folder);
  for (const [part, { images, labels, count }] of [
    ["train", dataset.train],
    ["t10k", dataset.test],
  ] as const) {
    const turned = images.map((_, at) => images[at - (at % 64) + (at % 8) * 8 + (Math.floor(at / 8) % 8)]!);
    writeFileSync(join(folder, `${part}-images-idx3-ubyte`), idxFile([count, 8, 8], turned));
    writeFileSync(join(folder, `${part}-labels-idx1-ubyte`), idxFile([count], [...labels]));
  }
});

const measure = async (...options: string[]) => {
  const { cwd } = trained();
  const { code, stdout, stderr } = await runCli(["eval", "run", "--threads", "1", ...options, "--json"], cwd);
  expect([code, stderr]).toEqual([0, ""]);
  const [line = {}, ...others] = jsonLines(stdout);
  expect(others).toEqual([]);
  return line;
};

describe("--cost", () => {
  it("counts bytes, operations and energy of each network and of training", async () => {
    const line = await measure("--cost");
    expect(line).toMatchObject({ part: "test", images: 40 });
    const cost = line.cost as PairCost & {
      training: TrainingCost;
      energy: { note: string; presets: Record<string, Record<string, number>> };
    };
    const { perception, recall, training, energy } = cost;
    expect(perception.layers.map(({ name }) => name)).toEqual([2, 3, 4].map((stage) => `perception.stage${stage}`));
    expect(recall.layers.map(({ name }) => name)).toEqual([3, 2, 1].map((stage) => `recall.stage${stage}`));
    // 64-32-16-4: weights, norms' scales and shifts, a bias; running means and variances.
    expect(perception.footprint).toEqual({ parameters: 2048 + 64 + 512 + 32 + 68, buffers: 96, bytes: 4 * 2820 });
    // Four steps of a normalised picture, no pixel of which is 0.
    expect(perception.layers[0]?.operations).toEqual({ macs: 4 * 2048, acs: 0, dense: 4 * 2048 });
    expect(perception.operations.dense).toBe(4 * (2048 + 512 + 64));
    expect(perception.operations.macs).toBe(4 * 2048);
    expect(perception.operations.acs).toBeLessThan(4 * (512 + 64));
    // The held picture is computed once.
    expect(perception.engine.macs).toBe(2048);
    // One neuron of the code fires at every step, and reaches 16.
    expect(recall.layers[0]?.operations).toEqual({ macs: 0, acs: 4 * 16, dense: 4 * 64 });
    expect(recall.layers[0]?.engine).toEqual({ macs: 0, acs: 16 });
    const rates = line.rates as number[];
    const spikes = rates.map((rate, k) => rate * [32, 16][k]! * 4);
    expect(perception.operations.acs).toBeCloseTo(spikes[0]! * 16 + spikes[1]! * 4, 3);

    expect(training).toMatchObject({ batch: 18, recalls: 4 });
    const { macs, acs } = perception.operations;
    expect(energy.presets.fp32?.perception).toBeCloseTo(4.6 * macs + 0.9 * acs, 6);
    expect(energy.presets.int8?.training).toBeCloseTo(0.23 * training.total.macs + 0.03 * training.total.acs, 6);
    expect(energy.note).toMatch(/arithmetic only/);
  });

  it("shows tables for a person", async () => {
    const { cwd } = trained();
    const { code, stdout } = await runCli(["eval", "run", "--cost"], cwd);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^perception\.stage2 +8,704 +0\.0000 +0\.\d{4} +8,192 +0 +8,192 +2,048 +0$/m);
    expect(stdout).toMatch(/^recall\.stage1 +8,448 +0\.0000 +- +0 +[\d,]+ +8,192 +0 +[\d,]+$/m);
    expect(stdout).toMatch(/^total +11,280 /m);
    expect(stdout).toMatch(/^gradients +[\d,]+ +[\d,]+ +[\d,]+$/m);
    expect(stdout).toMatch(/^FP32, 45 nm +\d+\.\d nJ/m);
    expect(stdout).toMatch(/arithmetic only \(45 nm, 0\.9 V; Horowitz 2014\)/);
  });
});

it("--representation tells ranks, rates and weights of every stage", async () => {
  const { representation } = (await measure("--representation")) as unknown as { representation: Representation };
  expect(representation.images).toBe(40);
  expect(representation.stages.map(({ stage }) => stage)).toEqual([2, 3]);
  for (const { perception, recall } of representation.stages) {
    expect([perception.rankSamples, recall!.rankSamples]).toEqual([40, 4]);
    expect(perception.effectiveRank).toBeGreaterThan(1);
    // Four classes: four recalled rows.
    expect(recall!.effectiveRank).toBeLessThanOrEqual(4 + 1e-9);
    expect(recall!.centredRank).toBeLessThanOrEqual(3 + 1e-9);
  }
  expect(representation.weights.map(({ between }) => between)).toEqual([
    [1, 2],
    [2, 3],
    [3, 4],
  ]);
  const { cwd } = trained();
  const { stdout } = await runCli(["eval", "run", "--representation"], cwd);
  expect(stdout).toMatch(/^3 recall +16 +0\.\d{4} +\d+\.\d\d % .* 4$/m);
  expect(stdout).toMatch(/^1 - 2 +-?0\.\d{4} +\+- 0\.0221$/m);
});

interface Means {
  readonly auroc: number;
  readonly known: number;
  readonly foreign: number;
}
interface Ood {
  readonly scores: Readonly<Record<string, Means>>;
  readonly stages: readonly Readonly<Record<"hamming" | "cosine", Means>>[];
  readonly foreignImages: number;
}

it("--ood tells lying bars from standing ones, and cannot tell a set from itself", async () => {
  const scores = async (other: string) => (await measure("--ood", other)).ood as Ood;
  const lying = await scores("lying");
  expect(lying.foreignImages).toBe(40);
  expect(Object.keys(lying.scores)).toEqual(["hamming", "cosine", "uncertainty", "rate"]);
  expect(lying.scores.cosine?.auroc).toBeGreaterThan(0.9);
  for (const { auroc, known, foreign } of Object.values((await scores("data")).scores))
    expect([auroc, known]).toEqual([0.5, foreign]);
  // A score is the sum of its stages', and what is told apart so well is larger for what was not taught.
  for (const score of ["hamming", "cosine"] as const) {
    const sum = (side: "known" | "foreign") => lying.stages.reduce((total, stage) => total + stage[score][side], 0);
    for (const side of ["known", "foreign"] as const)
      expect(lying.scores[score]![side], `${score} of ${side}`).toBeCloseTo(sum(side), 10);
  }
  expect(lying.scores.cosine!.foreign).toBeGreaterThan(lying.scores.cosine!.known);
  const { cwd } = trained();
  const { stdout } = await runCli(["eval", "run", "--ood", "lying"], cwd);
  expect(stdout).toMatch(/^40 test images of lying against 40 of data$/m);
  expect(stdout).toMatch(/^mismatch, cosine of rates +[01]\.\d{4} +\d\.\d{4} +\d\.\d{4}$/m);
});

it("--recall-measures judges what is recalled, and recalls from cues", async () => {
  const line = await measure("--recall-measures", "--classifier", "run/last.safetensors");
  const measures = line.recallMeasures as RecallMeasures & { classifier: string; cues: Record<string, unknown>[] };
  expect(measures.classes).toHaveLength(4);
  expect(measures.classifier).toBe("run/last.safetensors");
  expect(measures.classes.filter((entry) => entry.judged === entry.class).length / 4).toBe(measures.judgedAccuracy);
  const similarities = measures.classes.map(({ similarity }) => similarity!);
  expect(similarities.every((value) => value > -1 && value <= 1)).toBe(true);
  expect(measures.meanSimilarity).toBeCloseTo(similarities.reduce((sum, value) => sum + value) / 4, 12);
  expect(measures.cues).toHaveLength(12);
  expect(measures.cues[0]).toMatchObject({ kind: "occlusion", severity: 0, accuracy: line.accuracy, images: 40 });
  const { cwd } = trained();
  const { stdout } = await runCli(["eval", "run", "--recall-measures", "--classifier", "run/last.safetensors"], cwd);
  expect(stdout).toMatch(/^run\/last\.safetensors names \d+\.\d\d % of the recalled images rightly$/m);
  expect(stdout).toMatch(/^recalled +own mean +nearest other +SSIM +judged as$/m);
  expect(stdout).toContain(`, SSIM with the own mean ${measures.meanSimilarity!.toFixed(3)}; `);
  expect(stdout).toMatch(/^occlusion +80 % +\d+\.\d\d %/m);
});

it("sections can be asked for together, and add nothing when not", async () => {
  const together = await measure("--cost", "--representation", "--recall-measures");
  expect(Object.keys(together).slice(-3)).toEqual(["cost", "representation", "recallMeasures"]);
  expect((together.recallMeasures as { classifier: unknown }).classifier).toBeNull();
  const { cost: _, representation: __, recallMeasures: ___, ...rest } = together;
  expect(await measure()).toEqual(rest);
});
