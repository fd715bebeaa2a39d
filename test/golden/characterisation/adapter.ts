/**
 * The one place where the characterisation test touches the library's classes: it trains, measures, exports and resumes what `cases.ts` describes in plain objects, and gives back
 * figures and hashes under names of its own. When the code is replaced, this file is written anew; the cases and the recorded figures stay.
 *
 * Hashes are the first 16 digits of SHA-256. Tensors are hashed in the order of their names: name, shape, then the bytes of the float32 values.
 */
import { createHash } from "node:crypto";
import { type Channel, channelPair } from "../../../src/cluster/frames.ts";
import { joinParts } from "../../../src/cluster/join.ts";
import { limitsOf } from "../../../src/cluster/link.ts";
import { createPart, type Part } from "../../../src/cluster/part.ts";
import { decodePart } from "../../../src/cluster/part-file.ts";
import { trainPart } from "../../../src/cluster/train-part.ts";
import type { Dataset } from "../../../src/data/dataset.ts";
import { assembleSequence, type Sequence } from "../../../src/data/sequence/assemble.ts";
import { Team } from "../../../src/engine/team.ts";
import { BispikeError } from "../../../src/errors.ts";
import { perceptionOnnx, recallOnnx } from "../../../src/formats/onnx.ts";
import { decideImages } from "../../../src/measure/decide.ts";
import { evaluate } from "../../../src/measure/evaluate.ts";
import { classMeans, recallImages } from "../../../src/measure/recall.ts";
import { reconstructedBatches, reconstructedErrors } from "../../../src/measure/reconstruction.ts";
import { evaluateSequence } from "../../../src/measure/sequence.ts";
import { AutoencoderPair } from "../../../src/nets/autoencoder-pair.ts";
import { type ImageModel, Model } from "../../../src/nets/model.ts";
import { rangesOf } from "../../../src/nets/pair.ts";
import { autoencoderFrame } from "../../../src/nets/specs.ts";
import { autoencoderToNir, encodeNir, type NirGraph, perceptionToNir, recallToNir } from "../../../src/nir.ts";
import { openAnyCheckpoint, openAutoencoder, openModel, openSequence } from "../../../src/node/open.ts";
import { spawnThread } from "../../../src/node/threads.ts";
import type { AutoencoderModel } from "../../../src/problems/autoencode-learners.ts";
import { SequenceBsd } from "../../../src/problems/sequence.ts";
import {
  fitColumns,
  fitSymbols,
  reconstructSymbols,
  reconstructValues,
} from "../../../src/problems/sequence-reconstruct.ts";
import { generateSymbols, predictSeries, stepperOf } from "../../../src/problems/sequence-stepper.ts";
import type { SequenceLearner } from "../../../src/rules/rule.ts";
import {
  type AnyConfig,
  isAutoencoderConfig,
  isSequenceConfig,
  resolveAnyConfig,
} from "../../../src/training/any-config.ts";
import type { AnyCheckpoint } from "../../../src/training/checkpoint.ts";
import type { AutoencoderConfig, SequenceConfig } from "../../../src/training/config.ts";
import { type ExperimentConfig, resolveConfig } from "../../../src/training/config.ts";
import { sequenceRequest } from "../../../src/training/data-sources.ts";
import {
  createAutoencoderExperiment,
  createExperiment,
  createSequenceExperiment,
} from "../../../src/training/experiment.ts";
import { trainsRecall } from "../../../src/training/nets-and-rules.ts";
import type { Observation } from "../../../src/training/observer.ts";
import { decodeAnyCheckpoint } from "../../../src/training/read-checkpoint.ts";
import { fromVersion1 } from "../../../src/training/settings/settings.ts";
import { importSlots } from "../../../src/training/state.ts";
import type { Trainable, TrainableKind } from "../../../src/training/trainable.ts";
import { trainExperiment } from "../../../src/training/trainer.ts";
import type { Case, DataName } from "./cases.ts";
import { madeSeries, madeText, type PicturesName, pictures } from "./data.ts";

/** Numbers, hashes and texts by name; an export that is refused says so. */
export type Figures = Readonly<Record<string, number | string | null | readonly (number | null)[]>>;

