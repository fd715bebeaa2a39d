/**
 * The experiment configuration: what its fields mean, their defaults, and how a raw object becomes a checked one.
 *
 * Every field has a default except the data set; unknown keys are errors; nothing is coerced ("4" is not 4).
 * Reading a file is the job of `config-file.ts`; this file runs in the browser too.
 */

import type { AugmentOptions } from "../data/augment/options.ts";
import { BispikeError } from "../errors.ts";
import type { Carriers } from "../learning/carriers.ts";
import type { StageLossName } from "../losses/stage-loss.ts";
import { checkConfig } from "./config-check.ts";
import { defaultChannels, defaults, stdpLearningRate } from "./config-defaults.ts";
import { applyOverrides, keysToldBy } from "./config-overrides.ts";
import { copyRaw, joinName, lastName, type RawSection, sectionOf, withDefaults } from "./config-raw.ts";
import { impossible } from "./config-rules.ts";
import { experimentSchema, type KnownDataset } from "./config-schema.ts";
import { describeValue } from "./config-words.ts";
import type { AnyRuleName } from "./rule-names.ts";
import { assertImageKeys } from "./task-hint.ts";

export { defaultChannels, defaults, stdpLearningRate } from "./config-defaults.ts";
export { type KnownDataset, knownDatasets } from "./config-schema.ts";
export {
  type AnyRuleName,
  type ImageRuleName,
  imageRules,
  isRealRule,
  isSpikingRule,
  type RealRuleName,
  realRules,
  type SpikingRuleName,
  spikingRules,
} from "./rule-names.ts";

/** What to train on. At least one of `name` and `path` is there. */
export interface DataConfig {
  /** A known data set. With `path` as well, `path` is where its files are. No default. */
  readonly name?: KnownDataset;
  /** Folder of files (IDX, CIFAR binaries, SVHN .mat, image folders). No default. */
  readonly path?: string;
  /** Training images kept aside for every choice: a fraction below 1, a count from 1 up, or 0 for none. Default 0.1. */
  readonly heldOut: number;
  /** Use only the first so many training images left after the held-out split; 0 = all. Default 0. */
  readonly limit: number;
}

/** What an image experiment trains on. */
export interface ImageDataConfig extends DataConfig {
  /** Share of the images trained on, 0 to 1, that are taught as another class, drawn by `train.seed`. Held-out and test images keep their labels. Default 0. */
  readonly labelNoise: number;
  /**
   * Variants of the images trained on, another one at each step, drawn by `train.seed`; the same for every rule. Held-out and test images are shown as they are. Default none:
   * `{ shift: 0, flip: false, rotate: 0, erase: 0 }`.
   */
  readonly augment: AugmentOptions;
}

/**
 * The pair of networks: perception (stimulus -> concept) and recall (concept -> stimulus). Rules on nets of real numbers (`isRealRule`) take `kind`, `hidden`, `norm` and `activation`
 * and pass over `steps`, `tau` and `threshold`, which are spiking neurons'.
 */
export interface NetworkConfig {
  /** Fully connected or convolutional stages. Default mlp. */
  readonly kind: "mlp" | "cnn";
  /** mlp: neurons of each hidden stage, default [1024, 512, 256]. cnn: channels of each, default [32, 64, 128]. 1 to 64 stages of 1 to 65535. */
  readonly hidden: readonly number[];
  /** T, time steps for which a sample is shown, 1 to 65536. Default 4. */
  readonly steps: number;
  /** Normalise the drive over batch and time (cnn: and space). Default true. */
  readonly norm: boolean;
  /** Membrane time constant, in time steps, a number from 1. Default 2. */
  readonly tau: number;
  /**
   * Membrane potential at which a neuron fires, above 0: in perception's and recall's hidden stages (default 0.6), and in the concept's
   * neurons, whose spikes decide (default 2; they see trained logits, not normalised drives).
   */
  readonly threshold: { readonly perception: number; readonly recall: number; readonly concept: number };
  /** How the stimulus drives stage 1: its value held for T steps, Poisson spikes, or time to first spike. Default direct. */
  readonly stimulus: "direct" | "poisson" | "latency";
  /** Spike code of a label at the top of recall: one neuron a class, or a fixed random binary code. Default one-hot. */
  readonly target: "one-hot" | "random";
  /** Neurons of a random target code, at most 65535; 0 = 4 x classes. Must stay 0 for one-hot, as wide as there are classes. Default 0. */
  readonly targetSize: number;
  /**
   * What drives recall's hidden stages: the stage above, as the method has it (chain), or all of them the concept's spikes, as feedback over long ranges does (broadcast): what recall
   * holds against a stage is then not bounded by what the stages above can draw. Parts of a pair need chain. Default chain.
   */
  readonly recall: "chain" | "broadcast";
  /** What hidden units of nets of real numbers do; spiking nets pass over it. Default own: what the rule's authors use, real-backprop and real-bsd relu, dll and predictive-coding tanh, ccl elu. */
  readonly activation: "own" | "relu" | "tanh" | "elu";
}

