/** `observe` as a user meets it: a file of its own that survives a kill, figures; nothing else changes. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DOMParser } from "linkedom";
import { beforeAll, describe, expect, it } from "vitest";
import { observationsPlot } from "../../src/node/plots/observations.ts";
import { readObservations } from "../../src/node/run-folder.ts";
import { resolveAnyConfig } from "../../src/training/any-config.ts";
import { jsonLines, runCli, startCli } from "../support/cli.ts";
import { expectRefusal } from "../support/refusal.ts";
import { sharedWorkspace, timelessMetrics } from "../support/small-run.ts";

const workspace = sharedWorkspace();
let cwd: string;
const bytes = (file: string) => readFileSync(join(cwd, file));
const texts = (file: string) => {
  const document = new DOMParser().parseFromString(bytes(file).toString(), "image/svg+xml");
  return [...document.querySelectorAll("text")].map((element) => element.textContent);
};
const TRAIN = ["train", "bars.yaml", "--train.epochs=3", "--train.batch=6", "--json"];
const OBSERVE = ["--observe.every=4", "--observe.images=7"];

beforeAll(async () => {
  cwd = workspace();
  const [plain, observed] = await Promise.all([
    runCli([...TRAIN, "--out", "plain"], cwd),
    runCli([...TRAIN, ...OBSERVE, "--out", "observed"], cwd),
  ]);
  expect([plain.code, plain.stderr, observed.code, observed.stderr]).toEqual([0, "", 0, ""]);
  const events = [plain, observed].map(({ stdout }) => jsonLines(stdout).map(({ event }) => event));
  expect(events[1], "an observed run says no more and no less on its way").toEqual(events[0]);
});

describe("an observed run", () => {
  it("has a line for the first step, every so many after it, and the last", () => {
    // 108 images in batches of 6: 18 steps an epoch.
    const lines = readObservations(join(cwd, "observed/observations.jsonl"));
    const steps = [...Array.from({ length: 14 }, (_, k) => 4 * k + 1), 54];
    expect(lines.map(({ step }) => step)).toEqual(steps);
    expect(lines.map(({ epoch }) => epoch)).toEqual(steps.map((step) => Math.ceil(step / 18)));
    for (const { images, gradients, weights, stages } of lines) {
      expect(images).toBe(7);
      expect(gradients.map(({ stage }) => stage)).toEqual([2, 3, 4]);
      expect(gradients[2]!.degrees, "at the top BSD and backprop have one loss").toBe(0);
      expect(weights.map(({ between }) => between)).toEqual([
        [1, 2],
        [2, 3],
        [3, 4],
      ]);
      expect(stages.map(({ stage }) => stage)).toEqual([2, 3]);
      for (const { perception } of stages) expect(perception.effectiveRank).toBeLessThanOrEqual(7 + 1e-9);
    }
    expect(existsSync(join(cwd, "plain/observations.jsonl"))).toBe(false);
  });

  it("trains to the bytes of one that is not observed, and is summed up", () => {
    for (const file of ["last.safetensors", "best.safetensors", "recall.png", "raster.svg"])
      expect(bytes(`observed/${file}`).equals(bytes(`plain/${file}`)), file).toBe(true);
    const metrics = (run: string) => timelessMetrics(join(cwd, run, "metrics.jsonl"));
    expect(metrics("observed")).toEqual(metrics("plain"));
    const summary = (run: string) => JSON.parse(bytes(`${run}/summary.json`).toString());
    expect(summary("plain")).not.toHaveProperty("observed");
    const { observed } = summary("observed");
    const lines = readObservations(join(cwd, "observed/observations.jsonl"));
    const second = lines.map(({ gradients }) => gradients[0]!.degrees!);
    expect(observed.meanAngle.stage2).toBeCloseTo(second.reduce((sum, angle) => sum + angle, 0) / second.length, 9);
    expect(observed.lastAngle).toMatchObject({ stage2: second.at(-1), stage4: 0 });
    expect(observed.lastAlignment.stages2to3).toBe(lines.at(-1)!.weights[1]!.cosine);
  });

  it("killed at any moment, then resumed with other threads: the same file", async () => {
    const { child, ended, shown } = startCli(
      [...TRAIN, ...OBSERVE, "--train.checkpointSeconds=0.05", "--out", "killed"],
      cwd,
    );
    await shown('"epoch":2');
    child.kill("SIGKILL");
    await ended;
    const resumed = await runCli(["train", "--resume", "killed", "--threads=2", "--json"], cwd);
    expect([resumed.code, resumed.stderr]).toEqual([0, ""]);
    for (const file of ["observations.jsonl", "last.safetensors"])
      expect(bytes(`killed/${file}`).equals(bytes(`observed/${file}`)), file).toBe(true);
  });

  it("is drawn at its end, and by bispike plot", async () => {
    expect(texts("observed/observations.svg")).toEqual(
      expect.arrayContaining([
        "Angle between the rule's gradient and backprop's",
        "Alignment of weights up with the transpose of those down",
        "Hamming similarity of perception's and recall's spikes",
        "Effective rank of firing rates, less each unit's mean",
        "Dead and saturated units of perception",
      ]),
    );
    const all = await runCli(["plot", "observed", "--out", "all", "--json"], cwd);
    expect(all.stderr).toBe("");
    expect(jsonLines(all.stdout)[0]).toMatchObject({
      files: expect.arrayContaining([join("all", "observations.svg"), join("all", "observations.png")]),
    });
    expect(bytes("all/observations.svg").equals(bytes("observed/observations.svg"))).toBe(true);
  });
});

describe("refusals", () => {
  it.each([
    [{ every: -1 }, /observe\.every: expected an integer from 0 to \d+, got the number -1/],
    [{ every: 2.5 }, /observe\.every: expected an integer/],
    [{ every: 5, images: 1 }, /observe\.images: expected an integer from 2 to 65536, got the number 1/],
    [{ steps: 10 }, /unknown key observe\.steps/],
    [10, /observe: expected a section with the keys every, images, got the number 10/],
  ])("%j", (observe, message) => {
    expect(() => resolveAnyConfig({ data: { path: "bars" }, observe })).toThrow(message);
  });

  it("sequences and autoencoders are not observed", () => {
    const observe = { every: 5 };
    for (const raw of [
      { task: "next-character", data: { text: "a.txt" }, observe },
      { task: "autoencode", data: { name: "mnist" }, observe },
    ])
      expect(() => resolveAnyConfig(raw)).toThrow(/observe has no meaning in an? \w+ experiment/);
  });

  it("a run that was not observed cannot be from its middle on", async () => {
    const args = ["train", "--resume", "plain", "--observe.every=5"];
    await expectRefusal(args, cwd, 2, /plain: observe\.every differs from the run's/);
  });

  it("what is not there, or is something else, is not drawn", async () => {
    await expectRefusal(
      ["plot", "plain", "--kind", "observations"],
      cwd,
      1,
      /observations\.jsonl: no such file; expected the folder of a run on images that was observed/,
    );
    const file = join(cwd, "other.jsonl");
    writeFileSync(file, '{"step":1,"epoch":1,"images":4,"gradients":[],"weights":[],"stages":[]}\n{"step":2}\n');
    expect(() => readObservations(file)).toThrow(/other\.jsonl: line 2: expected an observation as JSON \(epoch: /);
    writeFileSync(file, "{\n");
    expect(() => readObservations(file)).toThrow(/line 1: expected an observation as JSON/);
    writeFileSync(file, '{"step":1,"epo');
    expect(readObservations(file), "a line under way").toEqual([]);
    expect(() => observationsPlot([])).toThrow(/expected observed steps/);
  });
});
