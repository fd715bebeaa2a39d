/** Autoencoder runs as a user meets them: train, kill, resume, inspect, plot; and messages that help. Commands run in this process, but for the one that is killed. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decode } from "fast-png";
import { beforeAll, describe, expect, it } from "vitest";
import { openAutoencoder } from "../../src/node/open.ts";
import { jsonLines, startCli } from "../support/cli.ts";
import { runHere } from "../support/cli-here.ts";
import { expectRefusalHere } from "../support/refusal.ts";
import { writeSmallDigits } from "../support/small-digits.ts";
import { SMALL_EXPERIMENT, timelessMetrics } from "../support/small-run.ts";
import { trainedAutoencoder } from "../support/trained-autoencoder.ts";

const trained = trainedAutoencoder();
let cwd: string;
beforeAll(() => {
  cwd = trained();
});
const json = (file: string) => JSON.parse(readFileSync(join(cwd, file), "utf8")) as Record<string, unknown>;
const picture = (file: string) => decode(readFileSync(join(cwd, file)));

describe("train", () => {
  it("leaves all that belongs to a run, and a summary of the drawings of both networks", () => {
    expect(readdirSync(join(cwd, "run")).sort()).toEqual([
      ...["best.safetensors", "config.yaml", "curves.png", "curves.svg", "environment.json", "last.safetensors"],
      ...["metrics.jsonl", "reconstruct.png", "summary.json"],
    ]);
    const summary = json("run/summary.json");
    expect(summary).toMatchObject({ name: "reconstructed", task: "autoencode", rule: "bsd", data: "bars", steps: 72 });
    expect(summary).toMatchObject({ test: { images: 40, perception: {}, recall: {} }, checkpoint: "best" });
    // 64-32-16-32-64: weights, two numbers a normed neuron, a bias for each pixel drawn.
    const network = 2 * (64 * 32 + 32 * 16) + 2 * (32 + 16 + 32) + 64;
    expect(summary.parameters).toEqual({ perception: network, recall: network });
    expect(readFileSync(join(cwd, "run/curves.svg"), "utf8")).toContain("reconstructed validation images");
    // Ten test images above perception's drawings above recall's.
    const { width, height, channels } = picture("run/reconstruct.png");
    expect([width, height, channels]).toEqual([10 * 116 + 4, 3 * 116 + 4, 1]);
  });

  it("says what it does, to a person", async () => {
    const { code, stdout } = await runHere(["train", "reconstruct.yaml", "--train.epochs=1"], cwd);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^reconstructed, seed 1: autoencode by bsd, 108 images to train on, 12 held out, a latent of 16, 1 epoch, /,
    );
    expect(stdout).toMatch(
      /^epoch 1\/1 {2}validation MSE \d\.\d{4} \(\d+\.\d\d dB\), recall MSE \d\.\d{4} \(.* dB\) {2}loss \d+\.\d{3} {2}rates (\d\.\d\d ){3}\/( \d\.\d\d){3} /m,
    );
    expect(stdout).toMatch(
      /^test MSE \d\.\d{4}, PSNR \d+\.\d\d dB.*, validation MSE \d\.\d{4} \(weights of the best epoch/m,
    );
    expect(stdout).toMatch(/^recall's drawings: MSE \d\.\d{4}, PSNR /m);
    expect(stdout).toMatch(/images\/s -> runs.reconstructed-seed1$/m);
    const again = await runHere(["train", "--resume", "runs/reconstructed-seed1"], cwd);
    expect(again.stdout).toMatch(/this run is finished already; its results:\ntest MSE/);
  });

  it("survives SIGKILL while saving, and ends with the same bytes", async () => {
    const more = ["train", "reconstruct.yaml", "--train.epochs=4", "--train.batch=4"];
    expect((await runHere([...more, "--out", "whole", "--quiet"], cwd)).code).toBe(0);
    const saving = [...more, "--out", "killed", "--train.checkpointSeconds=0", "--json"];
    const { child, ended, shown } = startCli(saving, cwd);
    await shown('"event":"step"');
    child.kill("SIGKILL");
    expect((await ended).code, "this test is to kill").toBeNull();
    const resumed = ["train", "--resume", "killed", "--quiet", "--train.threads=2", "--train.checkpointSeconds=60"];
    const { code, stderr } = await runHere(resumed, cwd);
    expect([code, stderr]).toEqual([0, ""]);
    for (const name of ["last.safetensors", "best.safetensors", "reconstruct.png"])
      expect(readFileSync(join(cwd, "whole", name)).equals(readFileSync(join(cwd, "killed", name))), name).toBe(true);
    const [whole, killed] = ["whole", "killed"].map((run) => timelessMetrics(join(cwd, run, "metrics.jsonl")));
    expect(killed).toEqual(whole);
    await expectRefusalHere(
      ["train", "--resume", "killed", "--rule.frequency.split=0.1"],
      cwd,
      2,
      /rule\.frequency\.split differs from the run's/,
    );
  }, 30_000);
});

it("images that are neither grey nor coloured are reconstructed and measured, without a picture of them", async () => {
  writeSmallDigits(join(cwd, "pairs"), { channels: 2 });
  const args = ["train", "reconstruct.yaml", "--data.path=pairs", "--train.epochs=1", "--out=two", "--quiet"];
  const { code, stderr } = await runHere(args, cwd);
  const none = "bispike: note: pictures of images need 1 or 3 channels and these have 2: the run has none\n";
  expect([code, stderr]).toEqual([0, none]);
  expect(readdirSync(join(cwd, "two"))).not.toContain("reconstruct.png");
  const { test } = json("two/summary.json");
  const measured = await runHere(["eval", "two", "--json"], cwd);
  expect([measured.code, measured.stderr]).toEqual([0, ""]);
  expect(jsonLines(measured.stdout)[0]).toMatchObject(test as object);
});

it("judged by what is held out: the test part is left alone", async () => {
  const args = ["train", "reconstruct.yaml", "--train.epochs=1", "--judge=held-out", "--out=tuned"];
  const { code, stdout } = await runHere(args, cwd);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^validation MSE \d\.\d{4}, PSNR .* \(weights of the best epoch/m);
  expect(stdout).not.toMatch(/test/);
  const summary = json("tuned/summary.json");
  expect(summary).toMatchObject({ test: null, judgedBy: "held-out", validation: { images: 12, perception: {} } });
  // The best epoch was the only one: by the same images.
  const { mse } = (summary.validation as { perception: { mse: number } }).perception;
  expect(mse).toBeCloseTo(summary.validationMse as number, 9);
  expect((await runHere(["export", "tuned", "--format", "card", "--out", "card.md"], cwd)).code).toBe(0);
  const card = readFileSync(join(cwd, "card.md"), "utf8");
  for (const network of ["perception", "recall"]) {
    expect(card).toMatch(new RegExp(`^\\| validation mean squared error of ${network}'s drawings \\| 0\\.\\d+ `, "m"));
    expect(card).toMatch(new RegExp(`^\\| validation PSNR of ${network}'s drawings, dB \\| \\d`, "m"));
  }
  expect(card).toContain(
    "Of the validation part, by which the best epoch was chosen too; the test part was not looked at",
  );
});

it("inspect tells stages, rule and position", async () => {
  const { stdout } = await runHere(["inspect", "run", "--json"], cwd);
  const [found = {}] = jsonLines(stdout);
  const { parameters } = json("run/summary.json");
  expect(found).toMatchObject({ kind: "autoencoder checkpoint", parameters, last: { step: 72, epoch: 12 } });
  const stages = found.stages as { role: string; shape: { channels: number } }[];
  expect(stages.map(({ role, shape }) => `${role} ${shape.channels}`)).toEqual([
    ...["image 64", "hidden 32", "latent 16", "hidden 32", "image 64"],
  ]);
  const text = (await runHere(["inspect", "run/last.safetensors"], cwd)).stdout;
  expect(text).toMatch(
    /^rule +bsd: reco \(lambda 0\.01 to 0\.03\), centred rate, bands two about 0\.25 cycles a pixel$/m,
  );
  expect(text).toMatch(/^best +MSE 0\.\d{4} on the validation images, after epoch \d+$/m);
});

it("plot draws the curves", async () => {
  const { stdout } = await runHere(["plot", "run", "--out", "figures"], cwd);
  expect(stdout).toBe(`${join("figures", "curves.svg")}\n${join("figures", "curves.png")}\n`);
});

it("openAutoencoder gives the trained net", async () => {
  const { model, checkpoint, team } = await openAutoencoder(join(cwd, "run"), 1);
  for (const slot of model.learner.slots(false)) expect(slot.read()).toEqual(checkpoint.tensors.get(slot.name)?.data);
  await team.close();
});

describe("refuses in one line", () => {
  beforeAll(() => writeFileSync(join(cwd, "bars.yaml"), SMALL_EXPERIMENT));

  const autoencoder =
    /of an image experiment, got one of an autoencoder \(bars\); use it with bispike reconstruct or sample/;
  it.each([
    [["predict", "run", "x.png"], 1, autoencoder],
    [["recall", "run"], 1, autoencoder],
    [["plot", "run", "--kind", "raster"], 1, autoencoder],
    [["generate", "run"], 1, /of a sequence experiment, got one of an autoencoder/],
    [["eval", "run", "--data.text", "x"], 2, /--data\.text: this checkpoint is of images/],
    [["train", "reconstruct.yaml", "--rule.frequency.spilt=1"], 2, /did you mean rule\.frequency\.split\?/],
    [["train", "reconstruct.yaml", "--task=autoencoder"], 2, /task: expected one of .*autoencode, or no task/],
    [
      ["train", "bars.yaml", "--task=autoencode", "--rule.pool=2"],
      2,
      /rule\.pool has no meaning in an autoencoder experiment/,
    ],
  ] as const)("%j", async (args, code, message) => {
    await expectRefusalHere(args, cwd, code, message);
  });
});
