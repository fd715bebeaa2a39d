/** The model and the learning rule that a configuration of an image experiment describes. */
import type { Team } from "../engine/team.ts";
import { Bsd } from "../learning/bsd.ts";
import { Backprop } from "../learning/image/backprop.ts";
import { DirectFeedbackAlignment } from "../learning/image/direct-feedback.ts";
import { FeedbackAlignment } from "../learning/image/feedback-alignment.ts";
import { LocalLosses } from "../learning/image/local-losses.ts";
import { RewardTiming } from "../learning/image/reward-timing.ts";
import type { Rule } from "../learning/rule.ts";
import { type DataSummary, Model } from "../network/model.ts";
import type { ExperimentConfig, ImageRuleName } from "./config.ts";

/** What each rule asks of its pair; all but bsd train perception alone. */
export const pairNeeds: Readonly<Record<ImageRuleName, { networks: "both" | "perception"; keepDrives: boolean }>> = {
  bsd: { networks: "both", keepDrives: false },
  backprop: { networks: "perception", keepDrives: true },
  "feedback-alignment": { networks: "perception", keepDrives: true },
  "direct-feedback-alignment": { networks: "perception", keepDrives: true },
  "local-losses": { networks: "perception", keepDrives: false },
  "r-stdp": { networks: "perception", keepDrives: true },
};

/** Whether a rule trains a recall network too. */
export function trainsRecall(rule: ImageRuleName): boolean {
  return pairNeeds[rule].networks === "both";
}

/**
 * The model a configuration describes, for given data; untrained.
 */
export function createModel(team: Team, config: ExperimentConfig, data: DataSummary): Model {
  const { network, rule, train } = config;
  const recalls = rule.negatives === "prototypes" ? { maxRecalls: data.classNames.length } : {};
  const keepGradients = train.clip > 0 && train.clipScope === "global";
  const sizes = { pool: rule.pool, seed: train.seed, maxImages: train.batch, ...recalls };
  return new Model(team, { network, ...sizes, ...pairNeeds[rule.name], keepGradients }, data);
}

/** The learning rule of a configuration, on a model made by `createModel` from the same. */
export function createRule(
  { pair }: Pick<Model, "pair">,
  { rule, train }: Pick<ExperimentConfig, "rule" | "train">,
): Rule {
  const { weightDecay, clip, clipScope } = train;
  const optimiser = { weightDecay, clip, clipScope };
  switch (rule.name) {
    case "bsd":
      return new Bsd(pair, rule, optimiser);
    case "backprop":
      return new Backprop(pair, rule, optimiser);
    case "feedback-alignment":
      return new FeedbackAlignment(pair, rule, optimiser);
    case "direct-feedback-alignment":
      return new DirectFeedbackAlignment(pair, rule, optimiser);
    case "local-losses":
      return new LocalLosses(pair, rule, optimiser);
    case "r-stdp":
      return new RewardTiming(pair, rule, optimiser);
  }
}
