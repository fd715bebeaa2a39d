/** `bispike train` as a user meets it: a run folder that holds what it should, messages that help, exit codes that scripts can use. */
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decode } from "fast-png";
import { beforeAll, describe, expect, it } from "vitest";
import type { Summary } from "../../src/cli/report/summary.ts";
import { evaluate } from "../../src/measure/evaluate.ts";
import { openModel } from "../../src/node/open.ts";
import { jsonLines, runCli, startCli } from "../support/cli.ts";
import { runHere } from "../support/cli-here.ts";
import { expectRefusalHere } from "../support/refusal.ts";
import { smallDigits, writeSmallDigits } from "../support/small-digits.ts";
import { sharedWorkspace } from "../support/small-run.ts";

const workspace = sharedWorkspace();
const json = (file: string) => JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;

/** Of a checkpoint: firing rates on the test part, and the best epoch by then. */
async function measure(file: string) {
  const { model, team, checkpoint } = await openModel(file, 1);
  const { test } = smallDigits();
  const { rates } = await evaluate(
    model,
    test,
    Int32Array.from({ length: test.count }, (_, i) => i),
  );
  await team.close();
  return { rates, best: checkpoint.position.best };
}

let folder: string;
beforeAll(() => {
  folder = workspace();
});

describe("a run", () => {
  it("trains a folder of IDX files, and leaves all that belongs to a run", async () => {
    const { code, stdout, stderr } = await runCli(["train", "bars.yaml"], folder);
    expect([code, stderr]).toEqual([0, ""]);
    const run = join(folder, "runs", "bars-seed1");
    expect(stdout).toMatch(/epoch 4\/4 {2}validation 100\.00 %/);
    expect(stdout).toContain("test accuracy 100.00 %, validation accuracy 100.00 %");
    expect(readdirSync(run).sort()).toEqual(
      [
        ...["best.safetensors", "config.yaml", "curves.png", "curves.svg", "environment.json", "last.safetensors"],
        ...["metrics.jsonl", "raster.png", "raster.svg", "recall.png", "summary.json"],
      ].sort(),
    );
    const summary = json(join(run, "summary.json"));
    expect(summary).toMatchObject({
      name: "bars",
      seed: 1,
      testAccuracy: 1,
      validationAccuracy: 1,
      epochs: 4,
      steps: 36,
    });
    expect(summary).toMatchObject({
      checkpoint: "best",
      runFolder: join("runs", "bars-seed1"),
      recall: { classes: 4 },
    });
    // Perception 64-32-16-4: weights, two norms, a bias for the concept. Recall 4-16-32-64: the same the other way round.
    const perception = 64 * 32 + 2 * 32 + 32 * 16 + 2 * 16 + 16 * 4 + 4;
    const recall = 4 * 16 + 2 * 16 + 16 * 32 + 2 * 32 + 32 * 64 + 64;
    const own = { feedback: 0, classifiers: 0, inference: perception, training: perception + recall };
    expect(summary.parameters).toEqual({ perception, recall, ...own });
    // Four steps of a picture of which no pixel is 0, computed once; spikes reach 16 and 4.
    const { cost, energy } = summary as unknown as { [key in "cost" | "energy"]: NonNullable<Summary[key]> };
    expect(cost.inference).toMatchObject({ macs: 4 * 64 * 32, dense: 4 * (64 * 32 + 32 * 16 + 16 * 4) });
    expect(cost.inferenceByEngine.macs).toBe(64 * 32);
    expect(cost).toMatchObject({ footprintBytes: 4 * (2724 + 2 * 48), connectionSparsity: 0 });
    expect(energy.inferencePicojoules).toBeCloseTo(4.6 * cost.inference.macs + 0.9 * cost.inference.acs, 6);
    for (const key of ["rates", "hamming", "hammingShuffled"]) expect(summary[key]).toHaveLength(2);
    expect(json(join(run, "environment.json"))).toMatchObject({
      node: process.version,
      threads: 1,
      command: ["bispike", "train", "bars.yaml"],
      data: [{ file: "train-images-idx3-ubyte", verified: "unknown" }, {}, {}, {}],
      resumed: [],
    });
    const { width, height, channels } = decode(readFileSync(join(run, "recall.png")));
    // Four tiles of 8x8 pixels, fourteen times as large, with gaps of 4: recalled above, means below.
    expect([width, height, channels]).toEqual([4 * (8 * 14 + 4) + 4, 2 * (8 * 14 + 4) + 4, 1]);
  });

  it("measures the test part with the best epoch's weights, not the last's", async () => {
    // So coarse a rate that the third epoch is worse than the second.
    const train = ["--train.learningRate=1", "--train.schedule=constant", "--train.seed=2", "--train.epochs=3"];
    const { code } = await runCli(["train", "bars.yaml", ...train, "--quiet", "--out", "coarse"], folder);
    expect(code).toBe(0);
    const summary = json(join(folder, "coarse", "summary.json"));
    expect(summary).toMatchObject({ validationAccuracy: 1, bestEpoch: 2 });
    const [best, last] = await Promise.all(
      ["best", "last"].map((which) => measure(join(folder, "coarse", `${which}.safetensors`))),
    );
    expect(best).toEqual({ best: { score: 1, epoch: 2 }, rates: summary.rates });
    expect(last?.rates).not.toEqual(summary.rates);
  });

  it("never writes over a run: the next one gets a number, --out must be new or empty", async () => {
    const short = ["train", "bars.yaml", "--train.epochs=1", "--quiet"];
    expect((await runCli(short, folder)).stdout).toContain(join("runs", "bars-seed1-2"));
    const refused = await runCli([...short, "--out", join("runs", "bars-seed1")], folder);
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toMatch(/^bispike: runs.bars-seed1: already holds a run; .*train --resume runs.bars-seed1/);
    const foreign = await runCli([...short, "--out", "bars"], folder);
    expect(foreign.code).toBe(2);
    expect(foreign.stderr).toMatch(/bars: expected a new or empty folder for the run, found 4 files/);
    expect(readdirSync(join(folder, "bars"))).toHaveLength(4);
    mkdirSync(join(folder, "empty"));
    expect((await runCli([...short, "--out", "empty"], folder)).code).toBe(0);
  });

  it("--json prints nothing but JSON lines, the last with the results", async () => {
    const options = ["--json", "--train.epochs", "2", "--data.name=mnist", "--name", "lines", "--out", "json"];
    const { code, stdout, stderr } = await runCli(["train", "bars.yaml", ...options], folder);
    expect([code, stderr]).toEqual([0, ""]);
    const lines = jsonLines(stdout);
    const events = lines.map(({ event }) => event);
    // The set goes by MNIST's name but is not MNIST.
    expect(events.slice(0, 5)).toEqual(["warning", "warning", "warning", "warning", "start"]);
    expect(lines[0]?.message).toMatch(/train-images-idx3-ubyte is not the published file of mnist/);
    expect(lines[4]).toMatchObject({
      name: "lines",
      images: 108,
      validation: 12,
      classes: 10,
      totalSteps: 18,
      step: 0,
    });
    expect(events.filter((event) => event === "epoch")).toHaveLength(2);
    expect(lines.find(({ event }) => event === "step")).toMatchObject({ step: 1, epoch: 1, learningRate: 0.02 });
    expect(lines.at(-1)).toMatchObject({ event: "done", runFolder: "json" });
    for (const key of ["testAccuracy", "validationAccuracy", "seconds"])
      expect(lines.at(-1)?.[key]).toEqual(expect.any(Number));
  });

  it("does without validation images: the last weights are tested", async () => {
    const { code, stdout } = await runCli(
      ["train", "bars.yaml", "--data.validation=0", "--out", "all", "--json"],
      folder,
    );
    expect(code).toBe(0);
    expect(jsonLines(stdout).at(-1)).toMatchObject({ validationAccuracy: null, bestEpoch: null, checkpoint: "last" });
    expect(readdirSync(join(folder, "all"))).not.toContain("best.safetensors");
  });
});

