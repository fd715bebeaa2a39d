/** Learning rules as a program asks for them. Options are those of the configuration's section `rule`, with the same defaults; a problem refuses those it does not have. */
import type { ProblemName } from "../problems/problem.ts";
import type { AutoencoderRuleConfig, RuleConfig, SequenceRuleConfig } from "./config.ts";
import { type Partly, sectionOf } from "./nets.ts";

/** A learning rule for the problems `P`. */
export interface RuleChoice<in P extends ProblemName = never> {
  /** The section `rule` of a problem's configuration, without its defaults. */
  readonly section: (problem: P) => object;
}

type Others = "name" | "stdp" | "dll" | "predictiveCoding" | "ccl" | "codeRate" | "errorWeights";
type OfSequences = Omit<SequenceRuleConfig, keyof RuleConfig>;
type OfAutoencoders = Omit<AutoencoderRuleConfig, keyof RuleConfig>;

/**
 * Options of Bidirectional Spike-Based Distillation on images, sequences and autoencoders: `RuleConfig`, `SequenceRuleConfig` and `AutoencoderRuleConfig` say what each means, which problem
 * has it, and its default.
 */
export type BsdRuleOptions = Partly<
  Omit<RuleConfig, Exclude<Others, "codeRate" | "errorWeights">> & OfSequences & OfAutoencoders
>;

/** Options of rules that train perception alone, on images. */
export type PerceptionRuleOptions = Partly<Pick<RuleConfig, "top" | "lambda">>;

/** Options of local losses. */
export type LocalLossesOptions = Partly<Pick<RuleConfig, "top" | "lambda" | "pool" | "pooling">>;

/** Options of reward-modulated spike-timing-dependent plasticity. */
export type RStdpOptions = Partly<RuleConfig["stdp"]>;

/** Options of Dendritic Localized Learning. `temporalFeedback` is of sequences. */
export type DllRuleOptions = Partly<RuleConfig["dll"] & SequenceRuleConfig["dll"]>;

/** Options of predictive coding. `carry` is of sequences. */
export type PredictiveCodingRuleOptions = Partly<
  RuleConfig["predictiveCoding"] & SequenceRuleConfig["predictiveCoding"]
>;

/** Options of counter-current learning. */
export type CclOptions = Partly<RuleConfig["ccl"]>;

/** Options of BSD's stage losses on units that do not spike. */
export type BsdAnnOptions = Partly<
  Pick<
    RuleConfig,
    "centred" | "loss" | "lambda" | "temperature" | "margin" | "affinity" | "weight" | "stimulusWeight" | "freeze"
  >
>;

const named = (name: string, options: object): RuleChoice<ProblemName> => ({
  section: () => sectionOf({ name }, options),
});

/**
 * Bidirectional Spike-Based Distillation, the method of this library: two networks teach each other, each stage by a loss of its own. For every problem.
 *
 * @example
 * await train({ data: await images("mnist"), rule: bsd({ features: "drive", temperature: 0.2 }) });
 */
export function bsd(options: BsdRuleOptions = {}): RuleChoice<ProblemName> {
  return named("bsd", options);
}

/** Surrogate gradients down the same spiking perception (sequences: through time). For every problem. */
export function backprop(options: PerceptionRuleOptions = {}): RuleChoice<ProblemName> {
  return named("backprop", options);
}

/** Backprop through fixed random weights in place of the transposes. For images. */
export function feedbackAlignment(options: PerceptionRuleOptions = {}): RuleChoice<"classify"> {
  return named("feedback-alignment", options);
}

/** The top's error to every stage through a fixed random matrix of its own. For images. */
export function directFeedbackAlignment(options: PerceptionRuleOptions = {}): RuleChoice<"classify"> {
  return named("direct-feedback-alignment", options);
}

/** A linear classifier and cross-entropy a stage, no gradient between stages. For images. */
export function localLosses(options: LocalLossesOptions = {}): RuleChoice<"classify"> {
  return named("local-losses", options);
}

/** Spike-timing-dependent plasticity times reward. For images. */
export function rStdp(options: RStdpOptions = {}): RuleChoice<"classify"> {
  return named("r-stdp", { stdp: options });
}

/** Backprop on a net of the same shapes whose units do not spike. For every problem. */
export function backpropAnn(): RuleChoice<ProblemName> {
  return named("backprop-ann", {});
}

/** Dendritic Localized Learning: errors come down by learned weights of their own. On units that do not spike, for images and sequences. */
export function dll(options: DllRuleOptions = {}): RuleChoice<"classify" | "sequence"> {
  return named("dll", { dll: options });
}

/** Predictive coding: values of all stages settle, then each learns from its own error. On units that do not spike, for images and sequences. */
export function predictiveCoding(options: PredictiveCodingRuleOptions = {}): RuleChoice<"classify" | "sequence"> {
  return named("predictive-coding", { predictiveCoding: options });
}

/** Counter-current learning: a feedback net from the classes down, each stage a loss of its own. On units that do not spike, for images. */
export function ccl(options: CclOptions = {}): RuleChoice<"classify"> {
  return named("ccl", { ccl: options });
}

/** BSD's stage losses on units that do not spike, between a net and a feedback net as `ccl` has them. For images. */
export function bsdAnn(options: BsdAnnOptions = {}): RuleChoice<"classify"> {
  return named("bsd-ann", options);
}
