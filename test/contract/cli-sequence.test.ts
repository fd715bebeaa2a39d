/** Sequence experiments as a user meets them: train, kill, resume, evaluate, inspect; and messages that help. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NaiveForecasts, ValueFigures } from "../../src/measure/sequence.ts";

import { openSequence } from "../../src/node/open.ts";
import { jsonLines, runCli, startCli } from "../support/cli.ts";
import { expectRefusal, expectRefusalHere } from "../support/refusal.ts";
import { writeSmallDigits } from "../support/small-digits.ts";
import { SMALL_EXPERIMENT } from "../support/small-run.ts";
import { smallSequenceTraining, smallSeries, smallText } from "../support/small-sequence-run.ts";

const TEXT = `name: words
task: next-character
data: { text: words.txt, window: 6 }
network: { hidden: [20], steps: 2 }
train: { epochs: 3, batch: 16, learningRate: 0.01, threads: 1 }
`;
const SERIES = `name: waves
task: forecast
data: { series: waves.csv, targets: [OT, a], horizon: 2, window: 6 }
network: { hidden: [20], steps: 2 }
train: { epochs: 2, batch: 32, learningRate: 0.01, threads: 1 }
`;

let cwd: string;
const json = (file: string) => JSON.parse(readFileSync(join(cwd, file), "utf8")) as Record<string, unknown>;
const same = (a: string, b: string) => readFileSync(join(cwd, a)).equals(readFileSync(join(cwd, b)));
/** A run's metrics without what depends on the clock. */
const metrics = (run: string) =>
  readFileSync(join(cwd, run, "metrics.jsonl"), "utf8").replace(/"(positionsPerSecond|seconds)":[\d.e+-]+/g, "");

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "bispike-"));
  writeFileSync(join(cwd, "words.txt"), smallText());
  writeFileSync(join(cwd, "waves.csv"), smallSeries());
  writeFileSync(join(cwd, "words.yaml"), TEXT);
  writeFileSync(join(cwd, "waves.yaml"), SERIES);
  for (const name of ["words", "waves"]) {
    const { code, stderr } = await runCli(["train", `${name}.yaml`, "--out", name, "--quiet"], cwd);
    expect([code, stderr]).toEqual([0, ""]);
  }
}, 60_000);
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

describe("train", () => {
  it("leaves all that belongs to a run, and a summary of its task", () => {
    expect(readdirSync(join(cwd, "words")).sort()).toEqual([
      ...["best.safetensors", "config.yaml", "curves.png", "curves.svg", "environment.json", "last.safetensors"],
      ...["metrics.jsonl", "summary.json"],
    ]);
    const summary = json("words/summary.json");
    expect(summary).toMatchObject({ name: "words", task: "next-character", rule: "bsd", data: "words", epochs: 3 });
    // 160 words of 3 or 4 letters with spaces between: the last fifth is tested, but for the last character, which has none after it.
    const length = smallText().length;
    const tested = length - Math.floor(0.8 * length) - 1;
    expect(summary).toMatchObject({ test: { kind: "characters", positions: tested, rates: [expect.any(Number)] } });
    // Four letters and a space: perception 5-20-5 with 20 x 20 recurrent weights, two norms, a read-out with a bias; recall the same the other way.
    const symbols = new Set(smallText()).size;
    const network = symbols * 20 + 400 + 40 + 20 * symbols + symbols;
    expect(summary.parameters).toEqual({ perception: network, recall: network, feedback: 0 });
    expect(json("words/environment.json")).toMatchObject({ data: [{ file: "words.txt", verified: "unknown" }] });
    expect(readFileSync(join(cwd, "words/curves.svg"), "utf8")).toContain("Bits a character");
  });

  it("compares forecasts with naive ones, and counts errors in both units", () => {
    const { test, naive } = json("waves/summary.json") as { test: ValueFigures; naive: NaiveForecasts };
    expect(test.targets.map(({ name }) => name)).toEqual(["OT", "a"]);
    expect(naive).toMatchObject({ mean: { mse: expect.any(Number) }, persistence: { mse: expect.any(Number) } });
    // A mean forecast is off by about one standard deviation, squared.
    expect(naive.mean.mse).toBeGreaterThan(0.7);
    expect(naive.mean.mse).toBeLessThan(1.3);
    expect(readFileSync(join(cwd, "waves/curves.svg"), "utf8")).toContain("Mean squared error, standardised");
  });

  it("says what it does, to a person", async () => {
    const { code, stdout } = await runCli(["train", "words.yaml", "--rule.name=dll", "--train.epochs=1"], cwd);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^words, seed 1: next-character by dll, \d+ windows of 6 to train on, \d+ positions held out, /,
    );
    expect(stdout).toMatch(/^epoch 1\/1 {2}validation \d+\.\d\d % \(\d\.\d{3} bits\) {2}train \d+\.\d\d % {2}loss /m);
    expect(stdout).toMatch(/^test accuracy \d+\.\d\d %, \d\.\d{3} bits a character; validation accuracy /m);
    expect(stdout).toMatch(/positions\/s -> runs.words-seed1$/m);
    const again = await runCli(["train", "--resume", "runs/words-seed1"], cwd);
    expect(again.stdout).toMatch(/this run is finished already; its results:\ntest accuracy/);
    const series = await runCli(["train", "waves.yaml", "--task", "regression", "--data.horizon", "1"], cwd);
    expect([series.code, series.stderr]).toEqual([
      2,
      "bispike: --data.horizon: expected nothing with task regression, got a value; remove it\n",
    ]);
  });

  it("survives SIGKILL while saving, and ends with the same bytes", async () => {
    const more = ["words.yaml", "--train.epochs=8", "--train.batch=4"];
    expect((await runCli(["train", ...more, "--out", "whole", "--quiet"], cwd)).code).toBe(0);
    const { child, ended, shown } = startCli(
      ["train", ...more, "--out", "killed", "--train.checkpointSeconds=0", "--json"],
      cwd,
    );
    await shown('"event":"step"');
    child.kill("SIGKILL");
    expect((await ended).code, "this test is to kill").toBeNull();
    const { code, stderr } = await runCli(
      ["train", "--resume", "killed", "--quiet", "--train.threads=2", "--train.checkpointSeconds=60"],
      cwd,
    );
    expect([code, stderr]).toEqual([0, ""]);
    for (const name of ["last.safetensors", "best.safetensors"])
      expect(same(`whole/${name}`, `killed/${name}`), name).toBe(true);
    expect(metrics("killed")).toBe(metrics("whole"));
    await expectRefusal(
      ["train", "--resume", "killed", "--rule.lambda=1"],
      cwd,
      2,
      /rule\.lambda differs from the run's/,
    );
  });
});