/** What is recorded of a training. */
export interface Trained {
  readonly steps: number;
  /** Hash of everything a training goes on from: parameters, running statistics, moments, what a rule keeps beside the nets. */
  readonly tensors: string;
  /** Hash of the net alone, as the best checkpoint keeps it; null where nothing was held out. */
  readonly best: string | null;
  /** Total loss of the last steps. */
  readonly losses: readonly number[];
  /** Losses of all stages at the last step, that of the top last. */
  readonly stages: readonly number[];
  /** Of the last epoch: what is told of the validation part and of training. */
  readonly epoch: Figures;
  /** Hash of what was observed, where the case asks for it. */
  readonly observed?: string;
}

/** What is recorded of a case. */
export interface Outcome extends Trained {
  /** Of the trained net on the test part. */
  readonly test: Figures;
}

const LAST_STEPS = 3;
const MAXIMUM_PAGES = 2048;

// ---------------------------------------------------------------------------------------------------------------- cases

/** Trains a case from the start and measures what came out. */
export async function trainCase(given: Case, threads: number): Promise<Outcome> {
  if (given.parts) return { ...(await trainInParts(given)), test: {} };
  return withTeam(threads, async (team) => {
    const made = await prepare(team, given);
    const { trained } = await made.run({});
    return { ...trained, test: await made.measure() };
  });
}

/** As `trainCase` without the measurements, but stopped half-way and gone on with in new objects, from the bytes that were saved. */
export async function resumeCase(given: Case): Promise<Trained> {
  if (given.parts) return trainInParts(given, true);
  const half = await withTeam(1, async (team) => {
    const made = await prepare(team, given);
    return made.run({ stopBefore: Math.floor(made.totalSteps / 2) });
  });
  return withTeam(1, async (team) => {
    const made = await prepare(team, given);
    const { trained } = await made.run({ resume: half.last });
    return { ...trained, best: trained.best ?? half.trained.best };
  });
}

async function withTeam<T>(threads: number, use: (team: Team) => Promise<T>): Promise<T> {
  const team = await Team.create({ threads, spawn: spawnThread, maximumPages: MAXIMUM_PAGES });
  try {
    return await use(team);
  } finally {
    await team.close();
  }
}

interface RunOptions {
  readonly stopBefore?: number;
  /** Bytes of a `last` checkpoint. */
  readonly resume?: Uint8Array;
}

interface Finished {
  readonly trained: Trained;
  readonly last: Uint8Array;
}

/** An experiment of any kind, ready to be trained once and measured. */
interface Prepared {
  readonly totalSteps: number;
  run(options: RunOptions): Promise<Finished>;
  measure(): Promise<Figures>;
}

async function prepare(team: Team, { config, data }: Pick<Case, "config" | "data">): Promise<Prepared> {
  return prepareResolved(team, resolveAnyConfig(fromVersion1(config)), data);
}

async function prepareResolved(team: Team, resolved: AnyConfig, data: DataName): Promise<Prepared> {
  if (isSequenceConfig(resolved)) {
    const sequence = await sequenceOf(resolved);
    const experiment = createSequenceExperiment(team, resolved, sequence);
    return {
      totalSteps: experiment.task.totalSteps,
      run: (options) => run(experiment, options, sequenceEpoch),
      measure: () => measureSequence(experiment.learner, sequence, resolved),
    };
  }
  const dataset = datasetOf(data as PicturesName);
  if (isAutoencoderConfig(resolved)) {
    const experiment = createAutoencoderExperiment(team, resolved, dataset);
    return {
      totalSteps: experiment.task.totalSteps,
      run: (options) => run(experiment, options, autoencoderEpoch),
      measure: () => measureAutoencoder(experiment.model, dataset, resolved),
    };
  }
  const experiment = createExperiment(team, resolved, dataset);
  return {
    totalSteps: experiment.task.totalSteps,
    run: (options) => run(experiment, options, imageEpoch),
    measure: () => measureImages(experiment.model, dataset, resolved),
  };
}

function datasetOf(name: PicturesName): Dataset {
  const { height, width, channels, classes, train, test } = pictures(name);
  const classNames = Array.from({ length: classes }, (_, c) => `column ${c}`);
  return { name, shape: { height, width, channels }, classes, classNames, train, test, provenance: [] };
}

