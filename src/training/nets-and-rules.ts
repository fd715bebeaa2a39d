/**
 * The net and the learning rule that a configuration describes: for each problem one table, a line a rule.
 *
 * A rule of this library is its file in `rules/` and a line here; its name is in `rule-names.ts`, its options in `settings/rule.ts`.
 */
import type { ElementKind, SequenceSummary } from "../data/sequence/task.ts";
import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import { BackpropTwin } from "../measure/backprop-twin.ts";
import { AutoencoderPair } from "../nets/autoencoder-pair.ts";
import { RecurrentNet } from "../nets/dense-recurrent-net.ts";
import { AnnModel, type DataSummary, type ImageModel, Model, spikingModel } from "../nets/model.ts";
import type { NetworkPair, StageRange } from "../nets/pair.ts";
import { SequencePair } from "../nets/sequence-pair.ts";
import type { Shape } from "../nets/shape.ts";
import { autoencoderFrame, paddedShape } from "../nets/specs.ts";
import {
  AutoencoderBackprop,
  AutoencoderBsd,
  AutoencoderModel,
  annAutoencoder,
} from "../problems/autoencode-learners.ts";
import { Bsd } from "../problems/classify.ts";
import { SequenceBsd } from "../problems/sequence.ts";
import { HOW_TO_LOAD } from "../registry.ts";
import { type AnnImageNet, annImageNet, authorsActivations } from "../rules/ann-images.ts";
import { AnnBackprop, Backprop, ImageAnnBackprop, SequenceBackprop } from "../rules/backprop.ts";
import { AnnBsd } from "../rules/bsd-ann.ts";
import { CounterCurrent } from "../rules/ccl.ts";
import { Dll, ImageDll } from "../rules/dll.ts";
import { DirectFeedbackAlignment, FeedbackAlignment } from "../rules/feedback-alignment.ts";
import { LocalLosses } from "../rules/local-losses.ts";
import type { OptimiserOptions } from "../rules/optimiser.ts";
import { ImagePredictiveCoding, PredictiveCoding } from "../rules/predictive-coding.ts";
import { RewardTiming } from "../rules/r-stdp.ts";
import type { AutoencoderLearner, Rule, SequenceLearner } from "../rules/rule.ts";
import {
  type AnnRuleName,
  type AnyRuleName,
  type AutoencoderConfig,
  type ExperimentConfig,
  isAnnRule,
  type RuleConfig,
  type SequenceConfig,
  type SpikingRuleName,
} from "./config.ts";
import { type RuleDefinition, registeredRules } from "./registered-rules.ts";

type RuleConfigs = Pick<ExperimentConfig, "network" | "rule" | "train">;

/** AdamW's options in a configuration. */
const optimiserOf = ({ weightDecay, clip, clipScope }: OptimiserOptions): OptimiserOptions => ({
  weightDecay,
  clip,
  clipScope,
});

/** For each rule of a problem: how it is made, and its net with it. */
type Makers<Config extends { rule: { name: string } }, Sizes, Learner> = Readonly<
  Record<
    Config["rule"]["name"],
    (team: Team, sizes: Sizes, rule: Config["rule"], optimiser: OptimiserOptions) => Learner
  >
>;

// Images: what each rule asks of its pair, and how it is made on it.

/** A rule that goes back down perception, and so reads all drives of a pass again. */
const downPerception = (create: RuleDefinition["create"]): RuleDefinition => ({
  networks: "perception",
  keepDrives: true,
  create,
});

const onPairs: Readonly<Record<SpikingRuleName, RuleDefinition>> = {
  bsd: {
    networks: "both",
    keepDrives: false,
    create: (pair, { rule, optimiser }) => new Bsd(pair, rule, optimiser),
  },
  backprop: downPerception((pair, { rule, optimiser }) => new Backprop(pair, rule, optimiser)),
  "feedback-alignment": downPerception((pair, { rule, optimiser }) => new FeedbackAlignment(pair, rule, optimiser)),
  "direct-feedback-alignment": downPerception(
    (pair, { rule, optimiser }) => new DirectFeedbackAlignment(pair, rule, optimiser),
  ),
  "local-losses": {
    networks: "perception",
    keepDrives: false,
    create: (pair, { rule, optimiser }) => new LocalLosses(pair, rule, optimiser),
  },
  "r-stdp": downPerception((pair, { rule, optimiser }) => new RewardTiming(pair, rule, optimiser)),
};

