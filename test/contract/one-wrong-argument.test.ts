/** Calls that are right but for one argument, each argument in turn: what is wrong with it is said, whichever place it has. */
import { afterAll, describe, expect, it } from "vitest";
import * as autoencoder from "../../src/autoencoder.ts";
import * as distributed from "../../src/distributed.ts";
import { BispikeError } from "../../src/errors.ts";
import * as formats from "../../src/formats.ts";
import { inWords } from "../../src/in-words.ts";
import * as core from "../../src/index.ts";
import * as measurement from "../../src/measurement.ts";
import * as nir from "../../src/nir.ts";
import * as onnx from "../../src/onnx.ts";
import * as sequence from "../../src/sequence.ts";
import { smallDigits } from "../support/small-digits.ts";

// biome-ignore lint/suspicious/noExplicitAny: calls without types are the point
type Anything = any;

const loose: Anything = { ...core, ...autoencoder, ...distributed, ...formats, ...measurement, ...nir, ...onnx };
const sequences: Anything = sequence;

const wrong: readonly unknown[] = [undefined, null, {}, 5, "x", true, Promise.resolve()];

/** Whether a value passes for a right one: of its type, or an object of options of which none need be given. */
function passes(value: unknown, right: unknown): boolean {
  if (right instanceof Options) return value === undefined || (typeof value === "object" && value !== null);
  return typeof value === typeof right && typeof right !== "object";
}

/** Options that may all be left out. */
class Options {}

const dataset = smallDigits();
const { shape, train } = dataset;
const indices = Int32Array.of(0, 1, 2, 3);
const pixels = train.images.subarray(0, 64);
const rows = Float32Array.from(train.images.subarray(0, 128), (byte) => byte / 255);
const small = { network: { hidden: [8] }, train: { epochs: 1, batch: 12 } };
const config = core.resolveConfig({ data: { path: "bars" }, ...small });
const realConfig = core.resolveConfig({ data: { path: "bars" }, ...small, rule: { name: "bsd-ann" } });
const textConfig = sequence.resolveSequenceConfig({ task: "next-character", data: { text: "a.txt", window: 4 } });
const drawnConfig = autoencoder.resolveAutoencoderConfig({
  task: "autoencode",
  data: { path: "bars" },
  network: { kind: "mlp", hidden: [8], latent: 4 },
});
const statistics = core.channelStatistics(train, indices, shape);
const optimiser = { weightDecay: 0, clip: 0, clipScope: "stage" };
const layout = { shape, frame: shape, stride: 64, statistics };
const stdp = { ...config.rule.stdp };
const { mean, covariance } = { mean: Float64Array.of(1), covariance: Float64Array.of(1) };
const gaussian = { mean, covariance, images: 2 };