describe("eval", () => {
  it("measures again what training measured", async () => {
    for (const [run, part, key] of [
      ["words", "test", "test"],
      ["words", "heldout", "validation"],
      ["waves", "test", "test"],
    ] as const) {
      const { code, stdout, stderr } = await runCli(["eval", run, "--part", part, "--threads=1", "--json"], cwd);
      expect([code, stderr]).toEqual([0, ""]);
      const summary = json(`${run}/summary.json`);
      expect(jsonLines(stdout)[0]).toMatchObject({ ...(summary[key] as object), part, data: run });
      if (run === "waves") expect(jsonLines(stdout)[0]).toMatchObject({ naive: summary.naive });
    }
  });

  it("tells a person, of another text too", async () => {
    writeFileSync(join(cwd, "other.txt"), `${smallText(60)} zebra`);
    const other = ["eval", "words", "--data.text", "other.txt"];
    await expectRefusal(other, cwd, 1, /other\.txt: line 1, column \d+: "z" \(U\+007A\) is not among the 5 characters/);
    const { stdout, stderr } = await runCli([...other, "--data.unknown=skip"], cwd);
    expect(stdout).toMatch(/next-character, \d+ positions of the test part of other\n\naccuracy +\d/);
    expect(stderr).toMatch(/^bispike: note: other\.txt is not the file that was trained on/);
    const series = await runCli(["eval", "waves"], cwd);
    expect(series.stdout).toMatch(/^OT +\d/m);
    expect(series.stdout).toMatch(/^no change since the input +\d/m);
  });
});

it("inspect tells task, data, net and position", async () => {
  const { stdout } = await runCli(["inspect", "words", "--json"], cwd);
  const [found = {}] = jsonLines(stdout);
  const { parameters } = json("words/summary.json");
  expect(found).toMatchObject({
    kind: "sequence checkpoint",
    parameters,
    position: { epoch: 3 },
    data: { kind: "text" },
  });
  expect((found.stages as { width: number }[]).map(({ width }) => width)).toEqual([5, 20, 5]);
  const waves = await runCli(["inspect", "waves/last.safetensors"], cwd);
  expect(waves.stdout).toMatch(/^task +forecast of waves \(240 rows\), 2 rows ahead$/m);
  expect(waves.stdout).toMatch(/^inputs +a, b, OT$/m);
  expect(waves.stdout).toMatch(/^perception\.stage2\.recurrent +F32 +\[20, 20\]/m);
});

it("inspect tells what recall is compared by, and how, where that is not as usual", async () => {
  const { last } = await smallSequenceTraining({
    ...{ task: "next-character", data: { window: 5 }, network: { hidden: [9], steps: 2 } },
    rule: { affinity: "dots", temperature: 0.02, recallFeatures: "drive" },
    train: { epochs: 1, batch: 40 },
  });
  writeFileSync(join(cwd, "dots.safetensors"), last);
  const { stdout } = await runCli(["inspect", "dots.safetensors"], cwd);
  expect(stdout).toMatch(
    /^rule +bsd: infonce \(dot products, temperature 0\.02\), centred rate against recall's drive, rivals masked/m,
  );
  const usual = await runCli(["inspect", "words"], cwd);
  expect(usual.stdout).toMatch(/^rule +bsd: infonce \(temperature [\d.]+\), centred rate, rivals/m);
});

