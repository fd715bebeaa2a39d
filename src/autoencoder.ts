/**
 * Autoencoders: pairs of networks that reconstruct images, and samplers of their latent spikes. Runs anywhere; reading files is in `bispike/node`.
 *
 * @example
 * import { Team, trainExperiment } from "bispike";
 * import { createAutoencoderExperiment, resolveAutoencoderConfig } from "bispike/autoencoder";
 * import { loadDataset } from "bispike/node";
 *
 * const config = resolveAutoencoderConfig({ task: "autoencode", data: { name: "mnist" }, train: { epochs: 1 } });
 * const team = await Team.create();
 * const experiment = createAutoencoderExperiment(team, config, await loadDataset(config.data));
 * await trainExperiment(experiment, {});
 * await team.close();
 *
 * @module bispike/autoencoder
 */

export { type ReconstructedBatch, reconstructedBatches, reconstructedErrors } from "./measure/reconstruction.ts";
export {
  type AutoencoderOptions,
  AutoencoderPair,
  type AutoencoderPairOptions,
  type Network,
} from "./nets/autoencoder-pair.ts";
export { type AutoencoderShape, autoencoderFrame, autoencoderShapes } from "./nets/specs.ts";
export { AutoencoderBsd, type AutoencoderBsdOptions, AutoencoderModel } from "./problems/autoencode-learners.ts";
export {
  CountStatistics,
  drawCorrelated,
  drawSpikes,
  evenTrains,
  interpolateRates,
  LatentStatistics,
  prototypeRates,
  ratesOf,
} from "./problems/latent.ts";
export type { AutoencoderLearner, AutoencoderReport, LatentAccess } from "./rules/rule.ts";
export { type ExperimentKind, experimentKind, isAutoencoderConfig } from "./training/any-config.ts";
export type { AutoencoderCheckpoint } from "./training/checkpoint.ts";
export {
  type AutoencoderConfig,
  type AutoencoderNetworkConfig,
  type AutoencoderRuleConfig,
  autoencoderDefaults,
  type FrequencyConfig,
  resolveAutoencoderConfig,
} from "./training/config.ts";
export { type AutoencoderExperiment, createAutoencoderExperiment } from "./training/experiment.ts";
export type { AutoencoderEpochMetrics, AutoencoderMetricLine, AutoencoderStepMetrics } from "./training/metrics.ts";
export { createAutoencoder, createAutoencoderLearner } from "./training/nets-and-rules.ts";
export { decodeAutoencoderCheckpoint } from "./training/read-checkpoint.ts";
