/** Section `rule`: the learning rule, and the options of all rules, so that one experiment can run under each; a rule passes over the others'. */

import { frequencyDefaults } from "../../losses/bands.ts";
import { AFFINITIES } from "../../losses/infonce.ts";
import { builtInLosses, stageLosses } from "../../losses/stage-loss.ts";
import { POOLINGS } from "../../nets/neuron.ts";
import { ERROR_WEIGHTS } from "../../rules/error-weights.ts";
import { choice, each, flag, real, registered, section, whole } from "../options.ts";
import { registeredRules } from "../registered-rules.ts";
import { autoencoderRules, imageRules, sequenceRules } from "../rule-names.ts";

const aligned = ["bsd", "bsd-ann"] as const;
const bsd = ["bsd"] as const;
const notSequences = "no sequence rule has it yet";
const notAutoencoders = "no autoencoder rule has it yet";
const onlyImages = { sequence: notSequences, autoencode: notAutoencoders } as const;
const onlySequences = {
  classify: "only sequences have positions",
  autoencode: "only sequences have positions",
} as const;
const onlyAutoencoders = {
  classify: "only autoencoders have such a stage",
  sequence: "only autoencoders have such a stage",
} as const;
const noRule = "no autoencoder rule reads it";

export const rule = section(
  {
    name: registered(registeredRules, imageRules, {
      says: "The learning rule.",
      default: "bsd",
      only: { sequence: sequenceRules, autoencode: autoencoderRules },
      wasNamed: { "real-backprop": "backprop-ann", "backprop-real": "backprop-ann", "real-bsd": "bsd-ann" },
    }),
    features: choice(["rate", "drive", "membrane"], {
      says: "What the two networks align: firing rates, mean drives or membrane potentials.",
      default: "rate",
      rules: bsd,
      notIn: { sequence: "perception is always compared by its firing rates there; see rule.recallFeatures" },
    }),
    recallFeatures: choice(["same", "rate", "drive", "membrane"], {
      says: "What recall is compared by, where it is not what perception is.",
      default: each({ classify: "same", sequence: "rate", autoencode: "rate" }),
      rules: bsd,
      only: { sequence: ["rate", "drive", "membrane"] },
      notIn: { autoencode: "both networks are compared by rule.features there" },
    }),
    centred: flag({
      says: "Subtract each neuron's mean over the batch before the loss.",
      default: true,
      rules: aligned,
    }),
    rivals: choice(["literal", "masked", "prototypes"], {
      says: "What a stage tells a sample's own recall from: the others of the batch, those with another target, or one recalled prototype a class.",
      default: ({ problem, at }) =>
        at("task") === "next-character"
          ? "masked"
          : ({ classify: "prototypes", sequence: "literal", autoencode: "literal" } as const)[problem],
      was: ["rule.negatives"],
      rules: bsd,
      only: { sequence: ["literal", "masked"] },
      notIn: { autoencode: "the other images of the batch are the rivals there" },
    }),
    loss: registered(stageLosses, builtInLosses, {
      says: "Alignment loss of the hidden stages.",
      default: each({ classify: "infonce", sequence: "infonce", autoencode: "reco" }),
      rules: aligned,
    }),
    lambda: real({
      says: "ReCo: weight of the rivals.",
      min: 0,
      default: each({ classify: 4, sequence: 2, autoencode: 0.06 }),
      rules: aligned,
    }),
    temperature: real({
      says: "InfoNCE: temperature of the softmax over affinities; dots ask for about 0.02.",
      above: 0,
      default: 0.1,
      rules: aligned,
    }),
    margin: real({
      says: "InfoNCE of hidden stages: how far a sample's own recall must lead its rivals before they stop to push.",
      min: 0,
      default: 0,
      unit: "nats",
      rules: aligned,
      notIn: onlyImages,
    }),
    affinity: choice(AFFINITIES, {
      says: "InfoNCE of hidden stages: compare rows by their cosine, or by their mean product (dots).",
      default: "cosines",
      rules: aligned,
      notIn: { autoencode: notAutoencoders },
    }),
    weight: real({ says: "Weight of each hidden stage's loss.", min: 0, default: 1, rules: aligned }),
    stimulusWeight: real({
      says: "Weight of stage 1's loss, by which recall learns to draw the stimulus.",
      min: 0,
      default: 1,
      rules: aligned,
    }),
    topWeight: real({
      says: "Weight of the last stage's loss, the squared error of perception's drawing.",
      min: 0,
      default: 1,
      rules: bsd,
      notIn: onlyAutoencoders,
    }),
    seeing: real({
      says: "Learning rate of the stages before a network's latent stage, as a multiple of the others'.",
      min: 0,
      default: 0.1,
      rules: bsd,
      notIn: onlyAutoencoders,
    }),
    reconstruct: real({
      says: "Weight of a loss by which each stage before the latent one draws the stage below it; needs `features: rate`. Beyond the paper.",
      min: 0,
      default: 0,
      was: ["rule.redraw"],
      rules: bsd,
      notIn: onlyAutoencoders,
    }),
    pool: whole({
      says: "Of a cnn: pool features to pool x pool cells before they are compared or classified; 0 = off.",
      min: 0,
      max: 1024,
      default: 0,
      rules: ["bsd", "local-losses"],
      notIn: { sequence: "features have no plane there", autoencode: notAutoencoders },
    }),
    pooling: choice(POOLINGS, {
      says: "What of a cell is compared: the mean of its firing rates, or the root of their mean square (energy).",
      default: "mean",
      rules: ["bsd", "local-losses"],
      notIn: { sequence: "features have no plane there", autoencode: notAutoencoders },
    }),
    top: choice(["cross-entropy", "reco", "mse"], {
      says: "Loss of the top stage; reco and mse need spiking nets.",
      default: "cross-entropy",
      rules: imageRules.filter((name) => name !== "r-stdp"),
      notIn: {
        sequence: "the top's loss follows from the task: cross-entropy of characters, squared error of values",
        autoencode: "the top's loss is the squared error of the drawing",
      },
    }),
    block: whole({
      says: "Rows of a window that are compared with each other at most.",
      min: 2,
      max: 65536,
      default: 64,
      rules: bsd,
      notIn: onlySequences,
    }),
    homeostasis: section(
      {
        weight: real({ says: "Its weight; 0 = off.", min: 0, default: 0, rules: bsd }),
        rate: real({
          says: "Firing rate above which neurons are pulled down.",
          min: 0,
          max: 1,
          default: each({ classify: 0.06, sequence: 0.1, autoencode: 0.1 }),
          unit: "spikes a step",
          rules: bsd,
        }),
      },
      { says: "Regularisation of firing rates." },
    ),
    frequency: section(
      {
        on: flag({ says: "false compares features as they are, by `rule.lambda`.", default: true, rules: bsd }),
        bands: choice(["two", "smooth"], {
          says: "A low and a high band, or `rings` bands whose lambda and weight go smoothly from low to high.",
          default: frequencyDefaults.bands,
          rules: bsd,
        }),
        split: {
          ...real({
            says: "The cut between low and high.",
            min: 0,
            max: Math.SQRT1_2,
            default: frequencyDefaults.split,
            unit: "cycles a pixel",
            rules: bsd,
          }),
          expected: () => "a radius from 0 to 0.7071 cycles a pixel",
        },
        lowLambda: real({ says: "ReCo's lambda in the low band.", min: 0, default: 0.01, rules: bsd }),
        highLambda: real({ says: "ReCo's lambda in the high band.", min: 0, default: 0.03, rules: bsd }),
        lowWeight: real({
          says: "Weight of the low band's loss; its ratio to `highWeight` counts.",
          min: 0,
          default: frequencyDefaults.lowWeight,
          rules: bsd,
        }),
        highWeight: real({
          says: "Weight of the high band's loss.",
          min: 0,
          default: frequencyDefaults.highWeight,
          rules: bsd,
        }),
        softness: real({
          says: "smooth: width of the passage from low to high.",
          above: 0,
          default: frequencyDefaults.softness,
          unit: "cycles a pixel",
          rules: bsd,
        }),
        rings: whole({
          says: "smooth: number of bands.",
          min: 1,
          max: 64,
          default: frequencyDefaults.rings,
          rules: bsd,
        }),
      },
      {
        says: "The split of the hidden stages' losses by spatial frequency.",
        notIn: { classify: "no image rule has it yet", sequence: "features have no plane there" },
      },
    ),
    freeze: choice(["none", "perception", "recall", "both"], {
      says: "Networks that stay as they are drawn; of perception the hidden stages, while the read-out learns.",
      default: "none",
      rules: aligned,
      notIn: onlyImages,
    }),
    codes: choice(["recall", "random"], {
      says: "What hidden stages are aligned with: recall, or a fixed random binary code a class, without a recall network.",
      default: "recall",
      rules: bsd,
      notIn: onlyImages,
    }),
    codeRate: real({
      says: "Share of ones in a random code.",
      above: 0,
      max: 1,
      default: 0.15,
      rules: bsd,
      notIn: onlyImages,
    }),
    detached: flag({
      says: "Whether a stage's inputs are constants to its loss, as the method has it; false also trains the stages before.",
      default: true,
      rules: bsd,
      notIn: onlyImages,
    }),
    errorDepth: whole({
      says: "How many of perception's stages below its own a stage's error teaches too; 0 as the method has it.",
      min: 0,
      max: 64,
      default: 0,
      was: ["rule.reach"],
      rules: bsd,
      notIn: onlyImages,
    }),
    errorWeights: choice(ERROR_WEIGHTS, {
      says: "With an errorDepth, the weights that carry errors down: recall's, learned ones of their own, or the transposes of perception's.",
      default: "recall",
      was: ["rule.carriers"],
      rules: bsd,
      notIn: onlyImages,
    }),
    stdp: section(
      {
        trace: real({
          says: "Time constant of the spikes' traces.",
          above: 0,
          default: 2,
          unit: "steps",
          rules: ["r-stdp"],
        }),
        potentiation: real({
          says: "Weight of pairs of spikes whose sender fires first.",
          min: 0,
          default: 1,
          rules: ["r-stdp"],
        }),
        depression: real({
          says: "Weight of pairs of spikes whose sender fires last.",
          min: 0,
          default: 0.5,
          rules: ["r-stdp"],
        }),
        hidden: real({
          says: "Learning rate of hidden stages as a multiple of the top's; every value tried above 0 lost accuracy.",
          min: 0,
          default: 0,
          rules: ["r-stdp"],
        }),
      },
      { says: "Rule r-stdp: how the order of spikes changes weights.", notIn: onlyImages },
    ),
    dll: section(
      {
        feedbackLearningRate: real({
          says: "Learning rate of the feedback weights over the others'.",
          min: 0,
          default: 0.1,
          was: ["rule.dll.feedbackRate", "rule.feedbackRate"],
          rules: ["dll"],
        }),
        errorLimit: real({
          says: "Largest size of an error.",
          above: 0,
          default: 50,
          was: ["rule.errorLimit"],
          rules: ["dll"],
        }),
        temporalFeedback: flag({
          says: "Whether errors also come from the next position.",
          default: false,
          was: ["rule.temporalFeedback"],
          rules: ["dll"],
          notIn: onlySequences,
        }),
      },
      { says: "Rule dll: Dendritic Localized Learning.", notIn: { autoencode: noRule } },
    ),
    predictiveCoding: section(
      {
        inferenceSteps: whole({
          says: "Steps of inference a batch, or a position.",
          min: 1,
          max: 1_000_000,
          default: each({ classify: 20, sequence: 100, autoencode: 100 }),
          unit: "steps",
          was: ["rule.inferenceSteps"],
          rules: ["predictive-coding"],
        }),
        inferenceLearningRate: real({
          says: "Learning rate of each of them.",
          above: 0,
          default: 0.1,
          was: ["rule.predictiveCoding.inferenceRate", "rule.inferenceRate"],
          rules: ["predictive-coding"],
        }),
        carry: choice(["predicted", "inferred"], {
          says: "What a position passes on to the next: its value as predicted, or after inference.",
          default: "predicted",
          was: ["rule.carry"],
          rules: ["predictive-coding"],
          notIn: onlySequences,
        }),
      },
      { says: "Rule predictive-coding.", notIn: { autoencode: noRule } },
    ),
    ccl: section(
      {
        affinity: choice(["dots", "cosines"], {
          says: "What each stage compares by.",
          default: "cosines",
          rules: ["ccl"],
        }),
        weight: real({ says: "Weight of its loss.", min: 0, default: 1, rules: ["ccl"] }),
      },
      { says: "Rule ccl: counter-current learning.", notIn: onlyImages },
    ),
  },
  { says: "The learning rule and the options of all rules." },
);
