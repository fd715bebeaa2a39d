/** The configuration of an autoencoder experiment: see `../config.ts`. */
export {
  type AutoencoderConfig,
  type AutoencoderNetworkConfig,
  type AutoencoderRuleConfig,
  autoencoderDefaults,
  type FrequencyConfig,
  resolveAutoencoderConfig,
} from "../config.ts";
