/** Section `network`: the pair of networks, perception (stimulus → concept) and recall (concept → stimulus). */
import { choice, each, flag, list, type Problem, real, section, whole } from "../options.ts";

const recurrent = "its net is always recurrent";
const noCode = "only images of classes have a target code";
const noConcept = "no concept neurons decide there";

/** Default channels of a classifying cnn's hidden stages. */
export const defaultChannels: readonly number[] = [32, 64, 128];

const isWidth = (width: unknown) => Number.isSafeInteger(width) && (width as number) >= 1 && (width as number) <= 65535;

/** Hidden stages where none are given. */
const usualHidden: Readonly<Record<Problem, Readonly<Record<"mlp" | "cnn", readonly number[]>>>> = {
  classify: { mlp: [1024, 512, 256], cnn: defaultChannels },
  sequence: { mlp: [324], cnn: [324] },
  autoencode: { mlp: [256], cnn: [16, 32, 64] },
};

export const network = section(
  {
    kind: choice(["mlp", "cnn"], {
      says: "Fully connected or convolutional stages.",
      default: each({ classify: "mlp", sequence: "mlp", autoencode: "cnn" }),
      notIn: { sequence: recurrent },
    }),
    hidden: list<number, Record<never, never>>({
      says: "Neurons of each hidden stage from the stimulus up, or channels of a cnn's; autoencoders mirror them behind the latent stage.",
      expected: "a list of 1 to 64 integers from 1 to 65535, one a hidden stage, such as [512, 256]",
      each: { expected: "an integer from 1 to 65535", accepts: isWidth },
      min: 1,
      max: 64,
      default: ({ problem, at }) => usualHidden[problem][at("network.kind") === "cnn" ? "cnn" : "mlp"],
    }),
    latent: whole({
      says: "Neurons of the latent stage.",
      min: 1,
      max: 65535,
      default: 64,
      notIn: { classify: "only autoencoders have a latent stage", sequence: "only autoencoders have a latent stage" },
    }),
    steps: whole({
      says: "T, time steps for which a sample is shown.",
      min: 1,
      max: 65536,
      default: each({ classify: 4, sequence: 4, autoencode: 8 }),
      unit: "steps",
    }),
    norm: flag({ says: "Normalise the drive over batch and time (cnn: and space).", default: true }),
    tau: real({ says: "Membrane time constant.", min: 1, default: 2, unit: "steps" }),
    threshold: section(
      {
        perception: real({ says: "Of perception's hidden stages.", above: 0, default: 0.6 }),
        recall: real({ says: "Of recall's hidden stages.", above: 0, default: 0.6 }),
        concept: real({
          says: "Of the concept's neurons, whose spikes decide; training does not read it.",
          above: 0,
          default: 2,
          notIn: { sequence: noConcept, autoencode: noConcept },
        }),
      },
      { says: "Membrane potential at which a neuron fires." },
    ),
    stimulus: choice(["direct", "poisson", "latency"], {
      says: "How the stimulus drives stage 1: its value held for T steps, Poisson spikes, or time to first spike.",
      default: "direct",
      notIn: { sequence: "elements drive stage 1 directly", autoencode: "images drive stage 1 directly" },
    }),
    target: choice(["one-hot", "random"], {
      says: "Spike code of a label at the top of recall: a neuron a class, or a fixed random binary code.",
      default: "one-hot",
      notIn: { sequence: noCode, autoencode: noCode },
    }),
    targetSize: whole({
      says: "Neurons of a random target code; 0 = 4 x classes, and for one-hot.",
      min: 0,
      max: 65535,
      default: 0,
      notIn: { sequence: noCode, autoencode: noCode },
    }),
    recall: choice(["chain", "broadcast"], {
      says: "What drives recall's hidden stages: the stage above, or all of them the concept's spikes; parts of a pair need chain.",
      default: "chain",
      rules: ["bsd"],
      notIn: { sequence: "recall is always a chain there", autoencode: "recall is always a chain there" },
    }),
    activation: choice(["own", "relu", "tanh", "elu"], {
      says: "Activation of units that do not spike; own: what the rule's authors use (backprop-ann and bsd-ann relu, dll and predictive-coding tanh, ccl elu).",
      default: "own",
      rules: ["backprop-ann", "dll", "predictive-coding", "ccl", "bsd-ann"],
      notIn: {
        sequence: "units that do not spike are tanh there",
        autoencode: "units that do not spike are relu there",
      },
    }),
    recurrentRecall: flag({
      says: "Whether recall is recurrent, that is, knows later targets.",
      default: true,
      rules: ["bsd"],
      notIn: { classify: "nothing is recurrent there", autoencode: "nothing is recurrent there" },
    }),
    population: section(
      {
        size: whole({ says: "Neurons a value.", min: 2, max: 4096, default: 24 }),
        range: real({
          says: "Half of the interval they cover.",
          above: 0,
          default: 2.5,
          unit: "standard deviations",
        }),
      },
      {
        says: "Population code of a target value at the top of recall.",
        notIn: { classify: "targets are classes", autoencode: "targets are images" },
      },
    ),
  },
  {
    says: "The pair of networks. Rules without spikes pass over `steps`, `tau` and `threshold`.",
  },
);
