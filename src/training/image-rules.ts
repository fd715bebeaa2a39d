/** The model and the learning rule that a configuration of an image experiment describes. */
import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import { BackpropTwin } from "../measurement/backprop-twin.ts";
import { AnnModel, type DataSummary, type ImageModel, Model, spikingModel } from "../network/model.ts";
import type { NetworkPair, StageRange } from "../network/pair.ts";

import { paddedShape } from "../network/specs.ts";

import { Bsd } from "../problems/classify-ends.ts";
import { HOW_TO_LOAD } from "../registry.ts";
import { type AnnImageNet, annImageNet, authorsActivations } from "../rules/ann-images.ts";
import { Backprop, ImageAnnBackprop } from "../rules/backprop.ts";
import { AnnBsd } from "../rules/bsd-ann.ts";
import { CounterCurrent } from "../rules/ccl.ts";
import { ImageDll } from "../rules/dll.ts";
import { DirectFeedbackAlignment, FeedbackAlignment } from "../rules/feedback-alignment.ts";
import { LocalLosses } from "../rules/local-losses.ts";
import { ImagePredictiveCoding } from "../rules/predictive-coding.ts";
import { RewardTiming } from "../rules/r-stdp.ts";
import type { Rule } from "../rules/rule.ts";
import {
  type AnnRuleName,
  type AnyRuleName,
  type ExperimentConfig,
  isAnnRule,
  isSpikingRule,
  type SpikingRuleName,
} from "./config.ts";
import { type RuleDefinition, registeredRules } from "./registered-rules.ts";

/** Which networks a rule on spiking nets trains, and whether it reads all drives of a pass again. */
const needsOf: Readonly<Record<Exclude<SpikingRuleName, "bsd">, PairNeeds>> = {
  backprop: { networks: "perception", keepDrives: true },
  "feedback-alignment": { networks: "perception", keepDrives: true },
  "direct-feedback-alignment": { networks: "perception", keepDrives: true },
  "local-losses": { networks: "perception", keepDrives: false },
  "r-stdp": { networks: "perception", keepDrives: true },
};

/** What a rule asks of its pair. */
export interface PairNeeds {
  readonly networks: "both" | "perception";
  readonly keepDrives: boolean;
}

/**
 * What a rule on spiking nets asks of its pair; all of this library but bsd train perception alone, and so does bsd with random codes.
 *
 * @throws BispikeError "config" for a name nobody registered
 */
export function pairNeeds(
  name: AnyRuleName,
  { codes, detached, errorDepth }: Pick<ExperimentConfig["rule"], "codes" | "detached" | "errorDepth">,
): PairNeeds {
  if (!isSpikingRule(name)) return registeredRule(name);
  if (name !== "bsd") return needsOf[name];
  return { networks: codes === "random" ? "perception" : "both", keepDrives: !detached || errorDepth > 0 };
}

function registeredRule(name: string): RuleDefinition {
  const definition = registeredRules.get(name);
  if (definition) return definition;
  throw new BispikeError(
    "config",
    `rule: expected one of ${registeredRules.names().join(", ")}, got ${name}; ${HOW_TO_LOAD}`,
  );
}

/** Whether a rule trains a recall network too. */
export function trainsRecall(
  rule: Pick<ExperimentConfig["rule"], "name" | "codes" | "detached" | "errorDepth">,
): boolean {
  const { name } = rule;
  return !isAnnRule(name) && pairNeeds(name, rule).networks === "both";
}

/**
 * The model a configuration describes, for given data; untrained. A `Model`, or under a rule on non-spiking nets a `AnnModel`.
 *
 * @param part stages to build, of a spiking pair. Default: all
 * @example
 * const model = createModel(team, resolveConfig({ data: { name: "mnist" } }), data);
 */