function sequenceOf(config: SequenceConfig): Promise<Sequence> {
  const text = config.task === "next-character";
  const content = text ? madeText() : madeSeries();
  return assembleSequence(new TextEncoder().encode(content), text ? "made.txt" : "made.csv", sequenceRequest(config));
}

interface StepLine {
  readonly loss: number;
  readonly stageLosses: readonly number[];
  readonly topLoss: number;
}

async function run<K extends TrainableKind>(
  experiment: { readonly task: Trainable<K> },
  { stopBefore = Number.POSITIVE_INFINITY, resume }: RunOptions,
  epochFigures: (line: never) => Figures,
): Promise<Finished> {
  const checkpoint = resume && decodeAnyCheckpoint(resume);
  const saved: Partial<Record<"last" | "best", Uint8Array>> = {};
  const lines: StepLine[] = [];
  const observations: Observation[] = [];
  let epoch: Figures = {};
  let steps = checkpoint?.position.step ?? 0;
  await trainExperiment(experiment, {
    sink: {
      onStep: (_report, line) => {
        steps = line.step;
        lines.push(line as unknown as StepLine);
      },
      onMetrics: (line) => {
        if (line.kind === "epoch") epoch = epochFigures(line as never);
      },
      onObservation: (observation) => observations.push(observation),
      onCheckpoint: (which, bytes) => {
        saved[which] = bytes.slice();
      },
    },
    stopped: () => steps >= stopBefore,
    ...(checkpoint ? { resume: checkpoint as unknown as K["checkpoint"] } : {}),
  });
  if (!saved.last) throw new Error("training ended without a checkpoint");
  const { stageLosses, topLoss } = lines.at(-1) ?? { stageLosses: [], topLoss: 0 };
  const trained = {
    steps,
    tensors: tensorHash(decodeAnyCheckpoint(saved.last).tensors),
    best: saved.best ? tensorHash(decodeAnyCheckpoint(saved.best).tensors) : null,
    losses: lines.slice(-LAST_STEPS).map(({ loss }) => loss),
    stages: [...stageLosses, topLoss],
    epoch,
    ...(observations.length > 0 && !resume ? { observed: textHash(observations.flatMap(numbersOf).join()) } : {}),
  };
  return { trained, last: saved.last };
}

// --------------------------------------------------------------------------------------------------------- epoch lines

interface ImageEpoch {
  readonly validationAccuracy: number | null;
  readonly trainLoss: number;
  readonly trainAccuracy: number;
  readonly hamming: readonly number[];
  readonly hammingShuffled: readonly number[];
  readonly rates: readonly number[];
}

const imageEpoch = (line: ImageEpoch): Figures => ({
  accuracy: line.validationAccuracy,
  trainLoss: line.trainLoss,
  trainAccuracy: line.trainAccuracy,
  hamming: line.hamming,
  hammingShuffled: line.hammingShuffled,
  rates: line.rates,
});

interface SequenceEpoch {
  readonly trainLoss: number;
  readonly rates: readonly number[];
  readonly validationAccuracy?: number | null;
  readonly validationBits?: number | null;
  readonly trainAccuracy?: number;
  readonly trainBits?: number;
  readonly validationMse?: number | null;
  readonly validationMae?: number | null;
  readonly trainMse?: number;
}

function sequenceEpoch(line: SequenceEpoch): Figures {
  const common = { trainLoss: line.trainLoss, rates: line.rates };
  if (line.trainMse !== undefined)
    return { mse: line.validationMse!, mae: line.validationMae!, trainMse: line.trainMse, ...common };
  const { validationAccuracy, validationBits, trainAccuracy, trainBits } = line;
  return {
    accuracy: validationAccuracy!,
    bits: validationBits!,
    trainAccuracy: trainAccuracy!,
    trainBits: trainBits!,
    ...common,
  };
}

interface AutoencoderEpoch {
  readonly validationPerceptionMse: number | null;
  readonly validationRecallMse: number | null;
  readonly trainLoss: number;
  readonly trainPerceptionLoss: number;
  readonly trainRecallLoss: number;
  readonly perceptionRates: readonly number[];
  readonly recallRates: readonly number[];
}