const onAnns: Readonly<
  Record<AnnRuleName, (image: AnnImageNet, rule: RuleConfig, optimiser: OptimiserOptions) => Rule>
> = {
  "backprop-ann": (image, _rule, optimiser) => new ImageAnnBackprop(image, optimiser),
  dll: (image, { dll }, optimiser) => new ImageDll(image, dll, optimiser),
  "predictive-coding": (image, rule, optimiser) => new ImagePredictiveCoding(image, rule.predictiveCoding, optimiser),
  ccl: (image, { ccl }, optimiser) => new CounterCurrent(image, ccl, optimiser),
  "bsd-ann": (image, rule, optimiser) => new AnnBsd(image, rule, optimiser),
};

/** A rule on spiking pairs, of this library or registered. */
function onPair(name: AnyRuleName): RuleDefinition {
  const definition = Object.hasOwn(onPairs, name) ? onPairs[name as SpikingRuleName] : registeredRules.get(name);
  if (definition) return definition;
  throw new BispikeError(
    "config",
    `rule: expected one of ${registeredRules.names().join(", ")}, got ${name}; ${HOW_TO_LOAD}`,
  );
}

/** What a rule asks of its pair. */
export type PairNeeds = Pick<RuleDefinition, "networks" | "keepDrives">;

/**
 * What a rule on spiking nets asks of its pair; all of this library but bsd train perception alone, and so does bsd with random codes.
 *
 * @throws BispikeError "config" for a name nobody registered
 */
export function pairNeeds(
  name: AnyRuleName,
  { codes, detached, errorDepth }: Pick<RuleConfig, "codes" | "detached" | "errorDepth">,
): PairNeeds {
  const { networks, keepDrives } = onPair(name);
  if (name !== "bsd") return { networks, keepDrives };
  return { networks: codes === "random" ? "perception" : "both", keepDrives: !detached || errorDepth > 0 };
}

/** Whether a rule trains a recall network too. */
export function trainsRecall(rule: Pick<RuleConfig, "name" | "codes" | "detached" | "errorDepth">): boolean {
  return !isAnnRule(rule.name) && pairNeeds(rule.name, rule).networks === "both";
}

/**
 * The model a configuration describes, for given data; untrained. A `Model`, or under a rule on non-spiking nets an `AnnModel`.
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
  const needs = pairNeeds(rule.name, rule);
  return new Model(team, { network, ...sizes, ...needs, keepGradients, ...stages }, data);
}

/** What a non-spiking net is made from. */
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
  if (!model.spiking) return BackpropTwin.ofAnn(team, model.rows, annOptions(config, model.data, model.maxImages));
  const { top, lambda } = config.rule;
  return BackpropTwin.ofPair(spikingModel(model, "a twin that backprop goes through").pair, { top, lambda });
}

/**
 * The learning rule of a configuration, on a model made by `createModel` from the same.
 *
 * @throws BispikeError "usage" for a model of another kind of net than the rule's
 * @example
 * const rule = createRule(createModel(team, config, data), config);
 * rule.step({ labels, counter: 0 }, { perception: 3e-3, recall: 3e-3 }).loss; // of loaded images
 */
export function createRule(model: ImageModel, config: RuleConfigs): Rule {
  const { rule, train } = config;
  const { name } = rule;
  if (!isAnnRule(name)) return spikingRule(spikingModel(model, `rule ${name}`).pair, { ...config, name });
  if (model.spiking)
    throw new BispikeError("usage", `rule ${name}: expected a non-spiking net (AnnModel), got a spiking pair`);
  const { net, stimulus, stimulusWidth, maxImages } = model.rows;
  const options = annOptions(config, model.data, maxImages);
  return onAnns[name]({ net, stimulus, stimulusWidth, options }, rule, optimiserOf(train));
}

/** The learning rule on a pair made as `pairNeeds` says. */
export function spikingRule(
  pair: NetworkPair,
  { rule, train, name }: Pick<ExperimentConfig, "rule" | "train"> & { readonly name: AnyRuleName },
): Rule {
  return onPair(name).create(pair, { rule, optimiser: optimiserOf(train) });
}

