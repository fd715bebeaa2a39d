/** A run that was stopped and resumed, at any step and with any number of threads, ends with the bytes of one that was not. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { EpochMetrics } from "../../src/training/metrics.ts";
import { decodeCheckpoint } from "../../src/training/read-checkpoint.ts";
import { jsonLines, runCli, startCli } from "../support/cli.ts";
import { writeSmallDigits } from "../support/small-digits.ts";
import { sharedWorkspace, timelessMetrics } from "../support/small-run.ts";
import { smallTraining } from "../support/small-training.ts";

/** Each draws on other random streams, or keeps other state. */
const settings = {
  "mlp, direct": { network: { hidden: [18, 9] }, train: { epochs: 3, batch: 16 } },
  "mlp, Poisson stimulus, random targets, pairs of spikes, wrong labels": {
    network: { hidden: [18], stimulus: "poisson", target: "random" },
    rule: { rivals: "masked", loss: "reco", homeostasis: { weight: 1, rate: 0.1 } },
    data: { path: "bars", labelNoise: 0.3 },
    train: { epochs: 3, batch: 16, schedule: "constant", warmup: 4, seed: 7 },
  },
  cnn: { network: { kind: "cnn", hidden: [3, 5], steps: 2 }, train: { epochs: 2, batch: 16 } },
  "mlp, variants of the images": {
    network: { hidden: [18] },
    data: { path: "bars", augment: { shift: 2, flip: true, rotate: 20, erase: 3 } },
    train: { epochs: 3, batch: 16 },
  },
} as const;

/** 3 full batches and a part of one each epoch. */
const data = { classes: 3, train: 60, test: 6 };

describe.each(Object.entries(settings))("%s", (_name, raw) => {
  it("stopped at every step and resumed: the same weights, moments, best and metrics", async () => {
    const whole = await smallTraining(raw, { data });
    expect(whole.finished).toBe(true);
    expect(whole.steps).toBe(4 * raw.train.epochs);
    for (let step = 0; step < whole.steps; step++) {
      const first = await smallTraining(raw, { data, stopBefore: step });
      expect(first.steps).toBe(step);
      const second = await smallTraining(raw, { data, resume: first.last });
      expect(second.last, `stopped before step ${step}`).toEqual(whole.last);
      expect(second.best ?? first.best, `stopped before step ${step}`).toEqual(whole.best);
      expect([...first.metrics, ...second.metrics], `stopped before step ${step}`).toEqual(whole.metrics);
    }
  });

  it("on one thread or three: the same bytes", async () => {
    const one = await smallTraining(raw, { data });
    const three = await smallTraining(raw, { data, threads: 3 });
    expect(three.last).toEqual(one.last);
    expect(three.metrics).toEqual(one.metrics);
    const mixed = await smallTraining(raw, { data, threads: 3, stopBefore: 5 });
    expect((await smallTraining(raw, { data, resume: mixed.last })).last).toEqual(one.last);
  });
});

it("resumed from any of its checkpoints, saved after every step: the same bytes, metrics and warnings", async () => {
  const raw = {
    network: { hidden: [18, 9], threshold: { perception: 50 } },
    train: { epochs: 3, batch: 16, checkpointSeconds: 0 },
  };
  const whole = await smallTraining(raw, { data });
  const warnings = whole.metrics.filter(({ kind }) => kind === "epoch").map((line) => (line as EpochMetrics).warnings);
  for (const epoch of warnings) expect(epoch).toContainEqual(expect.stringMatching(/^perception stage 2 is dead/));
  // After each step but an epoch's last, which is saved with what the epoch's end measured.
  expect(whole.saves.map(({ last }) => decodeCheckpoint(last, "test").position.step)).toEqual(
    Array.from({ length: 12 }, (_, k) => k + 1),
  );
  // The last one is of a finished run.
  for (const [k, { last, metrics }] of whole.saves.slice(0, -1).entries()) {
    const rest = await smallTraining(raw, { data, resume: last });
    expect([...whole.metrics.slice(0, metrics), ...rest.metrics], `from step ${k + 1}`).toEqual(whole.metrics);
    expect(rest.last, `from step ${k + 1}`).toEqual(whole.last);
  }
});

