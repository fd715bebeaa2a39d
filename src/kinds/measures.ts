/** What measures work on and what they have found. */
import * as z from "zod/mini";
import { callable, listed, number, thing, whole } from "./schemas.ts";

const scores = { schema: listed, words: "a list of scores" };
const vector = { schema: listed, words: "a list of numbers" };
const gaussian = {
  schema: z.looseObject({ mean: listed, covariance: listed }),
  words: "a Gaussian { mean, covariance, images }, as FeatureStatistics gives it",
};

export const measureKinds = {
  ...{ inliers: scores, outliers: scores, a: vector, b: vector, first: gaussian, second: gaussian },
  effective: { schema: z.looseObject({ macs: number, acs: number }), words: "operations { macs, acs }" },
  preset: { schema: z.looseObject({ mac: number, ac: number }), words: "an energy preset { mac, ac }" },
  extractor: {
    schema: z.looseObject({ name: z.string(), width: whole, features: callable }),
    words: "a net whose features are compared, such as spikeFeatures gives it",
  },
  named: { schema: z.looseObject({ name: z.string() }), words: "an object with a name" },
  generation: { schema: z.looseObject({ shape: thing, features: z.optional(thing) }), words: "{ shape } and more" },
  corruption: {
    schema: z.enum(["noise", "blur", "contrast", "shift", "occlusion"]),
    words: "one of noise, blur, contrast, shift, occlusion",
  },
  severity: { schema: z.looseObject({ severity: whole }), words: "{ severity } and more" },
  square: { schema: z.looseObject({ side: number, left: number, top: number }), words: "{ side, left, top }" },
  footprints: { schema: z.looseObject({ perception: thing, training: thing }), words: "what ruleFootprint gives" },
  cost: { schema: z.looseObject({ perception: thing, steps: number }), words: "a cost, as CostMeter gives it" },
  trainingStep: {
    schema: z.looseObject({ rule: thing, train: thing }),
    words: "a configuration, as resolveConfig gives it",
  },
  stepOf: { schema: z.looseObject({ batch: number }), words: "a step, as trainingStep gives it" },
  joined: {
    schema: z.looseObject({ below: number, up: thing, down: thing, order: z.string() }),
    words: "{ below, up, down, order }",
  },
  latentStatistics: {
    schema: z.looseObject({ probabilities: callable, neurons: number, steps: number }),
    words: "a LatentStatistics",
  },
  countStatistics: {
    schema: z.looseObject({ distribution: callable, correlations: callable }),
    words: "a CountStatistics",
  },
  work: { schema: listed, words: "a list of stages' work, as stageWork gives it" },
  networks: { schema: listed, words: 'a list of networks, such as ["perception", "recall"]' },
};