export function createModel(team: Team, config: ExperimentConfig, data: DataSummary, part?: StageRange): ImageModel {
  const { network, rule, train } = config;
  if (isAnnRule(rule.name)) {
    const options = annOptions(config, data, train.batch);
    const { net, stimulus, stimulusWidth } = annImageNet(team, options, rule.name);
    return new AnnModel({ net, stimulus, stimulusWidth, maxImages: train.batch }, data, options.image);
  }
  const recalls = rule.rivals === "prototypes" ? { maxRecalls: data.classNames.length } : {};
  // Observed gradients are looked at once all layers have made theirs.
  const keepGradients = (train.clip > 0 && train.clipScope === "global") || config.observe.every > 0;
  const sizes = { pool: rule.pool, pooling: rule.pooling, seed: train.seed, maxImages: train.batch, ...recalls };
  const stages = part ? { part } : {};
  const { networks, keepDrives } = pairNeeds(rule.name, rule);
  return new Model(team, { network, ...sizes, networks, keepDrives, keepGradients, ...stages }, data);
}

/** What a real-valued net is made from. */
function annOptions(
  { network, rule, train }: RuleConfigs,
  { shape, classNames }: DataSummary,
  maxImages: number,
): AnnImageNet["options"] {
  const { kind, hidden, norm, activation } = network;
  const own = authorsActivations[rule.name as AnnRuleName];
  const image = paddedShape(kind, hidden.length, shape);
  const sizes = { image, classes: classNames.length, maxImages };
  return { kind, hidden, norm, seed: train.seed, activation: activation === "own" ? own : activation, ...sizes };
}

/** Backprop beside the rule, for a model made by `createModel` from the same configuration with `observe`. */
export function createTwin(team: Team, model: ImageModel, config: RuleConfigs): BackpropTwin {
  if (model instanceof AnnModel)
    return BackpropTwin.ofAnn(team, model.rows, annOptions(config, model.data, model.maxImages));
  const { top, lambda } = config.rule;
  return BackpropTwin.ofPair(spikingModel(model, "a twin that backprop goes through").pair, { top, lambda });
}

type RuleConfigs = Pick<ExperimentConfig, "network" | "rule" | "train">;

/**
 * The learning rule of a configuration, on a model made by `createModel` from the same.
 *
 * @throws BispikeError "usage" for a model of another kind of net than the rule's
 * @example
 * const rule = createRule(createModel(team, config, data), config);
 * rule.step({ labels, counter: 0 }, { perception: 3e-3, recall: 3e-3 }).loss; // of loaded images
 */
export function createRule(model: ImageModel, config: RuleConfigs): Rule {
  const { name } = config.rule;
  if (!isAnnRule(name)) return spikingRule(spikingModel(model, `rule ${name}`).pair, { ...config, name });
  if (!(model instanceof AnnModel))
    throw new BispikeError("usage", `rule ${name}: expected a non-spiking net (RealModel), got a spiking pair`);
  const { net, stimulus, stimulusWidth, maxImages } = model.rows;
  const image = { net, stimulus, stimulusWidth, options: annOptions(config, model.data, maxImages) };
  return annRule(image, { ...config, name });
}

function annRule(image: AnnImageNet, { rule, train, name }: RuleConfigs & { name: AnnRuleName }): Rule {
  const { weightDecay, clip, clipScope } = train;
  const optimiser = { weightDecay, clip, clipScope };
  switch (name) {
    case "backprop-ann":
      return new ImageAnnBackprop(image, optimiser);
    case "dll":
      return new ImageDll(image, rule.dll, optimiser);
    case "predictive-coding":
      return new ImagePredictiveCoding(image, rule.predictiveCoding, optimiser);
    case "ccl":
      return new CounterCurrent(image, rule.ccl, optimiser);
    case "bsd-ann":
      return new AnnBsd(image, rule, optimiser);
  }
}

/** The learning rule on a pair made as `pairNeeds` says. */
export function spikingRule(
  pair: NetworkPair,
  { rule, train, name }: Pick<ExperimentConfig, "rule" | "train"> & { readonly name: AnyRuleName },
): Rule {
  const { weightDecay, clip, clipScope } = train;
  const optimiser = { weightDecay, clip, clipScope };
  if (!isSpikingRule(name)) return registeredRule(name).create(pair, { rule, optimiser });
  switch (name) {
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
