/**
 * The zod schema of the experiment configuration.
 *
 * Each field's `error` is the sentence after "expected": the checker adds the key and what came.
 * Ranges bound memory and catch slips; a field's meaning is documented on its type in `config.ts`.
 */
import { z } from "zod";
import type { ExperimentConfig } from "./config.ts";

/** The data sets known by name. */
export const knownDatasets = ["mnist", "fashion-mnist", "cifar10", "cifar100", "svhn"] as const;
export type KnownDataset = (typeof knownDatasets)[number];

const whole = (min: number, max: number) => {
  const error = `an integer from ${min} to ${max}`;
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error });
};
const real = (min: number, max = Number.MAX_VALUE) => {
  const error = max === Number.MAX_VALUE ? `a number of at least ${min}` : `a number from ${min} to ${max}`;
  return z.number({ error }).min(min, { error }).max(max, { error });
};
const positive = () => {
  const error = "a number above 0";
  return z.number({ error }).gt(0, { error });
};
const flag = () => z.boolean({ error: "true or false" });
const choice = <const T extends readonly [string, ...string[]]>(options: T) =>
  z.enum(options, { error: options.length === 1 ? options[0] : `one of ${options.join(", ")}` });
const section = <T extends z.ZodRawShape>(shape: T) =>
  z.strictObject(shape, {
    // Unknown keys are reported by their own issue, which the checker words itself.
    error: (issue) => (issue.code === "invalid_type" ? `a section with the keys ${Object.keys(shape).join(", ")}` : ""),
  });

const name = () => {
  const error = "a folder name: 1 to 100 letters, digits, '.', '_' or '-', starting with a letter or digit";
  return z.string({ error }).regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, { error });
};
const path = () => {
  const error = "a folder's path, 1 to 4096 characters without control characters";
  const plain = (text: string) => text.length > 0 && text.length <= 4096 && !/\p{Cc}|\p{Cs}/u.test(text);
  return z.string({ error }).refine(plain, { error });
};
const heldOut = () => {
  const error = "a fraction from 0 to below 1, or a whole number of images";
  const sensible = (value: number) => value >= 0 && (value < 1 || Number.isSafeInteger(value));
  return z.number({ error }).refine(sensible, { error });
};
const hidden = () => {
  const error = "a list of 1 to 64 integers from 1 to 65535, one a hidden stage, such as [512, 256]";
  return z.array(whole(1, 65535), { error }).min(1, { error }).max(64, { error });
};

export const experimentSchema = section({
  name: name(),
  data: section({
    name: choice(knownDatasets).exactOptional(),
    path: path().exactOptional(),
    heldOut: heldOut(),
    limit: whole(0, Number.MAX_SAFE_INTEGER),
  }),
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
  }),
  rule: section({
    name: choice(["bsd"]),
    features: choice(["rate", "drive", "membrane"]),
    centred: flag(),
    negatives: choice(["literal", "masked", "prototypes"]),
    loss: choice(["reco", "infonce", "mse"]),
    lambda: real(0),
    temperature: positive(),
    weight: real(0),
    stimulusWeight: real(0),
    pool: whole(0, 1024),
    top: choice(["cross-entropy", "reco", "mse"]),
    homeostasis: section({ weight: real(0), rate: real(0, 1) }),
  }),
  train: section({
    seed: whole(0, Number.MAX_SAFE_INTEGER),
    epochs: whole(1, 1_000_000),
    batch: whole(1, 65536),
    threads: whole(0, 256),
    learningRate: positive(),
    recallRate: real(0),
    schedule: choice(["cosine", "constant"]),
    warmup: whole(0, Number.MAX_SAFE_INTEGER),
    weightDecay: real(0),
    clip: real(0),
    clipScope: choice(["stage", "global"]),
    checkpointSeconds: real(0),
  }),
}) satisfies z.ZodType<ExperimentConfig>;

/** Dotted names of every key, sections included, in file order: `train`, `train.seed`, ... */
export function knownKeys(schema: z.ZodType = experimentSchema, prefix = ""): string[] {
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape).flatMap(([key, child]) => {
    const dotted = prefix + key;
    return [dotted, ...knownKeys(child as z.ZodType, `${dotted}.`)];
  });
}