it("of epochs that are equally good on the validation images, the last one's checkpoint is the best", async () => {
  const raw = { network: { hidden: [18] }, train: { epochs: 6, batch: 16, learningRate: 0.02 } };
  const { best, metrics } = await smallTraining(raw, { data });
  const accuracies = metrics.flatMap((line) => (line.kind === "epoch" ? [line.validationAccuracy ?? Number.NaN] : []));
  const most = Math.max(...accuracies);
  expect(accuracies.filter((accuracy) => accuracy === most).length, "this test is to have a tie").toBeGreaterThan(1);
  expect(best && decodeCheckpoint(best, "test").position.best).toEqual({
    score: most,
    epoch: accuracies.lastIndexOf(most) + 1,
  });
});

it("another seed gives other bytes", async () => {
  const raw = settings["mlp, direct"];
  const other = { ...raw, train: { ...raw.train, seed: 2 } };
  expect((await smallTraining(other, { data })).last).not.toEqual((await smallTraining(raw, { data })).last);
});

describe("the command", () => {
  const workspace = sharedWorkspace();

  it("Ctrl-C in the middle of an epoch, then --resume: the same files as without", async () => {
    const folder = workspace();
    // 270 steps an epoch: a signal is looked for ten times a second, and is to come within the first epoch.
    writeSmallDigits(join(folder, "more"), { train: 600 });
    const train = [
      "train",
      "bars.yaml",
      "--data.path=more",
      "--train.batch=2",
      "--train.epochs=2",
      "--train.learningRate=0.002",
      "--json",
    ];
    expect((await runCli([...train, "--out", "whole"], folder)).code).toBe(0);
    const { child, ended, shown } = startCli([...train, "--out", "halves", "--threads=2"], folder);
    await shown('"event":"step"');
    child.kill("SIGINT");
    const stopped = await ended;
    expect([stopped.code, stopped.stderr]).toEqual([130, ""]);
    const event = jsonLines(stopped.stdout).at(-1);
    expect(event).toMatchObject({ event: "stopped", runFolder: "halves", totalSteps: 540 });
    expect((event?.step as number) % 270, "this test is to stop within an epoch").toBeGreaterThan(0);
    const resumed = await runCli(["train", "--resume", "halves", "--json", "--threads=1"], folder);
    expect([resumed.code, resumed.stderr]).toEqual([0, ""]);
    expect(jsonLines(resumed.stdout)[0]).toMatchObject({ event: "start", step: event?.step });
    const same = (name: string) =>
      readFileSync(join(folder, "whole", name)).equals(readFileSync(join(folder, "halves", name)));
    for (const name of ["last.safetensors", "best.safetensors", "recall.png", "raster.svg"])
      expect(same(name), name).toBe(true);
    const metrics = (run: string) => timelessMetrics(join(folder, run, "metrics.jsonl"));
    expect(metrics("halves")).toEqual(metrics("whole"));
    const seconds = readFileSync(join(folder, "halves", "metrics.jsonl"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { seconds: number }).seconds);
    expect(seconds, "time goes on where it stopped").toEqual(seconds.toSorted((a, b) => a - b));
  });

  it("says how to go on, and finds the experiment's latest run by itself", async () => {
    const folder = workspace();
    const train = ["train", "bars.yaml", "--train.epochs=3000"];
    const { child, ended, shown } = startCli(train, folder);
    await shown("epoch 2/3000");
    child.kill("SIGINT");
    const { code, stdout } = await ended;
    expect(code).toBe(130);
    expect(stdout).toMatch(
      /stopping after this step and saving[\s\S]*\nstopped and saved at step \d+ of 27000; go on with: bispike train --resume runs.bars-seed1\n$/,
    );
    const again = startCli([...train, "--resume"], folder);
    await again.shown("going on from step");
    again.child.kill("SIGTERM");
    expect(await again.ended).toMatchObject({ code: 130, stderr: "" });
    const other = await runCli(["train", "--resume", "bars.yaml"], folder);
    expect(other).toMatchObject({ code: 2, stderr: expect.stringMatching(/runs.bars-seed1: train\.epochs differs/) });
  });
});
