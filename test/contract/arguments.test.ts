/** Entry points called as plain JavaScript may call them: what was expected is said in a typed error, never by a TypeError from inside. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAutoencoderExperiment, resolveAutoencoderConfig } from "../../src/autoencoder.ts";
import * as core from "../../src/index.ts";
import * as node from "../../src/node/index.ts";
import * as sequences from "../../src/sequence.ts";
import { smallDigits } from "../support/small-digits.ts";

const dataset = smallDigits();
const config = core.resolveConfig({
  data: { path: "bars" },
  network: { hidden: [8] },
  train: { epochs: 1, batch: 36 },
});
const textConfig = sequences.resolveSequenceConfig({ task: "next-character", data: { text: "a.txt" } });
const drawnConfig = resolveAutoencoderConfig({ task: "autoencode", data: { path: "bars" } });
const { images, labels } = dataset.train;
const { shape } = dataset;

let team: core.Team;
let experiment: core.Experiment;
beforeAll(async () => {
  team = await core.Team.create({ maximumPages: 1024 });
  experiment = core.createExperiment(team, config, dataset);
});
afterAll(() => team.close());

/** What a program without types can do. */
// biome-ignore lint/suspicious/noExplicitAny: that is the point
type Anything = any;
const loose = { ...core, ...node, ...sequences, createAutoencoderExperiment } as Anything;