const autoencoderEpoch = (line: AutoencoderEpoch): Figures => ({
  perceptionMse: line.validationPerceptionMse,
  recallMse: line.validationRecallMse,
  trainLoss: line.trainLoss,
  trainPerceptionLoss: line.trainPerceptionLoss,
  trainRecallLoss: line.trainRecallLoss,
  perceptionRates: line.perceptionRates,
  recallRates: line.recallRates,
});

// -------------------------------------------------------------------------------------------------------- measurements

const everyIndex = ({ count }: { readonly count: number }) => Int32Array.from({ length: count }, (_, index) => index);
/** Images looked at for decisions. */
const SHOWN = 8;

async function measureImages(model: ImageModel, dataset: Dataset, config: ExperimentConfig): Promise<Figures> {
  const { train, test, shape, classes } = dataset;
  const indices = everyIndex(test);
  const { accuracy, driveAccuracy, confusion } = await evaluate(model, test, indices);
  const shown = Math.min(SHOWN, config.train.batch);
  model.load(test, indices, 0, shown);
  model.perceive(shown);
  const decisions = hashOf(
    decideImages(model, shown).flatMap((decision) => [
      Float64Array.of(decision.class),
      decision.cosines,
      decision.drives,
    ]),
  );
  const perception = {
    accuracy,
    driveAccuracy,
    confusion: textHash(JSON.stringify(confusion)),
    decisions,
    onnx: await exported(() => perceptionOnnx(model).bytes),
    onnxStep: await exported(() => perceptionOnnx(model, { mode: "step", spikes: true }).bytes),
    nir: await exported(() => nirBytes(perceptionToNir(model))),
  };
  if (!(model instanceof Model) || !trainsRecall(config.rule)) return perception;
  const means = classMeans(train, everyIndex(train), shape, classes);
  // With negatives of the batch there may be fewer rows for recall than classes.
  const reconstructed = await exported(() => bytesOf(recallImages(model, means).images));
  return {
    ...perception,
    redrawn: reconstructed,
    onnxRecall: await exported(() => recallOnnx(model, { classMeans: means }).bytes),
    nirRecall: await exported(() => nirBytes(recallToNir(model))),
  };
}

const PROMPT = [0, 1, 2];
const GENERATED = 40;

async function measureSequence(
  learner: SequenceLearner,
  { set, about, windows }: Sequence,
  config: SequenceConfig,
): Promise<Figures> {
  const measured = await evaluateSequence(learner, set, about, set.parts.test);
  if (measured.kind === "characters") {
    const { accuracy, bits } = measured;
    const stepper = stepperOf(learner);
    const generated = generateSymbols(stepper, PROMPT, { length: GENERATED, seed: 7 }).join(" ");
    const greedy = generateSymbols(stepper, PROMPT, { length: GENERATED, greedy: true }).join(" ");
    if (!(learner instanceof SequenceBsd)) return { accuracy, bits, generated, greedy };
    const fit = fitSymbols(learner, set, windows.train, config.rule.centred);
    const reconstructed = reconstructSymbols(learner, set, windows.test.slice(0, 8), fit).join(" ");
    return { accuracy, bits, generated, greedy, redrawn: reconstructed };
  }
  const { mse, mae } = measured;
  const horizon = config.task === "forecast" ? (config.data.horizon ?? 1) : 0;
  const { predicted } = predictSeries(stepperOf(learner), set, set.parts.test, { horizon, past: config.data.window });
  const forecast = hashOf([predicted]);
  if (!(learner instanceof SequenceBsd)) return { mse, mae, forecast };
  const fits = fitColumns(learner, set, windows.train);
  const reconstructed = hashOf([reconstructValues(learner, set, windows.test.slice(0, 8), fits)]);
  return { mse, mae, forecast, redrawn: reconstructed };
}

