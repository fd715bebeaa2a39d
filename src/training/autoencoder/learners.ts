/** The net and rule that a configuration of an autoencoder experiment describes. */
import type { Team } from "../../engine/team.ts";
import { AutoencoderPair } from "../../network/autoencoder-pair.ts";
import type { DataSummary } from "../../network/model.ts";
import type { Shape } from "../../network/shape.ts";
import { autoencoderFrame } from "../../network/specs.ts";
import { AutoencoderBsd } from "../../problems/autoencode-ends.ts";
import { AutoencoderModel } from "../../problems/autoencode-model.ts";
import { AutoencoderAnnBackprop, AutoencoderBackprop } from "../../rules/backprop.ts";
import type { AutoencoderLearner } from "../../rules/rule.ts";
import type { AutoencoderConfig } from "./config.ts";

/**
 * Networks with their rule, untrained, for up to `train.batch` images at once.
 *
 * @param image the frame the images are put in, as `autoencoderFrame` gives it
 * @example
 * const learner = createAutoencoderLearner(team, config, autoencoderFrame(config.network, dataset.shape));
 */
export function createAutoencoderLearner(team: Team, config: AutoencoderConfig, image: Shape): AutoencoderLearner {
  const { network, rule, train } = config;
  const { weightDecay, clip, clipScope, seed } = train;
  const optimiser = { weightDecay, clip, clipScope };
  const keepGradients = clip > 0 && clipScope === "global";
  const sizes = { image, maxImages: train.batch, seed };
  switch (rule.name) {
    case "bsd":
      return new AutoencoderBsd(new AutoencoderPair(team, { ...network, ...sizes, keepGradients }), rule, optimiser);
    case "backprop": {
      const pair = new AutoencoderPair(team, { ...network, ...sizes, networks: "perception", keepDrives: true });
      return new AutoencoderBackprop(pair, optimiser);
    }
    case "backprop-ann":
      return new AutoencoderAnnBackprop(team, { ...network, ...sizes }, optimiser);
  }
}

/**
 * The model a configuration describes, for given data; untrained.
 *
 * @throws BispikeError "shape" when the network does not fit the images
 * @example
 * const model = createAutoencoder(team, checkpoint.config, checkpoint.data);
 * importState(model.learner, checkpoint.tensors, { optimiser: false });
 */
export function createAutoencoder(team: Team, config: AutoencoderConfig, data: DataSummary): AutoencoderModel {
  const frame = autoencoderFrame(config.network, data.shape);
  return new AutoencoderModel(createAutoencoderLearner(team, config, frame), frame, data);
}
