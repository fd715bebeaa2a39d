/** The zod schema of an image experiment's configuration; a field's meaning is documented on its type in `config.ts`. */
import * as z from "zod/mini";
import { AUGMENT_LIMITS } from "../data/augment/options.ts";
import { CARRIERS } from "../learning/carriers.ts";
import { AFFINITIES } from "../losses/infonce.ts";
import { stageLosses } from "../losses/stage-loss.ts";
import { POOLINGS } from "../network/neuron.ts";
import type { DataConfig, ExperimentConfig, ImageDataConfig } from "./config.ts";
import {
  choice,
  choiceOrRegistered,
  flag,
  fraction,
  hidden,
  keysOf,
  name,
  optional,
  path,
  positive,
  real,
  section,
  trainSection,
  whole,
} from "./config-fields.ts";
import { registeredRules } from "./registered-rules.ts";

/** The data sets known by name. */
export const knownDatasets = ["mnist", "fashion-mnist", "cifar10", "cifar100", "svhn"] as const;
export type KnownDataset = (typeof knownDatasets)[number];

const heldOut = () => {
  const error = "a fraction from 0 to below 1, or a whole number of images";
  const sensible = (value: number) => value >= 0 && (value < 1 || Number.isSafeInteger(value));
  return z.number({ error }).check(z.refine(sensible, { error }));
};

const dataFields = () => ({
  name: optional(choice(knownDatasets)),
  path: optional(path("a folder's path")),
  heldOut: heldOut(),
  limit: whole(0, Number.MAX_SAFE_INTEGER),
});

/** The section `data` of experiments on images without labels. */
export const imageDataSection = () => section(dataFields()) satisfies z.ZodMiniType<DataConfig>;

export const experimentSchema = section({
  name: name(),
  data: section({
    ...dataFields(),
    labelNoise: real(0, 1),
    // How far images of their size may go is checked when they are at hand.
    augment: section({
      shift: whole(0, AUGMENT_LIMITS.shift),
      flip: flag(),
      rotate: real(0, AUGMENT_LIMITS.rotate),
      erase: whole(0, AUGMENT_LIMITS.erase),
    }),
  }) satisfies z.ZodMiniType<ImageDataConfig>,
  network: section({
    kind: choice(["mlp", "cnn"]),
    hidden: hidden(),
    steps: whole(1, 65536),
    norm: flag(),
    tau: real(1),
    threshold: section({ perception: positive(), recall: positive(), concept: positive() }),
    stimulus: choice(["direct", "poisson", "latency"]),
    target: choice(["one-hot", "random"]),
    targetSize: whole(0, 65535),
    recall: choice(["chain", "broadcast"]),
    activation: choice(["own", "relu", "tanh", "elu"]),
  }),
  rule: section({
    name: choiceOrRegistered(registeredRules),
    features: choice(["rate", "drive", "membrane"]),
    recallFeatures: choice(["same", "rate", "drive", "membrane"]),
    centred: flag(),
    negatives: choice(["literal", "masked", "prototypes"]),
    loss: choiceOrRegistered(stageLosses),
    lambda: real(0),
    temperature: positive(),
    margin: real(0),
    affinity: choice(AFFINITIES),
    weight: real(0),
    stimulusWeight: real(0),
    pool: whole(0, 1024),
    pooling: choice(POOLINGS),
    top: choice(["cross-entropy", "reco", "mse"]),
    homeostasis: section({ weight: real(0), rate: real(0, 1) }),
    freeze: choice(["none", "perception", "recall", "both"]),
    codes: choice(["recall", "random"]),
    codeRate: fraction(),
    detached: flag(),
    reach: whole(0, 64),
    carriers: choice(CARRIERS),
    stdp: section({ trace: positive(), potentiation: real(0), depression: real(0), hidden: real(0) }),
    dll: section({ feedbackRate: real(0), errorLimit: positive() }),
    predictiveCoding: section({ inferenceSteps: whole(1, 1_000_000), inferenceRate: positive() }),
    ccl: section({ affinity: choice(["dots", "cosines"]), weight: real(0) }),
  }),
  train: trainSection(),
  observe: section({ every: whole(0, Number.MAX_SAFE_INTEGER), images: whole(2, 65536) }),
}) satisfies z.ZodMiniType<ExperimentConfig>;

/** Dotted names of every key, sections included, in file order: `train`, `train.seed`, ... */
export function knownKeys(): string[] {
  return keysOf(experimentSchema);
}