async function measureAutoencoder(
  model: AutoencoderModel,
  dataset: Dataset,
  { network, rule, train }: AutoencoderConfig,
): Promise<Figures> {
  const { test } = dataset;
  const { learner } = model;
  const indices = everyIndex(test);
  const errors = await reconstructedErrors(model, test, indices, learner.reconstructors);
  const drawings: Float32Array[] = [];
  for await (const { reconstructed } of reconstructedBatches(model, test, indices, learner.reconstructors))
    drawings.push(...reconstructed);
  const figures = { errors, redrawn: hashOf(drawings) };
  const { latent } = learner;
  if (!latent) return figures;
  const shown = Math.min(SHOWN, learner.maxImages);
  const latents: ArrayBufferView[] = [];
  for (const by of learner.reconstructors) {
    model.load(test, indices, 0, shown);
    const spikes = latent.encode(shown, by);
    latents.push(spikes, latent.decode(spikes, shown, by).slice(0, shown * learner.stimulusWidth));
  }
  const nir = await withTeam(1, async (team) => {
    const image = autoencoderFrame(network, model.data.shape);
    const networks = rule.name === "bsd" ? "both" : "perception";
    const pair = new AutoencoderPair(team, { ...network, image, maxImages: 1, seed: train.seed, networks });
    const tensors = new Map(Array.from(learner.slots(false), (slot) => [slot.name, tensorOf(slot)] as const));
    importSlots(pair.slots(false), tensors);
    return exported(() => nirBytes(autoencoderToNir(pair, model.data, { until: "latent" })));
  });
  return { ...figures, latent: hashOf(latents), nir };
}

function tensorOf(slot: { readonly shape: readonly number[]; read(): Float32Array }) {
  return { dtype: "F32" as const, shape: [...slot.shape], data: slot.read() };
}

const nirBytes = (graph: NirGraph) => encodeNir(graph);

/** Hash of exported bytes, or which kind of error refuses it. */
async function exported(make: () => Uint8Array | Promise<Uint8Array>): Promise<string> {
  try {
    return hashOf([await make()]);
  } catch (error) {
    if (error instanceof BispikeError) return `refused: ${error.code}`;
    throw error;
  }
}

// --------------------------------------------------------------------------------------------------------------- parts

/** Trains an image case in parts that hand each other spikes, all in this process; with `halfway` new objects go on from what all parts had saved half-way. */
async function trainInParts({ config, data, parts }: Case, halfway = false): Promise<Trained> {
  const { after, depth = 0 } = parts!;
  const resolved = resolveConfig(fromVersion1(config));
  const kept = after.concat(0).map(() => new Map<number, Uint8Array>());
  // In step, a part may stop anywhere; with a depth the bytes are the same from a step that all have saved, where a segment ends.
  const stop = halfway && depth === 0 ? { stopBefore: HALFWAY } : {};
  let losses = await partsRun(resolved, data, { after, depth, kept, ...stop });
  if (halfway) {
    for (const saves of kept) for (const step of saves.keys()) if (step > HALFWAY) saves.delete(step);
    losses = await partsRun(resolved, data, { after, depth, kept });
  }
  const step = Math.max(...kept[0]!.keys());
  const joined = joinParts(kept.map((saves) => decodePart(saves.get(step)!, "part")));
  return {
    steps: step,
    tensors: tensorHash(decodeAnyCheckpoint(joined).tensors),
    best: null,
    losses,
    stages: [],
    epoch: {},
  };
}

/** Steps. */
const HALFWAY = 10;

interface PartsRun {
  readonly after: readonly number[];
  readonly depth: number;
  /** What each part has saved, by step. */
  readonly kept: readonly Map<number, Uint8Array>[];
  readonly stopBefore?: number;
}

