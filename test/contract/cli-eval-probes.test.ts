/** `bispike eval --probes` as a user runs it: tables and JSON of the same figures, of spiking pairs, of perception alone and of real nets, and what it says to wrong input. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { checkSections } from "../../src/cli/commands/eval-sections.ts";
import { splitValidation } from "../../src/data/dataset.ts";
import { evaluate } from "../../src/measure/evaluate.ts";
import { ProbeMeter, type ProbeOptions, type Probes } from "../../src/measure/probes.ts";
import { openModel } from "../../src/node/open.ts";
import { jsonLines } from "../support/cli.ts";
import { runHere } from "../support/cli-here.ts";
import { expectRefusalHere } from "../support/refusal.ts";
import { smallTraining } from "../support/small-training.ts";
import { trainedRun } from "../support/trained-run.ts";

const trained = trainedRun();
const ARGS = ["eval", "run", "--threads", "1", "--probes"];

const probesOf = async (args: readonly string[]) => {
  const { code, stdout, stderr } = await runHere([...args, "--json"], trained().cwd);
  expect([code, stderr]).toEqual([0, ""]);
  const [line = {}] = jsonLines(stdout);
  return { line, probes: line.probes as Probes };
};

it("tells what each stage knows: to people and as JSON, the same each time", async () => {
  const { line, probes } = await probesOf(ARGS);
  // 120 training images, a tenth held out.
  expect(probes).toMatchObject({ fittedImages: 108, images: 40, decay: 0.01 });
  expect(probes.stages.map(({ stage, units, features }) => [stage, units, features])).toEqual([
    [1, 64, 64],
    [2, 32, 32],
    [3, 16, 16],
  ]);
  const [stimulus, ...hidden] = probes.stages;
  // A bright bar a class at a place of its own.
  expect(stimulus).toMatchObject({ fittedAccuracy: 1, accuracy: 1, nearestMean: 1, byRecall: null, rankImages: 40 });
  expect(line.accuracy).toBe(1);
  for (const stage of hidden) {
    expect(stage.accuracy).toBeGreaterThan(0.95);
    expect(stage.byRecall).toBeGreaterThan(0.95);
    expect(stage.converged).toBe(true);
  }
  // Training draws classes apart.
  expect(hidden.at(-1)!.separation.ratio!).toBeGreaterThan(stimulus!.separation.ratio!);
  for (const { separation, meansRank } of probes.stages) {
    const { between, within, ratio, withinShare } = separation;
    expect(ratio).toBeCloseTo(between / within, 12);
    expect(withinShare).toBeCloseTo(1 / (1 + ratio!), 12);
    expect(meansRank).toBeLessThanOrEqual(3 + 1e-9);
  }
  expect((await probesOf([...ARGS, "--threads", "2"])).probes).toEqual(probes);

  const { stdout } = await runHere(ARGS, trained().cwd);
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
  expect(stdout).toContain("linear probes of 108 training images, read on 40 test images (weight decay 0.01)\n");
  expect(stdout).toMatch(/^stage +units +features +probe, fitted +probe, test +nearest mean +by recall$/m);
  for (const { stage, units, features, ...found } of probes.stages) {
    const shares = [found.fittedAccuracy, found.accuracy, found.nearestMean].map(percent);
    const cells = [
      ...[stage === 1 ? "1 stimulus" : stage, units, features, ...shares],
      found.byRecall === null ? "-" : percent(found.byRecall),
    ];
    expect(stdout).toMatch(new RegExp(`^${cells.join(" +").replaceAll(".", "\\.")}$`, "m"));
    const spread = [
      ...[found.fittedSeparation.ratio!.toFixed(4), found.separation.ratio!.toFixed(4)],
      ...[percent(found.fittedSeparation.withinShare!), percent(found.separation.withinShare!)],
      ...[found.withinRank.toFixed(1), 40, found.meansRank.toFixed(2)],
    ];
    expect(stdout).toMatch(new RegExp(`${spread.join(" +").replaceAll(".", "\\.")}$`, "m"));
  }
});

it("says how recall is compared, and compares as the net was taught", async () => {
  const { cwd } = trained();
  const usual = (await runHere(ARGS, cwd)).stdout;
  expect(usual).toMatch(/^by recall: the class whose recall is nearest, by cosine of firing rates, centred$/m);
  const network = { hidden: [8, 8], recall: "broadcast" };
  const rule = { recallFeatures: "drive", affinity: "dots", temperature: 0.02 };
  const { last } = await smallTraining({ network, rule, train: { epochs: 1 } });
  writeFileSync(join(cwd, "dots.safetensors"), last);
  const args = ["eval", "dots.safetensors", ...ARGS.slice(2), "--data.path", "data"];
  const [line = {}] = jsonLines((await runHere([...args, "--json"], cwd)).stdout);
  const shown = (line.probes as Probes).stages.map(({ byRecall }) => byRecall);
  const { model, team } = await openModel(join(cwd, "dots.safetensors"), 1);
  const measured = async (comparison: Pick<ProbeOptions, "recallFeatures" | "affinity">) => {
    const { train, test } = trained().dataset;
    const { train: indices } = splitValidation(train, 0.1, 1);
    const meter = await ProbeMeter.fit(team, model, { split: train, indices }, test.count, comparison);
    const all = Int32Array.from({ length: test.count }, (_, i) => i);
    await evaluate(model, test, all, undefined, [meter]);
    return meter.result().stages.map(({ byRecall }) => byRecall);
  };
  expect(shown).toEqual(await measured({ recallFeatures: "drive", affinity: "dots" }));
  for (const other of [{}, { recallFeatures: "drive" }, { affinity: "dots" }] as const)
    expect(shown).not.toEqual(await measured(other));
  await team.close();
  expect((await runHere(args, cwd)).stdout).toMatch(
    /^by recall: the class whose recall is nearest, by dot product of its mean drive and perception's firing rates, centred$/m,
  );
});

it("fits to as many images as asked, reads the part asked for, and pools to cells", async () => {
  const { probes } = await probesOf([...ARGS, "--probe-images", "30", "--part", "heldout", "--probe-cells", "2"]);
  expect(probes).toMatchObject({ fittedImages: 30, images: 12 });
  // The stimulus is a plane, a fully connected stage is none.
  expect(probes.stages.map(({ features }) => features)).toEqual([4, 32, 16]);
  const { stdout } = await runHere([...ARGS, "--probe-cells", "2", "--part", "heldout"], trained().cwd);
  expect(stdout).toMatch(/^average-pooled: stage 1$/m);
  expect(stdout).toMatch(/^stage +units +features +probe, fitted +probe, heldout /m);
  expect((await probesOf([...ARGS, "--probe-images", "0"])).probes.fittedImages).toBe(108);
});

it("measures perception alone, and non-spiking nets, of which nothing recalls", async () => {
  const { cwd } = trained();
  for (const [rule, kind] of [
    ["backprop", "mlp"],
    ["backprop-ann", "cnn"],
  ]) {
    const file = `${rule}.yaml`;
    const text = `data: { path: data }\nnetwork: { kind: ${kind}, hidden: [12, 8] }\nrule: { name: ${rule} }\n`;
    writeFileSync(
      join(cwd, file),
      `name: ${rule}\n${text}train: { epochs: 8, batch: 18, learningRate: 0.02, threads: 1 }\n`,
    );
    expect((await runHere(["train", file, "--quiet", "--out", `${rule}run`], cwd)).code).toBe(0);
    const args = ["eval", `${rule}run`, "--threads", "1", "--probes"];
    const { probes } = await probesOf(args);
    const units = kind === "mlp" ? [64, 12, 8] : [64, 4 * 4 * 12, 2 * 2 * 8];
    expect(probes.stages.map((stage) => stage.units)).toEqual(units);
    for (const { byRecall, accuracy } of probes.stages) {
      expect(byRecall).toBeNull();
      expect(accuracy).toBeGreaterThan(0.9);
    }
    expect((await runHere(args, cwd)).stdout).toMatch(/^stage .* nearest mean$/m);
  }
});

it("refuses wrong input in one line", async () => {
  const { cwd } = trained();
  await expectRefusalHere(["eval", "run", "--probe-images", "5"], cwd, 2, /--probe-images needs --probes/);
  await expectRefusalHere(["eval", "run", "--probe-cells", "5"], cwd, 2, /--probe-cells needs --probes/);
  const odd = await runHere([...ARGS, "--probe-images", "-1"], cwd);
  expect([odd.code, odd.stdout]).toEqual([2, ""]);
  expect(odd.stderr).toMatch(/Expected a whole number from 0 to/);
  expect(() => checkSections({ part: "test", threads: 1, probes: true }, "a.safetensors is one of sequences")).toThrow(
    "--probes: is for image experiments, but a.safetensors is one of sequences",
  );
});