// Sequences: how each rule is made with its net.

/** What stands at each position, below and above the net. */
export function elementKinds(about: SequenceSummary): { inputs: ElementKind; targets: ElementKind } {
  if (about.kind === "text") {
    const characters = { kind: "symbols", width: about.alphabet.length } as const;
    return { inputs: characters, targets: characters };
  }
  return {
    inputs: { kind: "values", width: about.inputs.length },
    targets: { kind: "values", width: about.targets.length },
  };
}

/** A recurrent net's own section of a configuration, and the sizes that data and training give it. */
const recurrentSizes = ({ network, train, data }: SequenceConfig, about: SequenceSummary) => ({
  ...network,
  ...elementKinds(about),
  window: data.window,
  maxRows: train.batch,
  seed: train.seed,
});

const ofSequences: Makers<SequenceConfig, ReturnType<typeof recurrentSizes>, SequenceLearner> = {
  bsd: (team, sizes, rule, optimiser) => new SequenceBsd(new SequencePair(team, sizes), rule, optimiser),
  backprop: (team, sizes, _rule, optimiser) =>
    new SequenceBackprop(new SequencePair(team, { ...sizes, perceptionOnly: true }), optimiser),
  "backprop-ann": (team, sizes, _rule, optimiser) => new AnnBackprop(new RecurrentNet(team, sizes), optimiser),
  "predictive-coding": (team, sizes, rule, optimiser) =>
    new PredictiveCoding(new RecurrentNet(team, sizes), rule.predictiveCoding, optimiser),
  dll: (team, sizes, { dll }, optimiser) => {
    const { feedbackLearningRate, errorLimit, temporalFeedback: temporal } = dll;
    const options = { feedbackLearningRate, errorLimit, temporal, seed: sizes.seed };
    return new Dll(new RecurrentNet(team, sizes), options, optimiser);
  },
};

/**
 * Recurrent networks with their rule, untrained, for windows of `data.window` positions, up to `train.batch` at once.
 *
 * @example
 * const learner = createSequenceLearner(team, config, checkpoint.data);
 * learner.load(set, windowStarts(set.parts.test, 32, 32), 0, 8);
 * learner.predict(); // [position][row][stride]
 */
export function createSequenceLearner(team: Team, config: SequenceConfig, about: SequenceSummary): SequenceLearner {
  const { rule, train } = config;
  return ofSequences[rule.name](team, recurrentSizes(config, about), rule, optimiserOf(train));
}

// Autoencoders: how each rule is made with its nets.

const autoencoderSizes = ({ network, train }: AutoencoderConfig, image: Shape) => ({
  ...network,
  image,
  maxImages: train.batch,
  seed: train.seed,
  keepGradients: train.clip > 0 && train.clipScope === "global",
});

const ofAutoencoders: Makers<AutoencoderConfig, ReturnType<typeof autoencoderSizes>, AutoencoderLearner> = {
  bsd: (team, sizes, rule, optimiser) => new AutoencoderBsd(new AutoencoderPair(team, sizes), rule, optimiser),
  backprop: (team, { keepGradients: _, ...sizes }, _rule, optimiser) =>
    new AutoencoderBackprop(
      new AutoencoderPair(team, { ...sizes, networks: "perception", keepDrives: true }),
      optimiser,
    ),
  "backprop-ann": (team, { keepGradients: _, ...sizes }, _rule, optimiser) =>
    new AutoencoderBackprop(annAutoencoder(team, sizes), optimiser),
};

/**
 * Autoencoders with their rule, untrained, for up to `train.batch` images at once.
 *
 * @param image the frame the images are put in, as `autoencoderFrame` gives it
 * @example
 * const learner = createAutoencoderLearner(team, config, autoencoderFrame(config.network, dataset.shape));
 */
export function createAutoencoderLearner(team: Team, config: AutoencoderConfig, image: Shape): AutoencoderLearner {
  const { rule, train } = config;
  return ofAutoencoders[rule.name](team, autoencoderSizes(config, image), rule, optimiserOf(train));
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