/**
 * The learning rule and the options of all of them, so that one experiment can be run under each by `--rule.name`; a rule passes over the others'. The first six work on the same
 * spiking perception, read-out and optimiser:
 *
 *     bsd                        Bidirectional Spike-Based Distillation: two networks, each stage a loss of its own
 *     backprop                   surrogate gradients, perception alone (as all below)
 *     feedback-alignment         backprop through fixed random weights in place of the transposes
 *     direct-feedback-alignment  the top's error to every stage through a fixed random matrix of its own
 *     local-losses               a linear classifier and cross-entropy a stage, no gradient between stages
 *     r-stdp                     spike-timing-dependent plasticity times reward
 *
 * and these on a net of real numbers of the same shapes, by the same optimiser, with cross-entropy at the top:
 *
 *     real-backprop              backprop
 *     dll                        Dendritic Localized Learning: errors come down by learned weights of their own
 *     predictive-coding          values of all stages settle, then each learns from its own error
 *     ccl                        counter-current learning: a feedback net from the classes down, each stage a loss of its own
 *     real-bsd                   the stage losses of bsd on units that do not spike, between a net and a feedback net as ccl has them
 */
export interface RuleConfig {
  /** One of these, or one that was registered (`registerRule`). Default bsd. */
  readonly name: AnyRuleName;
  /** bsd: what the two networks align: firing rates, mean drives or membrane potentials. Default rate. */
  readonly features: "rate" | "drive" | "membrane";
  /**
   * bsd: what recall is compared by, where it is not what perception is. A neuron that is taught by its apical dendrite is taught by a voltage (drive, membrane), of which there are
   * more values than T + 1 firing rates. Default same.
   */
  readonly recallFeatures: "same" | "rate" | "drive" | "membrane";
  /** bsd, real-bsd: subtract each neuron's own mean, over the batch or the recalled rows, before the loss; a constant to its gradient. Default true. */
  readonly centred: boolean;
  /** bsd: unpaired samples: all in the batch, those of other classes, or one recalled prototype a class (real-bsd: always). Default prototypes. */
  readonly negatives: "literal" | "masked" | "prototypes";
  /** bsd, real-bsd: alignment loss of the hidden stages: reco, infonce, mse, or one that was registered (`registerStageLoss`). Default infonce. */
  readonly loss: StageLossName;
  /** ReCo: weight of the negatives, from 0. Default 4. */
  readonly lambda: number;
  /** InfoNCE: softmax temperature of the affinities, above 0. Default 0.1, which suits cosines; dots ask for about 0.02. */
  readonly temperature: number;
  /**
   * bsd, real-bsd with InfoNCE of hidden stages: how far a sample's own recall must lead the others before they stop to push, in nats (units of the softmax's exponent): rivals stand so much
   * higher than they are, as if each were e^margin of them. Default 0.
   */
  readonly margin: number;
  /**
   * bsd, real-bsd with InfoNCE (other losses pass over it): what a sample's own recall is told from the others by. cosines, of the angle between two rows, as the method has it; or dots, their mean product over the
   * features, which grows as they learn, so that training goes on to what is not yet told apart. Of hidden stages: stage 1 stays with cosines (at a temperature of 0.1 beside dots), or
   * recall would draw what sets classes apart in place of what they look like. Default cosines.
   */
  readonly affinity: "cosines" | "dots";
  /** bsd, real-bsd: weight of each hidden stage's alignment loss, from 0. Default 1. */
  readonly weight: number;
  /** bsd, real-bsd: weight of stage 1's loss, from 0, by which recall learns to redraw the stimulus. Default 1. */
  readonly stimulusWeight: number;
  /** bsd and local-losses, cnn: pool the features to pool x pool cells before they are compared, or classified by the stage's own classifier; 0 = off. Default 0. */
  readonly pool: number;
  /**
   * bsd and local-losses with `pool`: what of a cell's firing rates is compared, or classified: their mean, or the root of their mean square, the cell's energy. Recall is compared by
   * its mean. Default mean.
   */
  readonly pooling: "mean" | "energy";
  /** Loss of the top stage, of every rule but r-stdp; reco and mse have unsigned errors, and are spiking nets' only. Default cross-entropy. */
  readonly top: "cross-entropy" | "reco" | "mse";
  /** bsd: pull on neurons that fire above `rate` (spikes a time step, default 0.06), with this weight (default 0 = off). */
  readonly homeostasis: { readonly weight: number; readonly rate: number };
  /**
   * bsd, real-bsd: networks that stay as they are drawn. perception: its hidden stages, while the read-out on top of them learns; recall (of real-bsd the feedback net): all of it,
   * which is what `train.recallRate: 0` does too, whatever this says. Default none.
   */
  readonly freeze: "none" | "perception" | "recall" | "both";
  /**
   * bsd: what hidden stages are aligned with: recall, or without a recall network a fixed random binary code a class, drawn from the seed; stage 1 then has no loss, and nothing can
   * be recalled. Needs negatives prototypes. Default recall.
   */
  readonly codes: "recall" | "random";
  /** bsd with random codes: share of a stage's features that are 1 in a code, above 0 and at most 1. Default 0.15, about a trained recall's firing rate. */
  readonly codeRate: number;
  /**
   * bsd: whether a stage's inputs are constants to its loss, as the method has it. With false every stage's loss, the top's too, also trains the stages its network runs through before:
   * a variant for comparison, which needs transposed weights, errors of other stages and a second phase (of the criteria it meets C4 alone). Default true.
   */
  readonly detached: boolean;
  /**
   * bsd: how many of perception's stages below its own a stage's error teaches too, the top's with them. 0 as the method has it; a variant to learn from: by recall's synapses it meets of the
   * criteria C1 and C4, as by learned ones. Needs a whole pair (no `--processes`), and `detached: true`, which is about all stages of both networks. Default 0.
   */
  readonly reach: number;
  /**
   * bsd with a reach: what carries errors down from stage to stage: recall's synapses between the two, mirrored (needs `network.recall: chain`); synapses of their own, which learn by the same products as
   * perception's and so become their transposes (learned); or the transposes of perception's own, as in backprop. Default recall.
   */
  readonly carriers: Carriers;
  /** r-stdp: how spikes' order changes weights. */
  readonly stdp: StdpConfig;
  /** dll: learning rate of the feedback weights over the others' (default 0.1); largest size of an error of one image (default 50). */
  readonly dll: { readonly feedbackRate: number; readonly errorLimit: number };
  /** predictive-coding: steps of inference a batch, each a pass up and down (default 20), and the rate of each (default 0.1). */
  readonly predictiveCoding: { readonly inferenceSteps: number; readonly inferenceRate: number };
  /** ccl: what each stage compares by (default cosines), and its loss's weight (default 1). `train.recallRate` is the feedback net's. */
  readonly ccl: { readonly affinity: "dots" | "cosines"; readonly weight: number };
}