it("trains and measures images that are neither grey nor coloured, and says that it cannot draw them", async () => {
  writeSmallDigits(join(folder, "pairs"), { channels: 2 });
  const changes = ["--data.path=pairs", "--data.augment.shift=1", "--train.epochs=1"];
  const { code, stderr } = await runHere(["train", "bars.yaml", ...changes, "--out=two", "--quiet"], folder);
  const none = "bispike: note: pictures of images need 1 or 3 channels and these have 2: the run has none\n";
  expect([code, stderr]).toEqual([0, none]);
  const files = readdirSync(join(folder, "two"));
  expect(files).toEqual(expect.arrayContaining(["best.safetensors", "curves.png", "raster.png"]));
  for (const picture of ["recall.png", "augmented.png"]) expect(files).not.toContain(picture);
  const { testAccuracy, recall } = json(join(folder, "two", "summary.json"));
  expect(recall).toMatchObject({ classes: 4, ownIsNearest: expect.any(Number) });
  const measured = await runHere(["eval", "two", "--json"], folder);
  expect([measured.code, measured.stderr]).toEqual([0, ""]);
  expect(jsonLines(measured.stdout)[0]).toMatchObject({ testAccuracy });
});

describe("what a person gets wrong", () => {
  it.each([
    [
      ["bars.yaml", "--train.epoch=3"],
      2,
      "bispike: command line: unknown key train.epoch (did you mean train.epochs?)",
    ],
    [
      ["bars.yaml", "--train.epochs=many"],
      2,
      "bispike: --train.epochs: expected an integer from 1 to 1000000, got the text",
    ],
    [["bars.yaml", "--train.epochs"], 2, "--train.epochs: expected a value, as in --train.epochs=3"],
    [
      ["bars.yaml", "--threads", "x"],
      2,
      "option '--threads <n>' argument 'x' is invalid. Expected a whole number from 0 to 256.",
    ],
    [["bars.yaml", "--threads", "-1"], 2, "option '--threads <n>' argument '-1' is invalid"],
    [["bars.yaml", "--resum"], 2, "bispike: unknown option '--resum'\n(Did you mean --resume?)"],
    [["bars.yaml", "bars.yaml"], 2, "bispike: too many arguments"],
    [[], 2, "expected an experiment's YAML file, as in: bispike train"],
    [["none.yaml"], 2, "none.yaml: no such file"],
    [["bad.yaml"], 2, "bad.yaml:3:1: not readable as YAML"],
    [["bars.yaml", "--data.path=none"], 1, "none: there is no such file or folder; check data.path"],
    [["bars.yaml", "--data.validation=120"], 2, "expected fewer than the 120 training images, got 120"],
    [["bars.yaml", "--out", "bad.yaml/run"], 1, "cannot make the folder bad.yaml/run: a "],
    [["--resume", "none"], 1, "none: expected the folder of an earlier run, but there is no such folder"],
    [["--resume", "bars"], 1, "bars: expected the folder of an earlier run, but it holds no config.yaml"],
    [["bars.yaml", "--resume", "--name", "never"], 2, "there is no run of never with seed 1 in runs/"],
  ])("%j", async (args, code, message) => {
    writeFileSync(join(folder, "bad.yaml"), "data: { path: bars }\ntrain: [1, 2\n");
    const result = await runCli(["train", ...args], folder);
    expect(result).toMatchObject({ code, stdout: "" });
    expect(result.stderr).toContain(message);
    expect(result.stderr).toMatch(/^bispike: /);
    expect(result.stderr).not.toMatch(/\n\s+at |internal fault/);
  });

  it("names the stage when training diverges, and keeps the last good checkpoint", async () => {
    const wild = ["--train.learningRate=1e30", "--train.clip=0"];
    const { code, stderr } = await runCli(["train", "bars.yaml", ...wild, "--out", "wild"], folder);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^bispike: \S+\.stage\d: the gradient is no longer a finite number at step \d+; lower train\.learningRate.*; no checkpoint was saved yet: remove wild or choose another folder with --out\n$/,
    );
    const saving = ["--train.checkpointSeconds=0", "--out", "wild-saved"];
    const saved = await runCli(["train", "bars.yaml", ...wild, ...saving], folder);
    expect(saved.code).toBe(1);
    expect(saved.stderr).toMatch(/stage\d.*the last good checkpoint is wild-saved.last\.safetensors\n$/);
    const { team } = await openModel(join(folder, "wild-saved"), 1);
    await team.close();
  });

  it("says what to do with the folder of a run that came to no checkpoint", async () => {
    const args = ["train", "bars.yaml", "--train.learningRate=1e30", "--out", "lost"];
    const { code, stderr } = await runHere(args, folder);
    expect(code).toBe(1);
    expect(stderr).toMatch(/; no checkpoint was saved yet: remove lost or choose another folder with --out\n$/);
    const again = await runHere(args, folder);
    expect(again).toMatchObject({ code: 2, stdout: "" });
    expect(again.stderr).toMatch(
      /^bispike: lost: holds a run that has saved no checkpoint; remove it, or choose another/,
    );
  });

  it("takes no option for a folder, and knows keys by their last part", async () => {
    const swallowed = await runHere(["train", "bars.yaml", "--out", "--quiet"], folder);
    expect(swallowed).toMatchObject({ code: 2, stdout: "" });
    expect(swallowed.stderr).toMatch(/^bispike: option '--out <dir>' argument '--quiet' is invalid\. .*\.\/--quiet/);
    expect(readdirSync(folder)).not.toContain("--quiet");
    const hint = async (...args: string[]) => (await runHere(args, folder)).stderr;
    expect(await hint("train", "bars.yaml", "--epochs", "1")).toBe(
      "bispike: unknown option '--epochs'\n(Did you mean --train.epochs?)\n",
    );
    expect(await hint("compare", "bars.yaml", "--window=1")).toContain("(Did you mean --data.window?)");
    expect(await hint("sweep", "plan", "bars.yaml", "--epochs", "1")).toContain("(Did you mean --train.epochs?)");
    expect(await hint("eval", "run", "--epochs", "1")).toBe("bispike: unknown option '--epochs'\n");
  });
});

