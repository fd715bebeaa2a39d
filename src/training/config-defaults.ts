/** The defaults of an image experiment's configuration; what each field means is documented on its type in `config.ts`. */
import { augmentDefaults } from "../data/augment/options.ts";
import type { ExperimentConfig } from "./config.ts";

/** Every default. `name` and a cnn's `hidden` depend on other fields: see `resolveConfig`. */
export const defaults = {
  data: { heldOut: 0.1, limit: 0, labelNoise: 0, augment: augmentDefaults },
  network: {
    kind: "mlp",
    hidden: [1024, 512, 256],
    steps: 4,
    norm: true,
    tau: 2,
    threshold: { perception: 0.6, recall: 0.6, concept: 2 },
    stimulus: "direct",
    target: "one-hot",
    targetSize: 0,
    recall: "chain",
    activation: "own",
  },
  rule: {
    name: "bsd",
    features: "rate",
    recallFeatures: "same",
    centred: true,
    negatives: "prototypes",
    loss: "infonce",
    lambda: 4,
    temperature: 0.1,
    margin: 0,
    affinity: "cosines",
    weight: 1,
    stimulusWeight: 1,
    pool: 0,
    pooling: "mean",
    top: "cross-entropy",
    homeostasis: { weight: 0, rate: 0.06 },
    freeze: "none",
    codes: "recall",
    codeRate: 0.15,
    detached: true,
    reach: 0,
    carriers: "recall",
    stdp: { trace: 2, potentiation: 1, depression: 0.5, hidden: 0 },
    dll: { feedbackRate: 0.1, errorLimit: 50 },
    predictiveCoding: { inferenceSteps: 20, inferenceRate: 0.1 },
    ccl: { affinity: "cosines", weight: 1 },
  },
  train: {
    seed: 1,
    epochs: 5,
    batch: 128,
    threads: 0,
    learningRate: 0.003,
    recallRate: 1,
    schedule: "cosine",
    warmup: 0,
    weightDecay: 0.01,
    clip: 1,
    clipScope: "stage",
    checkpointSeconds: 60,
  },
  observe: { every: 0, images: 256 },
} as const satisfies Omit<ExperimentConfig, "name">;

/** Default step size of rule r-stdp, whose sums of spikes are no gradient of a loss, in place of `defaults.train.learningRate`. */
export const stdpLearningRate = 0.01;

/** Default channels of a cnn's hidden stages, in place of `defaults.network.hidden`. */
export const defaultChannels: readonly number[] = [32, 64, 128];
