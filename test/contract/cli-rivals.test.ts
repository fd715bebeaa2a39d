/** Runs by rival rules as a user meets them: one experiment file, another `--rule.name`; every command works, and what needs recall says so. Commands run in this process, but for the one that is killed. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { openFeatures } from "../../src/node/features.ts";
import { jsonLines, startCli } from "../support/cli.ts";
import { runHere } from "../support/cli-here.ts";
import { expectRefusalHere } from "../support/refusal.ts";
import { sharedWorkspace, timelessMetrics } from "../support/small-run.ts";

const workspace = sharedWorkspace();
let cwd: string;
const json = (file: string) => JSON.parse(readFileSync(join(cwd, file), "utf8")) as Record<string, unknown>;

describe.each(["feedback-alignment", "local-losses"])("%s", (name) => {
  it("trains, is evaluated and inspected", async () => {
    cwd = workspace();
    const trained = await runHere(["train", "bars.yaml", `--rule.name=${name}`, "--out", name], cwd);
    expect([trained.code, trained.stderr]).toEqual([0, ""]);
    expect(trained.stdout).toMatch(/^epoch 4\/4 {2}validation \d+\.\d\d % .* rates \d\.\d{3} \d\.\d{3} {2}\d/m);
    expect(trained.stdout).not.toMatch(/Hamming|recall/);
    const summary = json(`${name}/summary.json`);
    // 64-32-16-4: weights, two numbers a normed neuron, a bias for each class.
    const perception = 64 * 32 + 32 * 16 + 16 * 4 + 2 * (32 + 16) + 4;
    const beside = name === "local-losses" ? { classifiers: (32 + 16 + 2) * 4 } : { feedback: 32 * 16 + 16 * 4 };
    const training = perception + Object.values(beside)[0]!;
    const parameters = {
      feedback: 0,
      classifiers: 0,
      ...beside,
      perception,
      recall: 0,
      training,
      inference: perception,
    };
    expect(summary).toMatchObject({ rule: name, recall: null, parameters });
    expect(summary.testAccuracy).toBeGreaterThan(0.9);
    const evaluated = await runHere(["eval", name, "--json", "--cost", "--representation"], cwd);
    expect([evaluated.code, evaluated.stderr]).toEqual([0, ""]);
    const [measured] = jsonLines(evaluated.stdout);
    const cost = summary.cost as { training: object };
    expect(measured).toMatchObject({ testAccuracy: summary.testAccuracy, hamming: [] });
    // The same images, weights and counts as when training ended.
    expect(measured).toMatchObject({ cost: { training: { total: cost.training, recalls: 0 } } });
    const shown = await runHere(["eval", name, "--cost", "--representation"], cwd);
    expect(shown.stdout).toMatch(/perception, an image[\s\S]*energy +perception +by engine +training\n/);
    const own = name === "local-losses" ? "classifiers" : "feedback";
    // As products of a step, and as parameters.
    expect(shown.stdout.match(new RegExp(`^${own} +[\\d,]+ +[\\d,]+`, "gm"))).toHaveLength(2);
    expect(shown.stdout).not.toMatch(/^(errors|alignment|traces|inference) /m);
    expect(shown.stdout).not.toMatch(/recall|NaN|null|undefined/);
    const inspected = await runHere(["inspect", name], cwd);
    expect(inspected.stdout).toMatch(new RegExp(`^rule +${name}: top cross-entropy$`, "m"));
    const line = `^parameters +${training} in training, ${training - perception} of ${own}; ${perception} in use$`;
    expect(inspected.stdout).toMatch(new RegExp(line, "m"));
    expect(inspected.stdout).toMatch(/^threshold +perception 0\.6, concept 2$/m);
    expect(inspected.stdout).not.toMatch(/recall/);
  });
});

describe("a non-spiking net", () => {
  beforeAll(async () => {
    cwd = workspace();
    const args = ["train", "bars.yaml", "--rule.name=ccl", "--network.activation=tanh", "--out", "real"];
    const trained = await runHere(args, cwd);
    expect([trained.code, trained.stderr]).toEqual([0, ""]);
    expect(trained.stdout).toMatch(/^epoch 4\/4 {2}validation \d+\.\d\d % /m);
    expect(trained.stdout).not.toMatch(/Hamming|recall|rates|NaN/);
  });

  it("is summed up, evaluated and inspected without what only spikes have", async () => {
    const summary = json("real/summary.json");
    // 64-32-16-4 with norm, and 4-16-32-64 down: no norm where the stimulus is reconstructed, but a bias.
    const perception = 64 * 32 + 32 * 16 + 16 * 4 + 2 * (32 + 16) + 4;
    const feedback = 4 * 16 + 16 * 32 + 32 * 64 + 2 * (16 + 32) + 64;
    expect(summary).toMatchObject({ rule: "ccl", recall: null, rates: [], hamming: [] });
    const sums = { inference: perception, training: perception + feedback };
    expect(summary.parameters).toEqual({ perception, recall: 0, feedback, classifiers: 0, ...sums });
    // A normalised picture has no 0, nor have units of tanh.
    const inference = { macs: 64 * 32 + 32 * 16 + 16 * 4, acs: 0, dense: 64 * 32 + 32 * 16 + 16 * 4 };
    expect(summary.cost).toMatchObject({ inference, activationSparsity: 0 });
    expect(summary.testAccuracy).toBeGreaterThan(0.9);
    const [measured] = jsonLines((await runHere(["eval", "real", "--json", "--cost"], cwd)).stdout);
    expect(measured).toMatchObject({ testAccuracy: summary.testAccuracy, rates: [], hamming: [] });
    const { training } = summary.cost as { training: { macs: number; acs: number } };
    expect(measured).toMatchObject({ cost: { perception: { operations: inference }, training: { total: training } } });
    const { energy } = summary as { energy: { trainingPicojoules: number } };
    expect(energy.trainingPicojoules).toBeCloseTo(4.6 * training.macs + 0.9 * training.acs, 6);
    const costs = await runHere(["eval", "real", "--cost"], cwd);
    expect(costs.stdout).toMatch(/^rule ccl, batch 12, 4 rows down the feedback net, /m);
    expect(costs.stdout).toMatch(/^energy +perception +by engine +training$/m);
    expect(costs.stdout).not.toMatch(/recall|firing|\bsteps|NaN|null|undefined/);
    const shown = await runHere(["eval", "real"], cwd);
    expect(shown.stdout).toMatch(/^accuracy +\d+\.\d\d % +by the read-out's largest output$/m);
    expect(shown.stdout).not.toMatch(/recall|spike|firing|NaN|null|undefined/);
    const inspected = await runHere(["inspect", "real"], cwd);
    expect(inspected.stdout).toMatch(/^rule +ccl: cosines, weight 1$/m);
    expect(inspected.stdout).toMatch(/^network +mlp, non-spiking, norm on, units tanh$/m);
    expect(inspected.stdout).not.toMatch(/recall|threshold/);
  });

  it.each([
    ["recall", ["recall", "real"], /bispike recall needs a recall network, but rule ccl/],
    ["eval --ood", ["eval", "real", "--ood", "bars"], /--ood needs a recall network, but rule ccl/],
    ["eval --representation", ["eval", "real", "--representation"], /--representation of .* needs a spiking pair/],
    ["plot --kind raster", ["plot", "real", "--kind", "raster"], /--kind raster of .* needs a spiking pair/],
  ])("%s says that there are no spikes or no recall", async (_, args, message) => {
    await expectRefusalHere(args, cwd, 2, message);
  });

  it("has no features that are firing rates", async () => {
    await expect(openFeatures(join(cwd, "real"))).rejects.toThrow(
      /real.best\.safetensors: features are firing rates, but rule ccl trains a non-spiking net/,
    );
  });

  it("has curves drawn, and predicts", async () => {
    const plotted = await runHere(["plot", "real", "--out", "drawn", "--json"], cwd);
    expect([plotted.code, plotted.stderr]).toEqual([0, ""]);
    const [{ files } = { files: [] }] = jsonLines(plotted.stdout);
    expect(files).toEqual([join("drawn", "curves.svg"), join("drawn", "curves.png")]);
    const predicted = await runHere(["predict", "real", join("drawn", "curves.png"), "--json"], cwd);
    expect(predicted.code).toBe(0);
    expect(jsonLines(predicted.stdout)[0]).toMatchObject({ classes: ["0", "1", "2", "3"], cosines: null });
    const shown = await runHere(["predict", "real", join("drawn", "curves.png")], cwd);
    expect(shown.stdout).toMatch(/^ +class +share +output$/m);
    expect(shown.stdout).not.toMatch(/silent|cosine|drive/);
    const shares = [...shown.stdout.matchAll(/ (\d\.\d{3}) +-?\d+\.\d\d$/gm)].map(([, share]) => Number(share));
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 2);
    await expectRefusalHere(
      ["predict", "real", "none.png"],
      cwd,
      1,
      /none\.png: there is no such file or folder; check the picture's path/,
    );
  });
});

describe("r-stdp", () => {
  it("trains at a rate of its own", async () => {
    cwd = workspace();
    const args = ["train", "bars.yaml", "--rule.name=r-stdp", "--rule.stdp.hidden=0.01", "--out", "r-stdp"];
    expect((await runHere(args, cwd)).code).toBe(0);
    expect((await runHere(["inspect", "r-stdp"], cwd)).stdout).toMatch(
      /^rule +r-stdp: traces of 2 steps, potentiation 1, depression 0.5, hidden stages at 0.01 of the rate$/m,
    );
    const random = [...args.slice(0, 3), "--network.target=random"];
    await expectRefusalHere(random, cwd, 2, /network\.target: expected one-hot with rule\.name r-stdp/);
  });
});

describe("a run without recall", () => {
  beforeAll(async () => {
    cwd = workspace();
    expect((await runHere(["train", "bars.yaml", "--rule.name=backprop", "--out", "plain"], cwd)).code).toBe(0);
  });

  it.each([
    ["recall", ["recall", "plain"]],
    ["plot --kind recall", ["plot", "plain", "--kind", "recall"]],
    ["eval --ood", ["eval", "plain", "--ood", "bars"]],
    ["eval --recall-measures", ["eval", "plain", "--recall-measures"]],
  ])("%s is refused, and told which command to use", async (_, args) => {
    await expectRefusalHere(
      args,
      cwd,
      2,
      /needs a recall network, but rule backprop of plain.best\.safetensors trains perception alone; use a run by rule bsd, or bispike eval and predict with this one/,
    );
  });

  it("predicts, and is drawn without recall", async () => {
    const plotted = await runHere(["plot", "plain", "--out", "figures", "--json"], cwd);
    expect([plotted.code, plotted.stderr]).toEqual([0, ""]);
    const [{ files } = { files: [] }] = jsonLines(plotted.stdout);
    expect((files as string[]).some((file) => file.endsWith("recall.png"))).toBe(false);
    expect(existsSync(join(cwd, "figures", "raster.svg"))).toBe(true);
    expect(existsSync(join(cwd, "plain", "recall.png"))).toBe(false);
    const picture = join("figures", "raster.png");
    const predicted = await runHere(["predict", "plain", picture, "--json"], cwd);
    expect(predicted.code).toBe(0);
    expect(jsonLines(predicted.stdout)[0]).toMatchObject({ classes: ["0", "1", "2", "3"] });
  });
});

it("killed in the middle of an epoch, then resumed: the same bytes", async () => {
  cwd = workspace();
  const rule = ["--rule.name=local-losses", "--train.epochs=4", "--train.batch=9"];
  const train = ["train", "bars.yaml", ...rule, "--train.checkpointSeconds=0", "--json"];
  expect((await runHere([...train, "--out", "whole"], cwd)).code).toBe(0);
  const { child, ended, shown } = startCli([...train, "--out", "killed"], cwd);
  await shown('"epoch":2');
  child.kill("SIGKILL");
  await ended;
  expect((await runHere(["train", "--resume", "killed", "--json", "--threads=2"], cwd)).code).toBe(0);
  for (const file of ["last.safetensors", "best.safetensors"])
    expect(readFileSync(join(cwd, "killed", file)).equals(readFileSync(join(cwd, "whole", file))), file).toBe(true);
  expect(timelessMetrics(join(cwd, "killed", "metrics.jsonl"))).toEqual(
    timelessMetrics(join(cwd, "whole", "metrics.jsonl")),
  );
});