/** @returns losses of the last steps of all parts, lowest part first */
async function partsRun(config: ExperimentConfig, data: DataName, options: PartsRun): Promise<number[]> {
  const { after, depth, kept, stopBefore = Number.POSITIVE_INFINITY } = options;
  const teams: Team[] = [];
  try {
    const parts: Part[] = [];
    for (const range of rangesOf([...after], config.network.hidden.length + 2)) {
      const team = await Team.create({ maximumPages: MAXIMUM_PAGES });
      teams.push(team);
      parts.push(createPart(team, config, datasetOf(data as PicturesName), range));
    }
    const neighbours: { above?: Channel; below?: Channel }[] = parts.map(() => ({}));
    for (let k = 0; k + 1 < parts.length; k++) {
      const limits = { ...limitsOf(parts[k]!.model.pair, "above"), ...limitsOf(parts[k + 1]!.model.pair, "below") };
      const [lower, upper] = channelPair(limits);
      neighbours[k]!.above = lower;
      neighbours[k + 1]!.below = upper;
    }
    const losses = parts.map((): number[] => []);
    await Promise.all(
      parts.map((part, k) => {
        let done = 0;
        return trainPart(part, neighbours[k]!, {
          depth,
          saveEvery: 8,
          coding: "bits",
          software: "characterisation",
          saved: [...kept[k]!.keys()],
          load: (step) => decodePart(kept[k]!.get(step)!, "part"),
          onStart: (step) => {
            done = step;
          },
          onStep: (line) => {
            done = line.step;
            losses[k]!.push(line.report.loss);
          },
          onSave: (step, bytes) => kept[k]!.set(step, bytes.slice()),
          stopped: () => k === 0 && done >= stopBefore,
        });
      }),
    );
    return losses.flatMap((own) => own.slice(-1));
  } finally {
    for (const team of teams) await team.close();
  }
}

// ----------------------------------------------------------------------------------------------------------- run folders

/** What a run folder's best checkpoint, else its last, gives on the test part. */
export async function measureRun(folder: string, data: DataName): Promise<Figures> {
  const { checkpoint } = openAnyCheckpoint(folder);
  if (checkpoint.problem === "sequence") {
    const { learner, team } = await openSequence(folder, 1);
    try {
      return await measureSequence(learner, await sequenceOf(checkpoint.config), checkpoint.config);
    } finally {
      await team.close();
    }
  }
  const dataset = datasetOf(data as PicturesName);
  if (checkpoint.problem === "autoencode") {
    const { model, team } = await openAutoencoder(folder, 1);
    try {
      return await measureAutoencoder(model, dataset, checkpoint.config);
    } finally {
      await team.close();
    }
  }
  const { model, team } = await openModel(folder, 1);
  try {
    return await measureImages(model, dataset, checkpoint.config as ExperimentConfig);
  } finally {
    await team.close();
  }
}

/** Where a run's newest checkpoint stands, and the hash of its tensors. */
export function describeRun(folder: string): { readonly steps: number; readonly tensors: string } {
  const { checkpoint } = openAnyCheckpoint(folder, "last");
  return { steps: checkpoint.position.step, tensors: tensorHash(checkpoint.tensors) };
}

/** Goes on with a run from its last checkpoint, to its end. */
export function finishRun(bytes: Uint8Array, data: DataName): Promise<Trained> {
  const { config }: AnyCheckpoint = decodeAnyCheckpoint(bytes);
  return withTeam(
    1,
    async (team) => (await (await prepareResolved(team, config, data)).run({ resume: bytes })).trained,
  );
}

/** Hash of the whole pair's tensors that files of parts join to. */
export function joinRun(parts: readonly Uint8Array[]): { readonly steps: number; readonly tensors: string } {
  const { position, tensors } = decodeAnyCheckpoint(joinParts(parts.map((bytes) => decodePart(bytes, "part"))));
  return { steps: position.step, tensors: tensorHash(tensors) };
}

// --------------------------------------------------------------------------------------------------------------- hashes

const DIGITS = 16;

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function hashOf(views: readonly ArrayBufferView[]): string {
  const hash = createHash("sha256");
  for (const view of views) hash.update(bytesOf(view));
  return hash.digest("hex").slice(0, DIGITS);
}

const textHash = (text: string) => hashOf([new TextEncoder().encode(text)]);

interface NamedTensor {
  readonly shape: readonly number[];
  readonly data: ArrayBufferView;
}

function tensorHash(tensors: ReadonlyMap<string, NamedTensor>): string {
  const hash = createHash("sha256");
  for (const name of [...tensors.keys()].sort()) {
    const { shape, data } = tensors.get(name)!;
    hash.update(`${name} ${shape.join()} `).update(bytesOf(data));
  }
  return hash.digest("hex").slice(0, DIGITS);
}

/** Every number in a value, in the order of its keys' alphabet. */
function numbersOf(value: unknown): number[] {
  if (typeof value === "number") return [value];
  if (Array.isArray(value)) return value.flatMap(numbersOf);
  if (value === null || typeof value !== "object") return [];
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.flatMap(([, inner]) => numbersOf(inner));
}
