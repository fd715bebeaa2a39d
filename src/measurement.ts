/**
 * `bispike/measurement`: what is measured of trained networks beyond accuracy — operations and energy as NeuroBench counts them, representation, recall for its own sake, what is foreign,
 * robustness, and generated images. Runs in browsers too.
 *
 * @example
 * const meter = new CostMeter(model.net);
 * await evaluate(model, dataset.test, indices, undefined, [meter]);
 * picojoules(meter.result().perception.operations); // energy of an image's arithmetic
 *
 * @module bispike/measurement
 */

export {
  alignmentOf,
  BackpropTwin,
  type GradientAngle,
  gradientAngle,
  type JoinedWeights,
  type StageAngle,
  type WeightAlignment,
  weightAlignment,
} from "./measure/backprop-twin.ts";
export type { Corruption } from "./measure/corruptions.ts";
export {
  blurKernel,
  CORRUPTIONS,
  type CorruptionName,
  type CorruptOptions,
  corruptImage,
  corruptSplit,
  gaussianBlur,
  gaussianNoise,
  IMAGE_CORRUPTIONS,
  type ImageCorruptionName,
  imageCorruptions,
  lessContrast,
  occludeSquare,
  SEVERITIES,
  type Square,
  shiftImage,
} from "./measure/corruptions.ts";
export { CostMeter, type NetworkCost, type PairCost } from "./measure/cost.ts";
export type { Pixels } from "./measure/decide.ts";
export { type Classifier, modelClassifier } from "./measure/decide.ts";
export { ENERGY_PRESETS, type EnergyPreset, picojoules } from "./measure/energy.ts";
export {
  distanceName,
  type FeatureExtractor,
  type InputRange,
  type InputScaling,
  inputRanges,
  spikeFeatures,
} from "./measure/features.ts";
export type { Footprint, Weighted } from "./measure/footprint.ts";
export {
  FeatureStatistics,
  type FrechetDistance,
  type FrechetNote,
  frechetDistance,
  type Gaussian,
} from "./measure/frechet.ts";
export {
  featureStatistics,
  type GenerationBatch,
  type GenerationMeasures,
  GenerationMeter,
  type GenerationOptions,
  type ImageBatch,
  measureGeneration,
  type NamedFrechet,
} from "./measure/generation.ts";
export {
  type BandErrors,
  bandErrors,
  DEFAULT_CUT,
  meanSquaredErrors,
  peakSignalToNoise,
  structuralSimilarities,
} from "./measure/image-quality.ts";
export type { LayerCost } from "./measure/layer-meter.ts";
export { auroc, type MismatchScores, mismatchScores } from "./measure/mismatch.ts";
export type { Effective, Operations } from "./measure/operations.ts";
export { ProbeMeter, type ProbeOptions, type Probes, type StageProbe } from "./measure/probes.ts";
export {
  CUE_SEVERITIES,
  type CuedRecall,
  type CueKind,
  type CueOptions,
  cuedRecall,
  measureRecall,
  type PictureSimilarity,
  type RecallMeasures,
} from "./measure/recall.ts";
export {
  effectiveRank,
  type Representation,
  RepresentationMeter,
  type StageRepresentation,
} from "./measure/representation.ts";
export {
  type CorruptionScore,
  measureRobustness,
  type Robustness,
  type RobustnessOptions,
  type SeverityScore,
  WEIGHT_NOISE,
  type WeightNoiseOptions,
  withNoisyWeights,
} from "./measure/robustness.ts";
export { parametersOf, type RuleFootprint, ruleFootprint } from "./measure/rule-footprint.ts";
export { type ClassSeparation, ClassSpread } from "./measure/stage-features.ts";
export { TRAINING_PARTS, type TrainingCost, trainingCost } from "./measure/training-cost.ts";
export { type TrainingStep, trainingStep } from "./measure/training-step.ts";
