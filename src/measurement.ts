/**
 * `bispike/measurement`: what is measured of trained networks beyond accuracy — operations and energy as NeuroBench counts them, representation, recall for its own sake, what is foreign, and
 * generated images. Runs in browsers too.
 *
 * @example
 * const meter = new CostMeter(model.pair);
 * await evaluate(model, dataset.test, indices, undefined, [meter]);
 * picojoules(meter.result().perception.operations); // energy of an image's arithmetic
 */
export { auroc } from "./measurement/auroc.ts";
export { type BandErrors, bandErrors, DEFAULT_CUT } from "./measurement/band-errors.ts";
export { type Classifier, modelClassifier } from "./measurement/classifier.ts";
export { CostMeter, type NetworkCost, type PairCost } from "./measurement/cost.ts";
export { CUE_SEVERITIES, type CuedRecall, type CueOptions, cuedRecall } from "./measurement/cued-recall.ts";
export { effectiveRank } from "./measurement/effective-rank.ts";
export { ENERGY_PRESETS, type EnergyPreset, picojoules } from "./measurement/energy.ts";
export { FeatureStatistics, type Gaussian } from "./measurement/feature-statistics.ts";
export { distanceName, type FeatureExtractor } from "./measurement/features/extractor.ts";
export { type InputRange, type InputScaling, inputRanges } from "./measurement/features/net-input.ts";
export { spikeFeatures } from "./measurement/features/spike-features.ts";
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
export type { Pixels } from "./measurement/image-rows.ts";
export { type MismatchScores, mismatchScores } from "./measurement/mismatch.ts";
export type { Operations } from "./measurement/operations.ts";
export { meanSquaredErrors, peakSignalToNoise } from "./measurement/psnr.ts";
export { measureRecall, type PictureSimilarity, type RecallMeasures } from "./measurement/recall-measures.ts";
export { type Representation, RepresentationMeter } from "./measurement/representation.ts";
export { structuralSimilarities } from "./measurement/ssim.ts";
export { type TrainingCost, trainingCost } from "./measurement/training-cost.ts";
export { type WeightAlignment, weightAlignment } from "./measurement/weight-alignment.ts";
