/** A program that resumes: from a checkpoint of the same training, and of no other, which is told what differs. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Dataset } from "../../src/data/dataset.ts";
import { assembleSequence } from "../../src/data/sequence/assemble.ts";
import { Team } from "../../src/engine/team.ts";
import type { Checkpoint } from "../../src/training/checkpoint.ts";
import { resolveAutoencoderConfig, resolveConfig, resolveSequenceConfig } from "../../src/training/config.ts";
import { sequenceRequest } from "../../src/training/data-sources.ts";
import {
  createAutoencoderExperiment,
  createExperiment,
  createSequenceExperiment,
} from "../../src/training/experiment.ts";
import {
  decodeAutoencoderCheckpoint,
  decodeCheckpoint,
  decodeSequenceCheckpoint,
} from "../../src/training/read-checkpoint.ts";
import { assertSameImages } from "../../src/training/same-training.ts";
import { trainExperiment } from "../../src/training/trainer.ts";
import { bytesOf } from "../support/series-files.ts";
import { SMALL_AUTOENCODER, smallAutoencoderTraining } from "../support/small-autoencoder-run.ts";
import { smallDigits } from "../support/small-digits.ts";
import { smallSequenceTraining, smallText } from "../support/small-sequence-run.ts";
import { smallTraining } from "../support/small-training.ts";

const RAW = { data: { path: "bars" }, network: { hidden: [8] }, train: { epochs: 2, batch: 36 } };
const WORDS = { task: "next-character", data: { window: 6 }, network: { hidden: [6], steps: 2 }, train: { batch: 64 } };

let team: Team;
let checkpoint: Checkpoint;
let best: Checkpoint;

beforeAll(async () => {
  team = await Team.create({ maximumPages: 2048 });
  const trained = await smallTraining(RAW, { team, stopBefore: 4 });
  checkpoint = decodeCheckpoint(trained.last, "last");
  best = decodeCheckpoint(trained.best!, "best");
});
afterAll(() => team.close());

function resumed(overrides: readonly string[], dataset: Dataset = smallDigits(), resume = checkpoint) {
  return trainExperiment(createExperiment(team, resolveConfig(RAW, overrides), dataset), { resume });
}

describe("resume", () => {
  it.each([
    ["--train.seed=2", "train.seed: expected 2, got 1"],
    ["--train.epochs=3", "train.epochs: expected 3, got 2"],
    ["--rule.loss=reco", 'rule.loss: expected "reco", got "infonce"'],
    ["--network.hidden=[9]", "network.hidden: expected [9], got [8]"],
    ["--data.labelNoise=0.1", "data.labelNoise: expected 0.1, got 0"],
    // The experiment's name follows from its rule.
    ["--rule.name=backprop", 'rule.name: expected "backprop", got "bsd"; name: expected'],
  ])("refuses a checkpoint trained without %s", async (override, message) => {
    await expect(resumed([override])).rejects.toThrow(
      expect.objectContaining({
        code: "checkpoint",
        message: expect.stringContaining(`resume: the checkpoint was trained with other settings: ${message}`),
      }),
    );
  });

  it("goes on where only what learns nothing differs", async () => {
    const free = ["--train.threads=2", "--train.checkpointSeconds=7", "--observe.every=2", "--observe.images=8"];
    expect(await resumed(free)).toMatchObject({ finished: true, step: 6 });
  });

  it("goes on where the same images lie elsewhere", async () => {
    expect(await resumed(["--data.path=elsewhere", "--name=bars-mlp"])).toMatchObject({ finished: true, step: 6 });
  });

  it("refuses other images", async () => {
    const { train, ...rest } = smallDigits();
    const inverted = { ...rest, train: { ...train, images: train.images.map((pixel) => 255 - pixel) } };
    await expect(resumed([], inverted)).rejects.toThrow(
      /^the checkpoint was trained on bars \(8×8×1, 4 classes, mean 0\.\d+\), but the images here are bars \(8×8×1, 4 classes, mean 0\.\d+\); go on with/,
    );
    await expect(resumed([], smallDigits({ classes: 3 }))).rejects.toThrow(/here are bars \(8×8×1, 3 classes/);
    const relabelled = { ...rest, train: { ...train, labels: train.labels.map((label) => (label + 1) % 4) } };
    await expect(resumed([], relabelled)).rejects.toThrow(
      "resume: the checkpoint was trained on other labels or images than bars: the classes' mean images differ; go on with those it was trained on",
    );
  });

  it("refuses images of the same mean that vary otherwise", () => {
    const { data } = checkpoint;
    const wider = { ...data, statistics: { ...data.statistics, std: data.statistics.std.map((std) => 2 * std) } };
    expect(() => assertSameImages(data, wider)).toThrow(/^the checkpoint was trained on bars/);
    expect(() => assertSameImages(data, { ...data, name: "others" })).not.toThrow();
  });

  it("says that a best checkpoint is none to go on from, and that bytes are to be decoded", async () => {
    await expect(resumed([], smallDigits(), best)).rejects.toThrow(
      /^tensor optimiser\.\S+ is missing; to go on from a checkpoint takes a run's last one/,
    );
    const bytes = new Uint8Array(8) as unknown as Checkpoint;
    await expect(resumed([], smallDigits(), bytes)).rejects.toThrow(
      expect.objectContaining({
        code: "usage",
        message: "resume: expected a checkpoint as decodeCheckpoint gives it, got its bytes",
      }),
    );
  });
});

it("the same of sequences: other settings, another text, a checkpoint of images", async () => {
  const { last } = await smallSequenceTraining(WORDS, { stopBefore: 1 });
  const resume = decodeSequenceCheckpoint(last, "last");
  const go = async (overrides: readonly string[], text: string, from = resume) => {
    const config = resolveSequenceConfig({ ...WORDS, data: { ...WORDS.data, text: "small.txt" } }, overrides);
    const sequence = await assembleSequence(bytesOf(text), "small.txt", sequenceRequest(config));
    return trainExperiment(createSequenceExperiment(team, config, sequence), { resume: from });
  };
  await expect(go(["--rule.name=dll"], smallText())).rejects.toThrow(/settings: rule\.name: expected "dll", got "bsd"/);
  await expect(go([], smallText(170))).rejects.toThrow(
    /trained on other data than small: length: expected \d+, got \d+; parts\.train\.to: /,
  );
  await expect(go([], smallText(), checkpoint as unknown as typeof resume)).rejects.toThrow(
    /task: expected "next-character", got nothing/,
  );
  expect(await go(["--train.threads=2"], smallText())).toMatchObject({ finished: true });
});

it("the same of autoencoders", async () => {
  const { last } = await smallAutoencoderTraining({}, { stopBefore: 1 });
  const config = resolveAutoencoderConfig(SMALL_AUTOENCODER, ["--rule.name=backprop"]);
  const resume = decodeAutoencoderCheckpoint(last, "last");
  await expect(trainExperiment(createAutoencoderExperiment(team, config, smallDigits()), { resume })).rejects.toThrow(
    /settings: rule\.name: expected "backprop", got "bsd"/,
  );
});