/** Right calls: the name, and the arguments made once there is a team. `Options` stand for those that may be left out. */
function rightCalls(made: Made): Readonly<Record<string, readonly unknown[]>> {
  const { team, experiment, real, drawn, text } = made;
  const { model } = experiment;
  const { pair } = model as core.Model;
  const { model: realModel } = real;
  const image = { ...(realModel as core.RealModel).rows, options: { ...realNetOptions } };
  const means = core.classMeans(train, indices, shape, 4);
  const about = { config, data: model.data, position: { step: 0 }, classMeans: means };
  const state = { optimiser: false };
  const classes = new Uint16Array([0, 1]);
  const { learner } = drawn.model;
  return {
    pairing: ["prototypes", classes, 4, core.pairingRoom(team.arena, 2, 4)],
    pairingRoom: [team.arena, 2, 4],
    cosineRows: [1, () => 0],
    infonce: [{ temperature: 0.1, weight: 1 }],
    mse: [{ features: 4, weight: 1 }],
    reco: [{ lambda: 0.1, weight: 1 }],
    Augmenter: [{ shift: 1, flip: false, rotate: 0, erase: 0 }, 1, layout, [0]],
    fillBatch: [new Float32Array(128), train, indices, 0, 2, shape, shape, statistics],
    toFrameRows: [new Float32Array(128), rows, 2, layout],
    fromFrameRows: [rows, 2, layout],
    fitImage: [{ ...shape, pixels }, shape],
    addNoise: [pixels, shape, 0.1, 1],
    occlude: [pixels, shape, "top", 0.5],
    noisyLabels: [train.labels, indices, 0.5, 4, 1],
    channelStatistics: [train, indices, shape],
    splitHeldOut: [train, 0.1, 1],
    classMeans: [train, indices, shape, 4],
    encodeSafetensors: [new Map([["a", { dtype: "U8", shape: [1], data: Uint8Array.of(1) }]]), new Options()],
    encodeCheckpoint: [experiment.rule, about, state],
    exportState: [model, state],
    importState: [model, core.exportState(model, state), state],
    createModel: [team, config, model.data],
    createRule: [model, config],
    criteriaOf: [config.rule],
    trainsRecall: [config.rule],
    learningRate: [config.train, 0, 10],
    realImageNet: [team, realNetOptions, "dll"],
    perceive: [pair, 2],
    perceiveHidden: [pair, 2],
    conceptSpikes: [pair, 2],
    decide: [pair, 2],
    recallConcepts: [pair, [0, 1]],
    spikingModel: [model],
    Bsd: [pair, config.rule, optimiser],
    Backprop: [deep(team), { top: "cross-entropy", lambda: 0 }, optimiser],
    FeedbackAlignment: [deep(team), { top: "cross-entropy", lambda: 0 }, optimiser],
    DirectFeedbackAlignment: [deep(team), { top: "cross-entropy", lambda: 0 }, optimiser],
    LocalLosses: [deep(team), { top: "cross-entropy", lambda: 0 }, optimiser],
    RewardTiming: [deep(team), { top: "cross-entropy", lambda: 0, stdp }, optimiser],
    AdamW: [team, optimiser, pair.layers.map(({ group }) => group)],
    ImageRealBackprop: [image, optimiser],
    ImageDll: [image, core.imageDllDefaults, optimiser],
    ImagePredictiveCoding: [image, core.imagePredictiveCodingDefaults, optimiser],
    CounterCurrent: [image, core.counterCurrentDefaults, optimiser],
    RealBsd: [image, config.rule, optimiser],
    NetworkPair: [team, pair.options],
    Model: [team, { network: config.network, seed: 1, maxImages: 4 }, model.data],
    RealModel: [(realModel as core.RealModel).rows, model.data, shape],
    auroc: [[1], [2]],
    bandErrors: [rows, rows, shape, 2],
    meanSquaredErrors: [rows, rows, shape, 2],
    gaussianBlur: [pixels, shape, 1],
    lessContrast: [pixels, shape, 0.5],
    shiftImage: [pixels, shape, 1, 1],
    gaussianNoise: [pixels, shape, 1, new core.RandomStream(1, "a test")],
    occludeSquare: [pixels, shape, { side: 2, left: 0, top: 0 }],
    corruptImage: ["blur", pixels, shape, { severity: 1 }],
    corruptSplit: ["blur", train, indices, shape, { severity: 1 }],
    withNoisyWeights: [model, 0.1, new Options(), async () => 1],
    cuedRecall: [model, train, indices, means, new Options()],
    effectiveRank: [[1, 2, 3, 4], 2, 2],
    picojoules: [{ macs: 1, acs: 1 }],
    spikeFeatures: [model, "features"],
    frechetDistance: [gaussian, gaussian],
    gradientAngle: [[1], [2]],
    mismatchScores: [model, train, indices],
    measureRecall: [model, means, new Options()],
    measureRobustness: [model, train, indices],
    RepresentationMeter: [pair, 2],
    ruleFootprint: [pair, "bsd"],
    weightAlignment: [pair],
    ClassSpread: [2, 3],
    trainingStep: [config],
    createAutoencoderLearner: [team, drawnConfig, shape],
    createAutoencoder: [team, drawnConfig, model.data],
    encodeAutoencoderCheckpoint: [learner, { config: drawnConfig, data: model.data, position: { step: 0 } }, state],
    AutoencoderModel: [learner, shape, model.data],
    redrawnErrors: [drawn.model, train, indices, ["perception"]],
    interpolateRates: [[0], [1], 2],
    evenTrains: [[0.5], 1, 2],
    ratesOf: [Uint8Array.of(1, 0), 1, 2],
    drawSpikes: [[0.5], 1, 1, "a test"],
    prototypeRates: [new autoencoder.LatentStatistics(2, 1, 1), []],
    stageWork: [config.network, shape, 4],
    balancedCuts: [[1, 2, 3], 2],
    limitsOf: [pair, "above"],
    createPart: [team, config, dataset, { first: 1, last: 2 }],
    describeStages: [{ first: 1, last: 2 }],
    rangesOf: [[1], 3],
    encodeNpy: [{ shape: [1], data: Float32Array.of(1) }],
    encodeNpz: [new Map([["a", { shape: [1], data: Float32Array.of(1) }]])],
    encodeWeights: [[...model.slots(false)]],
    plainWeights: [[...model.slots(false)]],
    perceptionToNir: [model, new Options()],
    recallToNir: [model, new Options()],
    recordSpikes: [model, train, [0]],
    perceptionOnnx: [model, new Options()],
    recallOnnx: [model, new Options()],
    "sequence.nextSymbol": [sequence.textOf("a", "abc"), new Options()],
    "sequence.textOf": ["a", "abc"],
    "sequence.encodeText": ["ab", ["a", "b"]],
    "sequence.decodeSymbols": [
      [0, 1],
      ["a", "b"],
    ],
    "sequence.codeValue": [{ size: 2, range: 1, steps: 2 }, 0.5, new Uint8Array(2), 0],
    "sequence.restore": [[1], [0], [1]],
    "sequence.windowStarts": [{ from: 0, to: 8 }, 4, 1],
    "sequence.sequenceRequest": [textConfig],
    "sequence.createSequenceLearner": [team, textConfig, text.about],
    "sequence.redrawSymbols": [text.learner, text.set, text.starts],
    "sequence.generateSymbols": [sequence.stepperOf(text.learner), [0], { length: 2 }],
  };
}

