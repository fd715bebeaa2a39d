/**
 * bispike: pairs of spiking networks, perception and recall, that teach each other.
 *
 * This entry runs anywhere (Node, browsers, workers); files, worker threads and run folders are in `bispike/node`.
 *
 * @example
 * import { createExperiment, resolveConfig, Team, train } from "bispike";
 * import { loadDataset, spawnThread } from "bispike/node";
 *
 * const config = resolveConfig({ data: { name: "mnist" }, train: { epochs: 1 } });
 * const team = await Team.create({ threads: 2, spawn: spawnThread });
 * const experiment = createExperiment(team, config, await loadDataset(config.data));
 * const { best } = await train(experiment, {});
 * console.log(best?.score);
 * await team.close();
 */
export {
  type Affinity,
  type AlignmentLoss,
  type Coefficients,
  type Negatives,
  type Pairing,
  pairing,
  pairingRoom,
} from "./alignment/affinity.ts";
export { type InfoNceOptions, infonce } from "./alignment/infonce.ts";
export { type MseOptions, mse } from "./alignment/mse.ts";
export { type RecoOptions, reco } from "./alignment/reco.ts";
export type { StimulusCoding } from "./coding/stimulus.ts";
export { type TargetCode, type TargetCoding, targetCode } from "./coding/target.ts";
export { type Frame, fillBatch } from "./data/batch.ts";
export { addNoise, occlude, type Side } from "./data/cue.ts";
export type { Dataset, FileRecord, ImageShape, Split } from "./data/dataset.ts";
export { decodeImage, fitImage } from "./data/image.ts";
export { type ChannelStatistics, channelStatistics } from "./data/normalise.ts";
export { assembleSequence, type Sequence } from "./data/sequence/assemble.ts";
export type { Element, ElementKind } from "./data/sequence/element.ts";
export type { Fill } from "./data/sequence/gaps.ts";
export { type SequenceOptions, type SequenceTask, sequenceDefaults } from "./data/sequence/options.ts";
export { partDefaults, windowStarts } from "./data/sequence/parts.ts";
export { parseSeries, type ReaderOptions } from "./data/sequence/read-series.ts";
export type { SeriesData } from "./data/sequence/series.ts";
export { type ColumnStatistics, restore, type Standardise } from "./data/sequence/standardise.ts";
export {
  type SequenceSummary,
  type SeriesSummary,
  type TextSummary,
  targetStatistics,
} from "./data/sequence/summary.ts";
export {
  forecast,
  nextSymbol,
  type Range,
  regression,
  type SequenceInputs,
  type SequenceSet,
  type SequenceTargets,
  type SeriesOptions,
  type SeriesSet,
} from "./data/sequence/task.ts";
export {
  type Alphabet,
  decode as decodeSymbols,
  encode as encodeText,
  type Newline,
  type TextData,
  textOf,
  type Unknown,
} from "./data/sequence/text.ts";
export { splitHeldOut } from "./data/split.ts";
export { Arena } from "./engine/memory.ts";
export { permutation, RandomStream } from "./engine/random.ts";
export { type KernelProfile, type Span, type SpawnThread, Team, type TeamOptions, type Thread } from "./engine/team.ts";
export { BispikeError, type ErrorCode } from "./errors.ts";
export { decodeSafetensors, encodeSafetensors, type SafetensorsFile, type Tensor } from "./export/safetensors.ts";
export { firstSymbol, type GenerateOptions, generateSymbols } from "./inference/generate.ts";
export { predictSeries, type SeriesPrediction } from "./inference/predict-series.ts";
export {
  type ColumnFit,
  fitColumns,
  fitSymbols,
  redrawSymbols,
  redrawValues,
  redrawWindows,
  type SymbolFit,
} from "./inference/redraw.ts";
export { Bsd, type BsdOptions } from "./learning/bsd.ts";
export { AdamW, type OptimiserOptions } from "./learning/optimiser.ts";
export type { Batch, Rates, Rule, StepReport } from "./learning/rule.ts";
export { SequenceBsd } from "./learning/sequence/bsd.ts";
export type { SequenceLearner, SequenceOutputs, SequenceStepReport } from "./learning/sequence/learner.ts";
export { type Stepper, stepperOf } from "./learning/sequence/stepper.ts";
export { SequenceStream, type StreamOptions } from "./learning/sequence/stream.ts";
export { type Decision, decide } from "./measurement/decide.ts";
export { type Evaluation, evaluate } from "./measurement/evaluate.ts";
export { type NaiveForecasts, naiveForecasts } from "./measurement/naive-forecast.ts";
export { classMeans, type RecalledImages, recallImages } from "./measurement/recalled.ts";
export {
  type CharacterEvaluation,
  evaluateSequence,
  type SequenceEvaluation,
  type ValueEvaluation,
} from "./measurement/sequence.ts";
export type { Errors, TargetErrors, ValueFigures } from "./measurement/value-errors.ts";
export { conceptSpikes, perceive, recallConcepts } from "./network/inference.ts";
export { type DataSummary, Model, type ModelOptions } from "./network/model.ts";
export { type NeuronParameters, neuronDefaults } from "./network/neuron.ts";
export { type NetworkOptions, NetworkPair, type PairOptions } from "./network/pair.ts";
export type { Shape } from "./network/shape.ts";
export { type AnyCheckpoint, decodeAnyCheckpoint, isSequenceCheckpoint } from "./training/any-checkpoint.ts";
export { type AnyConfig, isSequenceConfig, resolveAnyConfig } from "./training/any-config.ts";
export { type Checkpoint, decodeCheckpoint, encodeCheckpoint, type Position } from "./training/checkpoint.ts";
export { defaults, type ExperimentConfig, resolveConfig } from "./training/config.ts";
export { createExperiment, createModel, type Experiment } from "./training/experiment.ts";
export type { EpochMetrics, MetricLine, StepMetrics } from "./training/metrics.ts";
export { learningRate } from "./training/schedule.ts";
export {
  decodeSequenceCheckpoint,
  encodeSequenceCheckpoint,
  type SequenceCheckpoint,
  type SequencePosition,
} from "./training/sequence/checkpoint.ts";
export {
  resolveSequenceConfig,
  type SequenceConfig,
  sequenceConfigDefaults,
} from "./training/sequence/config.ts";
export { createSequenceExperiment, type SequenceExperiment } from "./training/sequence/experiment.ts";
export { createSequenceLearner } from "./training/sequence/learners.ts";
export type { SequenceEpochMetrics, SequenceMetricLine, SequenceStepMetrics } from "./training/sequence/metrics.ts";
export { sequenceRequest } from "./training/sequence/request.ts";
export { exportState, importState } from "./training/state.ts";
export type { Best, Place, StepMoment, Trainable, TrainableKind } from "./training/trainable.ts";
export { type Progress, type RunSink, type TrainerOptions, type TrainingResult, train } from "./training/trainer.ts";