describe("resuming", () => {
  it("says that a finished run is finished, with its results", async () => {
    await runCli(["train", "bars.yaml", "--train.epochs=1", "--out", "finished", "--quiet"], folder);
    const again = await runCli(["train", "--resume", "finished"], folder);
    expect(again.code).toBe(0);
    expect(again.stdout).toMatch(/^finished: this run is finished already; its results:\ntest accuracy/);
    const lines = jsonLines((await runCli(["train", "--resume", "finished", "--json"], folder)).stdout);
    expect(lines).toEqual([{ event: "done", ...json(join(folder, "finished", "summary.json")) }]);
    const refused = await runHere(["train", "--resume", "finished", "--train.epochs=3"], folder);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(
      /finished: train\.epochs differs from the run's; .* only train\.threads and train\.checkpointSeconds/,
    );
    expect(refused.stderr).toContain("bispike train finished/config.yaml, and --init finished to begin with");
    const free = ["--train.threads=2", "--train.checkpointSeconds=5"];
    expect((await runCli(["train", "--resume", "finished", ...free], folder)).code).toBe(0);
  });

  it("says of a finished run whose configuration was edited what became of it, and how to train with it", async () => {
    expect((await runHere(["train", "bars.yaml", "--train.epochs=1", "--out", "more", "--quiet"], folder)).code).toBe(
      0,
    );
    const file = join(folder, "more", "config.yaml");
    const [trained, summary] = [file, join(folder, "more", "summary.json")].map((path) => readFileSync(path, "utf8"));
    writeFileSync(file, trained!.replace("epochs: 1", "epochs: 3").replace("loss: infonce", "loss: reco"));
    const found =
      /rule\.loss: expected "infonce", got "reco"; train\.epochs: expected 1, got 3; put it back, and --resume/;
    for (const args of [[], ["--train.epochs=3"], ["--json"]])
      await expectRefusalHere(["train", "--resume", "more", ...args], folder, 1, found);
    expect(readFileSync(join(folder, "more", "summary.json"), "utf8")).toBe(summary);
    // As the message says: more epochs, from its weights, in another folder.
    const init = ["--init", "more", "--out", "even-more", "--rule.loss=infonce", "--json"];
    const { code, stdout } = await runHere(["train", join("more", "config.yaml"), ...init], folder);
    expect([code, jsonLines(stdout).at(-1)]).toMatchObject([0, { event: "done", epochs: 3 }]);
    writeFileSync(file, trained!.replace(/threads: \d+/, "threads: 2"));
    const shown = await runHere(["train", "--resume", "more"], folder);
    expect([shown.code, shown.stdout]).toEqual([0, expect.stringMatching(/^more: this run is finished already/)]);
  });

  it("says of an unfinished run whose configuration was edited what it was", async () => {
    const long = ["train", "bars.yaml", "--train.epochs=100000", "--out", "edited", "--json"];
    const first = startCli(long, folder);
    await first.shown('"event":"epoch"');
    first.child.kill("SIGTERM");
    expect((await first.ended).code).toBe(130);
    const file = join(folder, "edited", "config.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace("epochs: 100000", "epochs: 2"));
    const found =
      /config\.yaml is not what .*: train\.epochs: expected 100000, got 2; put it back, or train anew .*--init edited/;
    await expectRefusalHere(["train", "--resume", "edited"], folder, 1, found);
  });

  it("goes on where its images were moved to, and with the same images alone", async () => {
    writeSmallDigits(join(folder, "here"));
    const stopped = async (args: readonly string[], shown: string) => {
      const run = startCli(["train", ...args, "--json"], folder);
      await run.shown(shown);
      run.child.kill("SIGTERM");
      expect((await run.ended).code).toBe(130);
    };
    const long = ["bars.yaml", "--data.path=here", "--train.epochs=100000"];
    await stopped([...long, "--out", "stayed"], '"epoch":9,');
    await stopped([...long, "--out", "left"], '"epoch":2,');
    renameSync(join(folder, "here"), join(folder, "there"));
    const missing =
      /here: there is no such file or folder; the run recorded it as here, .* give it by --data\.path FOLDER/;
    await expectRefusalHere(["train", "--resume", "left"], folder, 1, missing);
    await expectRefusalHere(["train", "--resume", "left", "--data.path=nowhere"], folder, 1, /nowhere/);
    writeSmallDigits(join(folder, "others"), { classes: 3 });
    const other = await runHere(["train", "--resume", "left", "--data.path=others"], folder);
    expect([other.code, other.stderr]).toEqual([
      1,
      expect.stringMatching(/here are others \(.*; go on with those it was/),
    ]);
    // What was refused leaves no trace.
    expect(readFileSync(join(folder, "left", "config.yaml"), "utf8")).toMatch(/path: here/);
    expect(json(join(folder, "left", "environment.json")).resumed).toEqual([]);
    await stopped(["--resume", "left", "--data.path=there"], '"epoch":9,');
    const lossOf = (run: string) =>
      jsonLines(readFileSync(join(folder, run, "metrics.jsonl"), "utf8"))
        .filter(({ kind, epoch }) => kind === "epoch" && Number(epoch) <= 8)
        .map(({ epoch, loss }) => [epoch, loss]);
    expect(lossOf("left")).toHaveLength(8);
    expect(lossOf("left")).toEqual(lossOf("stayed"));
    expect(readFileSync(join(folder, "left", "config.yaml"), "utf8")).toMatch(/path: there/);
    const evaluated = await runHere(["eval", "left", "--json"], folder);
    expect([evaluated.code, evaluated.stderr]).toEqual([0, ""]);
  });

  it("keeps two processes out of one folder, and lets a dead one's folder be used", async () => {
    const long = ["train", "bars.yaml", "--train.epochs=100000", "--out", "busy", "--json"];
    const first = startCli(long, folder);
    await first.shown('"event":"step"');
    for (const args of [
      ["--resume", "busy"],
      ["bars.yaml", "--out", "busy"],
    ]) {
      const second = await runCli(["train", ...args], folder);
      expect(second).toMatchObject({ code: 2, stdout: "" });
      expect(second.stderr).toMatch(/busy: (process \d+ is training in this folder|already holds a run)/);
    }
    first.child.kill("SIGKILL");
    expect((await first.ended).code).toBeNull();
    const next = startCli(["train", "--resume", "busy", "--json"], folder);
    await next.shown('"event":"step"');
    next.child.kill("SIGTERM");
    const { code, stdout, stderr } = await next.ended;
    expect([code, stderr]).toEqual([130, ""]);
    expect(jsonLines(stdout).at(-1)).toMatchObject({ event: "stopped", runFolder: "busy", totalSteps: 900000 });
    expect(json(join(folder, "busy", "environment.json")).resumed).toHaveLength(1);
    expect(readdirSync(join(folder, "busy")).filter((name) => name.startsWith("run.lock"))).toEqual([]);
  });
});

describe("the command", () => {
  it("shows help with examples, and its version", async () => {
    const help = await runCli(["train", "--help"], folder);
    expect([help.code, help.stderr]).toEqual([0, ""]);
    expect(help.stdout).toMatch(/Examples:\n {2}\$ bispike train experiments\/mnist-mlp\.yaml/);
    const { version } = json(new URL("../../package.json", import.meta.url).pathname);
    expect(await runCli(["--version"], folder)).toEqual({ code: 0, stdout: `${String(version)}\n`, stderr: "" });
    expect(await runCli(["trian"], folder)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Did you mean train?"),
    });
  });

  it("helps with commands of commands, and says which it does not know", async () => {
    const plan = await runHere(["help", "sweep", "plan"], folder);
    expect(plan).toEqual(await runHere(["sweep", "plan", "--help"], folder));
    expect(plan.stdout).toMatch(/^Usage: bispike sweep plan /);
    expect((await runHere(["help", "train"], folder)).stdout).toMatch(/^Usage: bispike train /);
    expect((await runHere(["help"], folder)).stdout).toMatch(/^Usage: bispike \[/);
    for (const [args, unknown] of [
      [["foo"], "foo"],
      [["sweep", "foo"], "foo"],
      [["train", "foo"], "foo"],
    ] as const) {
      const { code, stdout, stderr } = await runHere(["help", ...args], folder);
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toMatch(new RegExp(`^bispike: unknown command '${unknown}'`));
    }
    // Both want a command to be named.
    for (const args of [[], ["sweep"]]) expect((await runHere(args, folder)).code).toBe(2);
  });

  it("saves when the reader of a training has gone; help just ends", async () => {
    const args = ["train", "bars.yaml", "--train.epochs=100000", "--train.checkpointSeconds=1000", "--json"];
    const { child, ended, shown } = startCli([...args, "--out", "pipe"], folder);
    await shown('"event":"step"');
    child.stdout.destroy();
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(/^bispike: stdout was closed[^\n]*: saving and stopping[^\n]* --resume pipe\n$/);
    const { team } = await openModel(join(folder, "pipe", "last.safetensors"), 1);
    await team.close();
    expect(readdirSync(join(folder, "pipe")).filter((name) => name.startsWith("run.lock"))).toEqual([]);
    // Nobody hears anything: it saves all the same.
    const deaf = startCli([...args, "--out", "deaf"], folder);
    await deaf.shown('"event":"step"');
    deaf.child.stderr.destroy();
    deaf.child.stdout.destroy();
    expect((await deaf.ended).code).toBe(130);
    expect(readdirSync(join(folder, "deaf"))).toContain("last.safetensors");
    // Gone before there is anything to save.
    const early = startCli([...args, "--data.name=mnist", "--out", "early"], folder);
    early.child.stdout.destroy();
    expect(await early.ended).toMatchObject({
      code: 130,
      stderr: expect.stringMatching(/^bispike: stdout was closed/),
    });
    // Help is written before any command runs.
    const help = startCli(["compare", "--help"], folder);
    help.child.stdout.destroy();
    expect(await help.ended).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("the demo", () => {
  it("replaces nothing but a demo", async () => {
    await runCli(["train", "bars.yaml", "--train.epochs=1", "--out", "demo", "--quiet"], folder);
    const { code, stdout, stderr } = await runCli(["demo"], folder);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toBe("bispike: demo: holds a run that is not a demo's; choose another folder with --out\n");
  });
});