it("openSequence gives the trained net", async () => {
  const { learner, checkpoint, team } = await openSequence(join(cwd, "waves"), 1);
  expect(checkpoint.config.task).toBe("forecast");
  const names = [...learner.slots(false)].map(({ name }) => name);
  for (const slot of learner.slots(false)) expect(slot.read()).toEqual(checkpoint.tensors.get(slot.name)?.data);
  expect(names).toContain("recall.stage2.recurrent");
  await team.close();
});

describe("refuses in one line", () => {
  beforeAll(async () => {
    writeSmallDigits(join(cwd, "bars"));
    writeFileSync(join(cwd, "bars.yaml"), SMALL_EXPERIMENT);
    await runCli(["train", "bars.yaml", "--train.epochs=1", "--out", "images", "--quiet"], cwd);
    writeFileSync(join(cwd, "few.txt"), "abcabcabc");
    writeFileSync(join(cwd, "bad.csv"), "a,b\n1,2\n3,x\n");
  }, 60_000);

  const images = /expected a checkpoint of an image experiment, got one of sequences \(task next-character\)/;
  it.each([
    [["predict", "words", "x.png"], 1, images],
    [["plot", "words", "--kind", "raster"], 1, images],
    [["eval", "words", "--data.name", "mnist"], 2, /a text or series is given by --data\.text or --data\.series/],
    [["eval", "words", "--data.series", "waves.csv"], 2, /--data\.series: is not for task next-character/],
    [["eval", "images", "--data.text", "words.txt"], 2, /--data\.text: this checkpoint is of images/],
    [["recall", "images", "--plot", "x.svg"], 2, /--plot: is for sequence experiments/],
    [["eval", "waves", "--data.series", "bad.csv"], 2, /bad\.csv/],
    [["train", "words.yaml", "--data.text=none.txt"], 1, /none\.txt/],
    [["train", "words.yaml", "--data.text=few.txt"], 1, /few\.txt: part validation: expected 6 positions or more/],
    [
      ["train", "waves.yaml", "--data.horizon=100000"],
      1,
      /part train: expected 6 positions .*found 0 \(a position has its target 100000 rows later\); give more data, or choose a smaller horizon or window/,
    ],
    [["train", "waves.yaml", "--data.targets=[nobody]"], 2, /nobody/],
    [["train", "waves.yaml", "--data.series=bad.csv"], 1, /bad\.csv.*line 3/],
    [
      ["train", "bars.yaml", "--task=next-character"],
      2,
      /--task next-character: bars\.yaml is an experiment on images, whose keys \(.*data\.path.*\) do not fit task next-character; start from another file, such as experiments\/alice\.yaml/,
    ],
    [["train", "words.yaml", "--train.batch=-8"], 2, /bispike: --train\.batch: expected an integer from 1/],
    [
      ["train", "words.yaml", "--processes", "2"],
      2,
      /--processes: expected an experiment on images .* by rule bsd, got task next-character \(words\.yaml\)/,
    ],
    [["train", "words.yaml", "--rule.nam=dll"], 2, /unknown key rule\.nam \(did you mean rule\.name\?\)/],
    [
      ["train", "words.yaml", "--task=words"],
      2,
      /bispike: --task: expected one of next-character, regression, forecast/,
    ],
  ] as const)("%j", async (args, code, message) => {
    await expectRefusal(args, cwd, code, message);
  });

  it("a run whose data lie elsewhere, seen from here: says what is recorded, and the option", async () => {
    const elsewhere = join(cwd, "elsewhere");
    mkdirSync(elsewhere);
    const refused = (args: readonly string[], recorded: string, option: RegExp) =>
      expectRefusalHere(
        args,
        elsewhere,
        1,
        new RegExp(`recorded it as ${recorded}, .*; give it by ${option.source}$`, "m"),
      );
    await refused(["eval", "../words"], "words\\.txt", /--data\.text FILE/);
    await refused(["eval", "../waves"], "waves\\.csv", /--data\.series FILE/);
    await refused(["forecast", "../waves"], "waves\\.csv", /--data FILE/);
    await refused(["eval", "../images"], "bars", /--data\.path FOLDER/);
    await expectRefusalHere(
      ["eval", "../words", "--data.text", "no.txt"],
      elsewhere,
      1,
      /no\.txt: .*; check --data\.text$/m,
    );
  });

  it("openSequence: images", async () => {
    await expect(openSequence(join(cwd, "images"), 1)).rejects.toThrow(
      /expected a checkpoint of a sequence experiment, got one of images/,
    );
  });
});