/** Each call, and what its message says. */
const calls: Readonly<Record<string, readonly [call: () => unknown, message: string]>> = {
  "createExperiment()": [
    () => loose.createExperiment(),
    "createExperiment: team: expected a team, as Team.create gives it, got nothing",
  ],
  "createExperiment, not awaited": [
    () => loose.createExperiment(core.Team.create({ maximumPages: 1024 }), config, dataset),
    "createExperiment: team: expected a team, as Team.create gives it, got a promise, which is to be awaited",
  ],
  "createExperiment of a raw configuration": [
    () => loose.createExperiment(team, { data: { path: "bars" } }, dataset),
    "createExperiment: config: expected a configuration, as resolveConfig gives it, got one whose name is nothing",
  ],
  "createExperiment of sequences": [
    () => loose.createExperiment(team, textConfig, dataset),
    "createExperiment: config: expected a configuration, as resolveConfig gives it, got one whose ",
  ],
  "createExperiment without data": [
    () => loose.createExperiment(team, config),
    "createExperiment: dataset: expected a data set, as loadDataset or datasetOf gives it, got nothing",
  ],
  "createExperiment of half a data set": [
    () => loose.createExperiment(team, config, { ...dataset, test: undefined }),
    "createExperiment: dataset: expected a data set, as loadDataset or datasetOf gives it, got one whose test is nothing",
  ],
  "createSequenceExperiment of a text": [
    () => loose.createSequenceExperiment(team, textConfig, "a text"),
    'createSequenceExperiment: sequence: expected a sequence, as loadSequence or assembleSequence gives it, got the text "a text"',
  ],
  "createAutoencoderExperiment of images": [
    () => loose.createAutoencoderExperiment(team, config, dataset),
    "createAutoencoderExperiment: config: expected a configuration, as resolveAutoencoderConfig gives it, got one whose ",
  ],
  "createAutoencoderExperiment()": [
    () => loose.createAutoencoderExperiment(team, drawnConfig),
    "createAutoencoderExperiment: dataset: expected a data set",
  ],
  "trainExperiment()": [
    () => loose.trainExperiment(),
    "trainExperiment: experiment: expected an experiment, as createExperiment gives it, got nothing",
  ],
  "trainExperiment of a model": [
    () => loose.trainExperiment(experiment.model),
    "trainExperiment: experiment: expected an experiment, as createExperiment gives it, got one whose task is nothing",
  ],
  "trainExperiment with an option of another place": [
    () => loose.trainExperiment(experiment, { onMetrics: () => {} }),
    "trainExperiment: options: expected options with sink, stopped, pause, pauseMilliseconds, resume or secondsBefore, got one whose onMetrics is a function, which is no key of it",
  ],
  "trainExperiment with a flag for a function": [
    () => loose.trainExperiment(experiment, { stopped: true }),
    "got one whose stopped is the boolean true",
  ],
  "datasetOf()": [
    () => loose.datasetOf(),
    "datasetOf: expected { name, shape: { height, width, channels }, train: { images, labels } }, got nothing",
  ],
  "datasetOf({})": [() => loose.datasetOf({}), "got one whose name is nothing"],
  "datasetOf without labels": [
    () => loose.datasetOf({ name: "x", shape, train: { images } }),
    "got one whose train.labels is nothing",
  ],
  "datasetOf of a list for a shape": [
    () => loose.datasetOf({ name: "x", shape: [8, 8, 1], train: { images, labels } }),
    "got one whose shape is a list",
  ],
  "resolveConfig with one override": [
    () => loose.resolveConfig({ data: { path: "bars" } }, "--train.epochs=3"),
    'overrides: expected a list of texts such as ["--train.epochs=3"], got the text "--train.epochs=3"',
  ],
  "evaluate()": [() => loose.evaluate(), "evaluate: model: expected a model, such as experiment.model, got nothing"],
  "evaluate of an experiment": [
    () => loose.evaluate(experiment, dataset.test, [0]),
    "evaluate: model: expected a model, such as experiment.model, got one whose data is nothing",
  ],
  "evaluate on a data set": [
    () => loose.evaluate(experiment.model, dataset, [0]),
    "evaluate: split: expected a part of a data set, such as dataset.test, got one whose images is nothing",
  ],
  "evaluate without indices": [
    () => loose.evaluate(experiment.model, dataset.test),
    "evaluate: indices: expected a list of places in that part, such as Int32Array.of(0, 1), got nothing",
  ],
  "recallImages of an experiment": [
    () => loose.recallImages(experiment),
    "recallImages: model: expected a spiking pair's model, such as experiment.model, got one whose pair is nothing",
  ],
  "recallImages without means": [
    () => loose.recallImages(experiment.model),
    "recallImages: means: expected the classes' mean images, as classMeans gives them, got nothing",
  ],
  "recallConcepts of a class's name": [
    () => loose.recallConcepts((experiment.model as core.Model).pair, ["0"]),
    'recall: expected a class from 0 to 3, got the text "0"',
  ],
  "decodeCheckpoint()": [
    () => loose.decodeCheckpoint(),
    "checkpoint: expected a file's bytes, a Uint8Array as readFileSync gives it, got nothing",
  ],
  "decodeCheckpoint of a path": [
    () => loose.decodeAnyCheckpoint("runs/a/last.safetensors", "a"),
    'a: expected a file\'s bytes, a Uint8Array as readFileSync gives it, got the text "runs/a/last.safetensors"',
  ],
  "decodeSafetensors of an ArrayBuffer": [
    () => loose.decodeSafetensors(new ArrayBuffer(16)),
    "decodeSafetensors: bytes: expected a file's bytes, a Uint8Array as readFileSync gives it, got an object of class ArrayBuffer",
  ],
  "registerRule without a definition": [
    () => loose.registerRule("nothing-much"),
    "rule nothing-much: expected networks (both or perception), keepDrives and create",
  ],
  "loadDataset of a name": [
    () => loose.loadDataset("mnist"),
    'loadDataset: expected { name }, { path } or both, got the text "mnist"',
  ],
  "loadDataset of a number": [() => loose.loadDataset({ path: 3 }), "got one whose path is the number 3"],
  "loadSequence of a name": [
    () => loose.loadSequence("alice"),
    'loadSequence: expected an object of options, got the text "alice"',
  ],
  "assembleSequence of a text": [
    () => loose.assembleSequence("abba", "a.txt", { task: "next" }),
    'assembleSequence: bytes: expected a file\'s bytes, a Uint8Array as readFileSync gives it, got the text "abba"',
  ],
  "openModel()": [
    () => loose.openModel(),
    "checkpoint: expected the path of a run's folder or of a checkpoint, got nothing",
  ],
  "RunFolder.open()": [() => loose.RunFolder.open(), "RunFolder.open: path: expected a path, got nothing"],
  "evaluateSequence()": [
    () => loose.evaluateSequence(),
    "evaluateSequence: learner: expected a learner, such as experiment.learner, got nothing",
  ],
  "evaluateSequence on a part's name": [
    () =>
      loose.evaluateSequence(
        { window: 1, load() {}, predict() {} },
        { inputs: {}, targets: {}, parts: {} },
        {},
        "test",
      ),
    'evaluateSequence: range: expected positions { from, to }, such as sequence.set.parts.test, got the text "test"',
  ],
  "predictSeries()": [() => loose.predictSeries(), "predictSeries: stepper: expected a stepper, as stepperOf gives it"],
  "new SequenceStream()": [
    () => new loose.SequenceStream(),
    "SequenceStream: learner: expected a learner, such as experiment.learner, got nothing",
  ],
  "stepperOf()": [
    () => loose.stepperOf(),
    "stepperOf: expected a learner of this library's, such as experiment.learner",
  ],
  "channelStatistics without a shape": [
    () => loose.channelStatistics(dataset.train, Int32Array.of(0)),
    "channelStatistics: shape: expected { height, width, channels }, such as dataset.shape, got nothing",
  ],
  "classMeans of a class too many": [
    () => loose.classMeans(dataset.train, Int32Array.of(3), shape, 3),
    "classMeans: class: expected a whole number from 0 to 2, got the number 3",
  ],
  "createModel of a raw configuration": [
    () => loose.createModel(team, { data: { path: "bars" } }, experiment.model.data),
    "createModel: config: expected a configuration, as resolveConfig gives it, got one whose network is nothing",
  ],
  "createRule of a pair": [
    () => loose.createRule((experiment.model as core.Model).pair, config),
    "createRule: model: expected a model, such as experiment.model, got one whose data is nothing",
  ],
  "perceive of a model": [
    () => loose.perceive(experiment.model, 1),
    "perceive: pair: expected a spiking pair, such as experiment.model.pair, got one whose perception is nothing",
  ],
  "decide, not awaited": [
    () => loose.decide(Promise.resolve((experiment.model as core.Model).pair), 1),
    "decide: pair: expected a spiking pair, such as experiment.model.pair, got a promise, which is to be awaited",
  ],
  "learningRate of a whole configuration": [
    () => loose.learningRate(config, 0, 10),
    "learningRate: train: expected { learningRate, schedule, warmup }, such as config.train, got one whose learningRate is nothing",
  ],
  "learningRate without a step": [
    () => loose.learningRate(config.train),
    "learningRate: step: expected a whole number from 0, got nothing",
  ],
  "pairing of a class too many": [
    () => loose.pairing("prototypes", [4], 4, core.pairingRoom(team.arena, 1, 4)),
    "pairing: class: expected a whole number from 0 to 3, got the number 4",
  ],
  "pairing in too little room": [
    () => loose.pairing("literal", [0, 1], 4, core.pairingRoom(team.arena, 1, 4)),
    "pairing: rows: expected a whole number from 0 to 1, got the number 2",
  ],
  "infonce()": [() => loose.infonce(), "infonce: expected { temperature, weight } and more, got nothing"],
  "new Bsd without options": [
    () => new loose.Bsd((experiment.model as core.Model).pair),
    "Bsd: options: expected what rule bsd is told, such as config.rule, got nothing",
  ],
  "new Backprop of a model": [
    () => new loose.Backprop(experiment.model, { top: "reco", lambda: 1 }, {}),
    "rule: pair: expected a spiking pair, such as experiment.model.pair, got one whose perception is nothing",
  ],
  "new AdamW of no groups": [
    () => new loose.AdamW(team, { weightDecay: 0, clip: 0, clipScope: "stage" }, []),
    "AdamW: groups: expected a list of parameter groups, of at least one, got a list",
  ],
  "new Team": [() => new loose.Team(), "new Team: arena: expected an arena; Team.create makes a team, got nothing"],
  "room for less than nothing": [
    () => team.arena.f32(Number.NaN),
    "Arena.allocate: bytes: expected a whole number from 0, got the number NaN",
  ],
  "exportState without saying what": [
    () => loose.exportState(experiment.model),
    "exportState: options: expected { optimiser: true } or { optimiser: false }, got nothing",
  ],
  "encodeSafetensors of an object": [
    () => loose.encodeSafetensors({ a: {} }),
    "encodeSafetensors: tensors: expected pairs of a name and a tensor, such as a Map, got an object",
  ],
  "generateSymbols()": [
    () => loose.generateSymbols(),
    "generateSymbols: stepper: expected a stepper, as stepperOf gives it, got nothing",
  ],
};

describe("a call without types", () => {
  it.each(Object.entries(calls))("%s", async (_name, [call, message]) => {
    await expect((async () => call())()).rejects.toThrow(
      expect.objectContaining({ name: "BispikeError", code: "usage", message: expect.stringContaining(message) }),
    );
  });

  it("that is right goes through: lists for typed arrays, options left undefined", async () => {
    const made = loose.datasetOf({ name: "bars", shape, train: { images, labels: [...labels] }, test: undefined });
    const again = loose.createExperiment(team, config, made);
    const result = await loose.trainExperiment(again, { sink: undefined, resume: undefined });
    expect(result).toMatchObject({ finished: true, step: 3 });
    expect(await loose.evaluate(again.model, made.train, [0, 1])).toMatchObject({ images: 2 });
  });
});
