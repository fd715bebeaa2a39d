/** Learning rules, their options and losses, configurations and experiments. */
import * as z from "zod/mini";
import { callable, listed, number, thing, whole } from "./schemas.ts";

const text = z.string();

export const ruleKinds = {
  negatives: { schema: z.enum(["literal", "masked", "prototypes"]), words: "literal, masked or prototypes" },
  coding: { schema: z.enum(["one-hot", "random"]), words: "one-hot or random" },
  infonce: {
    schema: z.looseObject({ temperature: number, weight: number }),
    words: "{ temperature, weight } and more",
  },
  mse: { schema: z.looseObject({ features: number, weight: number }), words: "{ features, weight }" },
  reco: { schema: z.looseObject({ lambda: number, weight: number }), words: "{ lambda, weight }" },
  optimiser: {
    schema: z.looseObject({ weightDecay: number, clip: number, clipScope: text }),
    words: "{ weightDecay, clip, clipScope }",
  },
  groups: {
    schema: z.array(thing).check(z.minLength(1)),
    words: "a list of parameter groups, of at least one",
  },
  perceptionOptions: { schema: z.looseObject({ top: text, lambda: number }), words: "{ top, lambda }" },
  bsdOptions: {
    schema: z.looseObject({ features: text, rivals: text, loss: text, top: text, weight: number }),
    words: "what rule bsd is told, such as config.rule",
  },
  autoencoderBsdOptions: {
    schema: z.looseObject({ features: text, weight: number, topWeight: number, frequency: thing }),
    words: "what rule bsd of an autoencoder is told, such as config.rule",
  },
  sequenceBsdOptions: {
    schema: z.looseObject({ loss: text, rivals: text, block: number, weight: number }),
    words: "what rule bsd of a sequence is told, such as config.rule",
  },
  spikeTiming: { schema: z.looseObject({ stdp: thing }), words: "{ top, lambda, stdp }" },
  counterCurrent: {
    schema: z.looseObject({ affinity: text, weight: number }),
    words: "{ affinity, weight }, as counterCurrentDefaults",
  },
  dll: {
    schema: z.looseObject({ feedbackLearningRate: number, errorLimit: number }),
    words: "{ feedbackLearningRate, errorLimit } and more, as the rule's defaults",
  },
  predictiveCoding: {
    schema: z.looseObject({ inferenceSteps: whole, inferenceLearningRate: number }),
    words: "{ inferenceSteps, inferenceLearningRate } and more, as the rule's defaults",
  },
  realBsd: {
    schema: z.looseObject({ loss: text, weight: number, stimulusWeight: number }),
    words: "{ loss, weight, stimulusWeight, centred } and more",
  },
  rule: { schema: text, words: "a rule's name" },
  ruleSection: { schema: z.looseObject({ name: text }), words: "a rule's section, such as config.rule" },
  wholeRuleSection: {
    schema: z.looseObject({
      ...{ name: text, loss: text, top: text, features: text, recallFeatures: text, codes: text },
      ...{ detached: z.boolean(), errorDepth: number, errorWeights: text },
    }),
    words: "a rule's whole section, such as config.rule or defaults.rule",
  },
  rules: {
    schema: z.array(z.looseObject({ label: text, meets: listed, note: text })),
    words: "a list of rules { label, meets, note }",
  },
  train: {
    schema: z.looseObject({ learningRate: number, schedule: text, warmup: number }),
    words: "{ learningRate, schedule, warmup }, such as config.train",
  },
  config: {
    schema: z.looseObject({
      ...{ network: thing, rule: z.looseObject({ name: text }), train: z.looseObject({ batch: whole }) },
    }),
    words: "a configuration, as resolveConfig gives it",
  },
  anyConfig: {
    schema: z.looseObject({ network: thing, rule: thing, train: thing, data: thing }),
    words: "a configuration, as resolveConfig or resolveAnyConfig gives it",
  },
  sequenceConfig: {
    schema: z.looseObject({ task: text, network: thing, rule: thing, train: thing, data: thing }),
    words: "a configuration, as resolveSequenceConfig gives it",
  },
  autoencoderConfig: {
    schema: z.looseObject({ task: text, network: thing, rule: thing, train: thing }),
    words: "a configuration, as resolveAutoencoderConfig gives it",
  },
  experiment: {
    schema: z.looseObject({ task: z.looseObject({ step: callable, encode: callable, restore: callable }) }),
    words: "an experiment, as createExperiment gives it",
  },
  trainerOptions: {
    schema: z.strictObject({
      sink: z.optional(
        z.looseObject({
          ...{ onStep: z.optional(callable), onMetrics: z.optional(callable) },
          ...{ onObservation: z.optional(callable), onCheckpoint: z.optional(callable) },
        }),
      ),
      ...{ stopped: z.optional(callable), pause: z.optional(callable), pauseMilliseconds: z.optional(z.number()) },
      // Looked at when it is gone on from.
      ...{ resume: z.optional(z.any()), secondsBefore: z.optional(z.number()) },
    }),
    words: "options with sink, stopped, pause, pauseMilliseconds, resume or secondsBefore",
  },
};