const realNetOptions = {
  kind: "mlp",
  image: shape,
  hidden: [8],
  classes: 4,
  norm: true,
  maxImages: 12,
  seed: 1,
} as const;
/** A pair as rivals of BSD take it. */
const deep = (team: core.Team) =>
  new core.NetworkPair(team, {
    ...{ ...config.network, image: shape, classes: 4, maxImages: 12, seed: 1 },
    ...{ networks: "perception", keepDrives: true },
  });

async function make() {
  const team = await core.Team.create({ maximumPages: 4096 });
  const experiment = core.createExperiment(team, config, dataset);
  const real = core.createExperiment(team, realConfig, dataset);
  const drawnExperiment = autoencoder.createAutoencoderExperiment(team, drawnConfig, dataset);
  const file = new TextEncoder().encode("abcd".repeat(50));
  const read = await sequence.assembleSequence(file, "a.txt", sequence.sequenceRequest(textConfig));
  const made = sequence.createSequenceExperiment(team, textConfig, read);
  const text = { about: read.about, set: read.set, learner: made.learner, starts: read.windows.train.slice(0, 1) };
  return { team, experiment, real, drawn: drawnExperiment, text };
}
type Made = Awaited<ReturnType<typeof make>>;

const made = await make();
const calls = rightCalls(made);
afterAll(() => made.team.close());

async function call(name: string, given: readonly unknown[]): Promise<void> {
  const what = name.startsWith("sequence.") ? sequences[name.slice("sequence.".length)] : loose[name];
  const taken = given.map((each) => (each instanceof Options ? {} : each));
  await (/^class\b/.test(what.toString()) ? new what(...taken) : what(...taken));
}

describe("a call that is right but for one argument", () => {
  it.each(Object.entries(calls))("%s", async (name, right) => {
    await call(name, right);
    const done: string[] = [];
    for (const [place, own] of right.entries()) {
      for (const value of wrong) {
        if (passes(value, own)) continue;
        const given = right.toSpliced(place, 1, value);
        const error = await call(name, given).then(
          () => "returned",
          (reason: unknown) => reason,
        );
        if (!(error instanceof BispikeError)) done.push(`argument ${place + 1} as ${inWords(value)}: ${error}`);
      }
    }
    expect(done).toEqual([]);
  });
});
