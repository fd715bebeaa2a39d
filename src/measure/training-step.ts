/** What of an experiment decides how much a step of training computes. */
import { learning } from "../rules/bsd.ts";
import { type ExperimentConfig, isAnnRule, isSpikingRule } from "../training/config.ts";
import type { ImageRuleName } from "../training/rule-names.ts";

/** What decides how much a step of training computes. */
export interface TrainingStep {
  /** Default bsd. */
  readonly rule?: ImageRuleName;
  /** B, images a batch. */
  readonly batch: number;
  /** bsd: whether recall runs once a class; else once an image. */
  readonly prototypes: boolean;
  /** bsd: whether hidden stages are held against fixed codes, without a recall network. Default false. */
  readonly codes?: boolean;
  /** bsd, ccl: whether recall, or the feedback net, learns; false for a frozen one (`train.recallLearningRate` 0, `rule.freeze`). */
  readonly recallLearns: boolean;
  /** r-stdp: whether hidden stages learn. Default false. */
  readonly hiddenLearns?: boolean;
  /** predictive-coding: steps of inference a batch. Default 0. */
  readonly inferenceSteps?: number;
  /** bsd, ccl: whether stages are compared by dot products; else by cosines. Default false. */
  readonly dots?: boolean;
}

/**
 * What a configuration says of the work of a step, for `trainingCost`.
 *
 * @returns null for what is not counted: stages of BSD whose errors go to others, a perception that does not learn, and bsd-ann, of whose rectified feedback net nobody keeps how much is 0,
 *   and rules that others registered
 * @example
 * const step = trainingStep(config);
 * if (step) trainingCost(model.pair, meter.result(), step).total.macs;
 */
export function trainingStep(config: Pick<ExperimentConfig, "rule" | "train">): TrainingStep | null {
  const { rule, train } = config;
  const { name } = rule;
  if (name === "bsd-ann" || !(isSpikingRule(name) || isAnnRule(name))) return null;
  const learns = learning(rule.name === "bsd" ? rule.freeze : "none");
  const codes = rule.name === "bsd" && rule.codes === "random";
  if (!learns.perception || (rule.name === "bsd" && (!rule.detached || rule.errorDepth > 0))) return null;
  return {
    rule: name,
    batch: train.batch,
    prototypes: isAnnRule(rule.name) || rule.rivals === "prototypes",
    codes,
    recallLearns: train.recallLearningRate > 0 && learns.recall && !codes,
    hiddenLearns: rule.stdp.hidden > 0,
    inferenceSteps: rule.predictiveCoding.inferenceSteps,
    dots: name === "ccl" ? rule.ccl.affinity === "dots" : rule.affinity === "dots" && rule.loss === "infonce",
  };
}
