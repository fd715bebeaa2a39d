/**
 * bispike: pairs of spiking networks, perception and recall, that teach each other.
 *
 * `train` a net on data of `bispike/data`, `load` a trained one, and use the `Run` that both give. The same in Node, in workers and in pages; in Node threads, files and run folders are found by
 * themselves. One level below lie experiments (`createExperiment`, `trainExperiment`), models, rules and the engine.
 *
 * What a caller can cause is a `BispikeError`, whose `code` says what kind of fault it is.
 *
 * @example
 * import { bsd, mlp, train } from "bispike";
 * import { images } from "bispike/data";
 *
 * const run = await train({ data: await images("mnist"), net: mlp([512, 256]), rule: bsd(), epochs: 1 });
 * const { label, confidence } = await run.predict(new Float32Array(28 * 28));
 * console.log(label, confidence);
 * await run.close();
 *
 * @module bispike
 */

export type { AugmentOptions } from "./data/augment.ts";
export { Augmenter, type VariedBatch } from "./data/augment.ts";
export { type Frame, fillBatch } from "./data/batch.ts";
export { addNoise, occlude, type Side } from "./data/cue.ts";
export type { Dataset, DecodedImage, FileRecord, ImageShape, Split } from "./data/dataset.ts";
export {
  type DatasetArrays,
  datasetOf,
  type ImageArrays,
  noisyLabels,
  splitValidation,
  type ValidationSplit,
} from "./data/dataset.ts";
export { type FrameLayout, fromFrameRows, toFrameRows } from "./data/frame-rows.ts";
export { decodeImage, fitImage } from "./data/image.ts";
export { type ChannelStatistics, channelStatistics } from "./data/normalise.ts";
export type { KernelArguments } from "./engine/bindings.generated.ts";
export type { KernelName } from "./engine/kernels.ts";
export { Arena } from "./engine/memory.ts";
export { permutation, RandomStream } from "./engine/random.ts";
export { type KernelProfile, type Span, type SpawnThread, Team, type TeamOptions, type Thread } from "./engine/team.ts";
export { serve, type ThreadStart } from "./engine/team-loop.js";
export { BispikeError, type ErrorCode } from "./errors.ts";
export type { Dtype } from "./formats/safetensors.ts";
export { decodeSafetensors, encodeSafetensors, type SafetensorsFile, type Tensor } from "./formats/safetensors.ts";
export type { Affinity, AlignmentLoss, Coefficients } from "./losses/affinity.ts";
export { type CosineRow, cosineRows, type RowLoss } from "./losses/affinity.ts";
export { type FrequencyOptions, frequencyDefaults } from "./losses/bands.ts";
export { type AffinityKind, type InfoNceOptions, infonce } from "./losses/infonce.ts";
export { type Pairing, pairing, pairingRoom, type Rivals } from "./losses/pairings.ts";
export {
  type MseOptions,
  mse,
  type RecoOptions,
  reco,
  registerStageLoss,
  type StageLossFactory,
  type StageLossName,
  type StageLossSettings,
} from "./losses/stage-loss.ts";
export { type Decision, decide, decideImages } from "./measure/decide.ts";
export { type Evaluation, evaluate, type Meter } from "./measure/evaluate.ts";
export { classMeans, type RecalledImages, recallImages } from "./measure/recall.ts";
export { type LayerKind, type LayerPlace, registerLayerKind } from "./nets/build.ts";
export { conceptSpikes, perceive, perceiveHidden, recallConcepts } from "./nets/inference.ts";
export {
  type AnnImageRows,
  AnnModel,
  type DataSummary,
  type ImageModel,
  Model,
  type ModelOptions,
  type StimulusRows,
  spikingModel,
} from "./nets/model.ts";
export { type Feature, type NeuronParameters, neuronDefaults, type Pooling } from "./nets/neuron.ts";
export type { RecallPaths } from "./nets/pair.ts";
export { type NetworkOptions, NetworkPair, type PairOptions } from "./nets/pair.ts";
export type { Slot, Stateful } from "./nets/parameters.ts";
export type { Shape } from "./nets/shape.ts";
export {
  type Activation,
  type Connections,
  chain,
  type HiddenSpec,
  type LayerSpec,
  type MirrorOptions,
  mirror,
  type PairSpec,
  type SynapsesSpec,
  type UnitsSpec,
} from "./nets/spec.ts";
export type { StimulusCoding } from "./nets/stimulus-codes.ts";
export { type TargetCode, type TargetCoding, targetCode } from "./nets/target-codes.ts";
export { Bsd, type BsdOptions } from "./problems/classify.ts";
export {
  type AnnImageNet,
  type AnnImageNetOptions,
  type AnnImageRule,
  annImageNet,
  authorsActivations,
} from "./rules/ann-images.ts";
export { Backprop, ImageAnnBackprop } from "./rules/backprop.ts";
export type { Freeze } from "./rules/bsd.ts";
export { AnnBsd, type AnnBsdOptions } from "./rules/bsd-ann.ts";
export { CounterCurrent, type CounterCurrentOptions, counterCurrentDefaults } from "./rules/ccl.ts";
export {
  type Criterion,
  criteria,
  criteriaOf,
  criteriaOfBsd,
  criteriaOfRules,
  criteriaTable,
  type DecidingOptions,
  type RuleCriteria,
  type VariantCriteria,
} from "./rules/criteria.ts";
export { ImageDll, type ImageDllOptions, imageDllDefaults } from "./rules/dll.ts";
export { DirectFeedbackAlignment, FeedbackAlignment } from "./rules/feedback-alignment.ts";
export { LocalLosses } from "./rules/local-losses.ts";
export { AdamW, type OptimiserOptions } from "./rules/optimiser.ts";
export type { PerceptionOptions } from "./rules/perception-rule.ts";
export {
  ImagePredictiveCoding,
  type ImagePredictiveCodingOptions,
  imagePredictiveCodingDefaults,
} from "./rules/predictive-coding.ts";
export { RewardTiming, type RewardTimingOptions, type SpikeTimingOptions } from "./rules/r-stdp.ts";
export type { HomeostasisOptions } from "./rules/rate-regularisation.ts";
export type { Batch, LearningRates, Rule, StepReport } from "./rules/rule.ts";
export type { TopLoss } from "./rules/top.ts";
export { type Checkpoint, encodeCheckpoint, type Position } from "./training/checkpoint.ts";
export {
  checkedConfig,
  type DataConfig,
  defaults,
  type ExperimentConfig,
  type ImageDataConfig,
  isAnnRule,
  type NetworkConfig,
  type ObserveConfig,
  type RuleConfig,
  resolveConfig,
  type StdpConfig,
  type TrainConfig,
} from "./training/config.ts";
export type { ImageInput } from "./training/data-sources.ts";
export { createExperiment, type Experiment } from "./training/experiment.ts";
export type { EpochMetrics, MetricLine, StepMetrics } from "./training/metrics.ts";
export {
  type AutoencoderNetOptions,
  autoencoder,
  cnn,
  type ImageNetOptions,
  mlp,
  type NetChoice,
  type Partly,
  type RecurrentOptions,
  recurrent,
} from "./training/nets.ts";
export { createModel, createRule, trainsRecall } from "./training/nets-and-rules.ts";
export type { Observation, ObservedSpikes, ObservedStage } from "./training/observer.ts";
export type { ThreadOptions } from "./training/platform.ts";
export { decodeCheckpoint } from "./training/read-checkpoint.ts";
export { type RuleDefinition, type RuleSettings, registerRule } from "./training/registered-rules.ts";
export type { AnyRuleName } from "./training/rule-names.ts";
export {
  type BsdAnnOptions,
  type BsdRuleOptions,
  backprop,
  backpropAnn,
  bsd,
  bsdAnn,
  type CclOptions,
  ccl,
  type DllRuleOptions,
  directFeedbackAlignment,
  dll,
  feedbackAlignment,
  type LocalLossesOptions,
  localLosses,
  type PerceptionRuleOptions,
  type PredictiveCodingRuleOptions,
  predictiveCoding,
  type RStdpOptions,
  type RuleChoice,
  rStdp,
} from "./training/rules.ts";
export {
  type DefaultNet,
  type LoadOptions,
  load,
  type NetFor,
  type Run,
  type RunOf,
  type Step,
  type TrainOptions,
  train,
} from "./training/run.ts";
export type { EpochOf, PixelImage } from "./training/run-base.ts";
export {
  type AutoencodeEpoch,
  AutoencodeRun,
  ClassifyRun,
  type DrawOptions,
  type ImageEpoch,
  type ImagePrediction,
  type Part,
  type Reconstruction,
  type ReconstructionErrors,
} from "./training/run-images.ts";
export {
  type Forecast,
  type GenerateTextOptions,
  type NextCharacter,
  type NextValues,
  type SeriesEpoch,
  type SeriesRow,
  SeriesRun,
  type TextEpoch,
  TextRun,
} from "./training/run-sequence.ts";
export { exportState, importState } from "./training/state.ts";
export type { Best, Place, StepMoment, Trainable, TrainableKind } from "./training/trainable.ts";
export {
  learningRate,
  type Moment,
  type Progress,
  type RunSink,
  type TrainerOptions,
  type TrainingResult,
  trainExperiment,
} from "./training/trainer.ts";
