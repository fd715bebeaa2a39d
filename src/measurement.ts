/**
 * `bispike/measurement`: what is measured of trained networks beyond accuracy — operations and energy as NeuroBench counts them, representation, recall for its own sake, what is foreign,
 * robustness, and generated images. Runs in browsers too.
 *
 * @example
 * const meter = new CostMeter(model.pair);
 * await evaluate(model, dataset.test, indices, undefined, [meter]);
 * picojoules(meter.result().perception.operations); // energy of an image's arithmetic
 *
 * @module bispike/measurement
 */
export { auroc } from "./measurement/auroc.ts";
export { BackpropTwin, type StageAngle } from "./measurement/backprop-twin.ts";
export { type BandErrors, bandErrors, DEFAULT_CUT } from "./measurement/band-errors.ts";
export { type Classifier, modelClassifier } from "./measurement/classifier.ts";
export { blurKernel, gaussianBlur } from "./measurement/corruptions/blur.ts";
export { lessContrast } from "./measurement/corruptions/contrast.ts";
export {
  type CorruptOptions,
  corruptImage,
  corruptSplit,
  imageCorruptions,
} from "./measurement/corruptions/corrupt.ts";
export type { Corruption } from "./measurement/corruptions/corruption.ts";
export {
  CORRUPTIONS,
  type CorruptionName,
  IMAGE_CORRUPTIONS,
  type ImageCorruptionName,
  SEVERITIES,
} from "./measurement/corruptions/names.ts";
export { gaussianNoise } from "./measurement/corruptions/noise.ts";
export { occludeSquare, type Square } from "./measurement/corruptions/occlusion.ts";
export { shiftImage } from "./measurement/corruptions/shift.ts";
export { WEIGHT_NOISE, type WeightNoiseOptions, withNoisyWeights } from "./measurement/corruptions/weights.ts";
export { CostMeter, countedNet, type NetworkCost, type PairCost } from "./measurement/cost.ts";
export {
  CUE_SEVERITIES,
  type CuedRecall,
  type CueKind,
  type CueOptions,
  cuedRecall,
} from "./measurement/cued-recall.ts";
export { effectiveRank } from "./measurement/effective-rank.ts";
export { ENERGY_PRESETS, type EnergyPreset, picojoules } from "./measurement/energy.ts";
export { FeatureStatistics, type Gaussian } from "./measurement/feature-statistics.ts";
export { distanceName, type FeatureExtractor } from "./measurement/features/extractor.ts";
export { type InputRange, type InputScaling, inputRanges } from "./measurement/features/net-input.ts";
export { spikeFeatures } from "./measurement/features/spike-features.ts";
export type { Footprint, Weighted } from "./measurement/footprint.ts";
export { type FrechetDistance, type FrechetNote, frechetDistance } from "./measurement/frechet.ts";
export {
  featureStatistics,
  type GenerationBatch,
  type GenerationMeasures,
  GenerationMeter,
  type GenerationOptions,
  type ImageBatch,
  measureGeneration,
  type NamedFrechet,
} from "./measurement/generation.ts";
export { type GradientAngle, gradientAngle } from "./measurement/gradient-angle.ts";
export type { Pixels } from "./measurement/image-rows.ts";
export type { LayerCost } from "./measurement/layer-meter.ts";
export { type MismatchScores, mismatchScores } from "./measurement/mismatch.ts";
export type { Effective, Operations } from "./measurement/operations.ts";
export { type ClassSeparation, ClassSpread } from "./measurement/probes/class-spread.ts";
export { ProbeMeter, type ProbeOptions, type Probes, type StageProbe } from "./measurement/probes.ts";
export { meanSquaredErrors, peakSignalToNoise } from "./measurement/psnr.ts";
export { measureRecall, type PictureSimilarity, type RecallMeasures } from "./measurement/recall-measures.ts";
export { type Representation, RepresentationMeter, type StageRepresentation } from "./measurement/representation.ts";
export {
  type CorruptionScore,
  measureRobustness,
  type Robustness,
  type RobustnessOptions,
  type SeverityScore,
} from "./measurement/robustness.ts";
export { parametersOf, type RuleFootprint, ruleFootprint } from "./measurement/rule-footprint.ts";
export { structuralSimilarities } from "./measurement/ssim.ts";
export { TRAINING_PARTS, type TrainingCost, trainingCost } from "./measurement/training-cost.ts";
export { type TrainingStep, trainingStep } from "./measurement/training-step.ts";
export {
  alignmentOf,
  type JoinedWeights,
  type WeightAlignment,
  weightAlignment,
} from "./measurement/weight-alignment.ts";