/** Options of rule r-stdp, whose `train.learningRate` is 0.01 by default. */
export interface StdpConfig {
  /** Time constant of the spikes' traces, in steps. Default 2. */
  readonly trace: number;
  /** Weight of pairs of spikes whose sender fires first. Default 1. */
  readonly potentiation: number;
  /** Weight of pairs of spikes whose sender fires last. Default 0.5. */
  readonly depression: number;
  /** Learning rate of hidden stages as a multiple of the top's; 0 leaves them as they were drawn. Default 0: every rate tried (0.0001 to 0.1) lost accuracy on held-out images. */
  readonly hidden: number;
}

/** The training loop. */
export interface TrainConfig {
  /** Seed of every random stream, an integer from 0 to 2^53 - 1. Default 1. */
  readonly seed: number;
  /** Passes over the training images, from 1. Default 5. */
  readonly epochs: number;
  /** Samples in a batch, 1 to 65536. Default 128. */
  readonly batch: number;
  /** Worker threads, at most 256; 0 = all cores. The result does not depend on it. Default 0. */
  readonly threads: number;
  /** AdamW's step size for perception, above 0. Default 0.003; under rule r-stdp 0.01. */
  readonly learningRate: number;
  /** Learning rate of recall (rules ccl and real-bsd: of the feedback net) as a multiple of perception's; 0 freezes it, as `rule.freeze: recall` does. Default 1. */
  readonly recallRate: number;
  /** Course of the learning rate after the warm-up. Default cosine. */
  readonly schedule: "cosine" | "constant";
  /** Optimiser steps of linear warm-up. Default 0. */
  readonly warmup: number;
  /** AdamW's decoupled weight decay, from 0. Default 0.01. */
  readonly weightDecay: number;
  /** Largest L2 norm of a gradient, from 0; 0 = no clipping. Default 1. */
  readonly clip: number;
  /** Clip each stage by its own norm (local), or all by one norm. Default stage. */
  readonly clipScope: "stage" | "global";
  /** Save the `last` checkpoint at least this often, in seconds; 0 = after every step. Default 60. */
  readonly checkpointSeconds: number;
}

