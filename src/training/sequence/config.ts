/** The configuration of a sequence experiment: see `../config.ts`. */
export {
  resolveSequenceConfig,
  type SequenceConfig,
  type SequenceDataConfig,
  type SequenceNetworkConfig,
  type SequenceRuleConfig,
  sequenceConfigDefaults,
} from "../config.ts";
export type { Task } from "../settings/settings.ts";