/**
 * Observation of training: how each stage's gradient compares with backprop's, how weights up and down align, what the spikes are like. It goes to the run folder's
 * `observations.jsonl` and changes nothing that is learned; the time it takes counts as training time.
 */
export interface ObserveConfig {
  /** Optimiser steps from one observation to the next, beginning with the first; the last one is observed too. 0 = never. Default 0. */
  readonly every: number;
  /** Held-out images (of those trained on where none are held out) whose spikes are measured, 2 or more; as many as there are. Default 256. */
  readonly images: number;
}

/** A checked configuration with every default filled in. */
export interface ExperimentConfig {
  /** Names the run folder: letters, digits, `.`, `_`, `-`. Default `<data set>-<kind>`, such as mnist-mlp, and `-<rule>` for other rules than bsd. */
  readonly name: string;
  readonly data: ImageDataConfig;
  readonly network: NetworkConfig;
  readonly rule: RuleConfig;
  readonly train: TrainConfig;
  readonly observe: ObserveConfig;
}

/**
 * Check a raw configuration (parsed YAML, JSON or an object literal), apply overrides and fill in the defaults.
 *
 * @param raw an object shaped like `ExperimentConfig` with any field left out
 * @param overrides strings `--section.key=value`; the value is read as YAML (`--network.hidden=[64, 32]`); the last one wins
 * @param source where `raw` came from (a file name), put in front of every error message
 * @returns a new object; `raw` is left alone
 * @throws BispikeError "config": unknown key (with the nearest known one), wrong type or range, impossible combination;
 *   "usage": an override that is not of the form `--key=value`
 * @example
 * const config = resolveConfig({ data: { name: "mnist" } }, ["--train.epochs=1"]);
 * config.name; // "mnist-mlp"
 */
export function resolveConfig(raw: unknown, overrides: readonly string[] = [], source?: string): ExperimentConfig {
  const given = applyOverrides(copyRaw(raw, source), overrides, source);
  const told = keysToldBy(overrides);
  // Whoever adds the task must not be refused for it.
  assertImageKeys(given, source === undefined ? "" : `${source}: `, told, `, for ${ANY_TASK}`);
  return completeConfig(given, source, told);
}

const ANY_TASK = "resolveAnyConfig of bispike/sequence";

/** As `resolveConfig` without overrides: all that a checkpoint needs, or a page without a command line. */
export function checkedConfig(raw: unknown, source?: string): ExperimentConfig {
  return completeConfig(copyRaw(raw, source), source);
}

/** Fills in an image experiment's defaults and checks it; overrides have been applied, and `told` are the keys they set. */
export function completeConfig(given: RawSection, source?: string, told: readonly string[] = []): ExperimentConfig {
  if (given.task !== undefined)
    throw new BispikeError(
      "config",
      `${source === undefined ? "" : `${source}: `}task: expected none, as of an experiment on images and their classes, got ${describeValue(given.task)}; see ${ANY_TASK}`,
    );
  const kind = sectionOf(given, "network").kind;
  const hidden = kind === "cnn" ? defaultChannels : defaults.network.hidden;
  const rule = sectionOf(given, "rule").name ?? defaults.rule.name;
  const learningRate = rule === "r-stdp" ? stdpLearningRate : defaults.train.learningRate;
  const filled = withDefaults(given, {
    ...defaults,
    network: { ...defaults.network, hidden },
    train: { ...defaults.train, learningRate },
  });
  const { data, network } = { data: sectionOf(filled, "data"), network: sectionOf(filled, "network") };
  // A folder's last name stands in for the data set's.
  const dataset = typeof data.name === "string" ? data.name : lastName(data.path);
  const parts = ["kind" in network ? String(network.kind) : "", ...(rule === defaults.rule.name ? [] : [String(rule)])];
  filled.name ??= joinName(dataset, ...parts);
  return checkConfig({ schema: experimentSchema, impossible }, filled, source, told);
}
