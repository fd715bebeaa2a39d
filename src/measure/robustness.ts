/**
 * Robustness: accuracy on corrupted images, and with noise on the weights, by severity.
 *
 *   mean = mean accuracy over the severities asked for       drop = accuracy on clean images - mean
 *
 * As in MNIST-C and ImageNet-C the net has seen no corrupted image before; its norms keep the running statistics of training. ImageNet-C's mean corruption error divides by a
 * baseline's errors; here rules are held against each other as they are.
 */
import type { Split } from "../data/dataset.ts";
import { NormalStream, RandomStream } from "../engine/random.ts";
import { BispikeError } from "../errors.ts";
import type { ImageModel } from "../nets/model.ts";
import type { Slot, Stateful } from "../nets/parameters.ts";
import {
  CORRUPTIONS,
  type CorruptionName,
  checkAmount,
  corruptSplit,
  DEFAULT_DRAWS,
  type ImageCorruptionName,
  imageCorruptions,
  SEVERITIES,
} from "./corruptions.ts";
import { decideImages, evenly } from "./decide.ts";

// Noise on the weights: W + N(0, (s rms(W))^2), every weight by itself, rms(W) being the root mean square of its own stage's weights; s = 0.05, 0.1, 0.2, 0.3 and 0.5.
//
// Only synaptic weights of perception, the read-out's too: biases, norms and thresholds stay as they are, and recall has no say in a decision.

/** Noise on the weights as a corruption: its name and its grades. */
export const WEIGHT_NOISE = {
  name: "weights",
  quantity: "standard deviation, of the root mean square of a stage's weights",
  amounts: [0.05, 0.1, 0.2, 0.3, 0.5],
} as const;

/** How noise on the weights is drawn. */
export interface WeightNoiseOptions {
  /** Default 1. */
  readonly seed?: number;
  /** Number of the draw, from 0; each is a noise of its own. Default 0. */
  readonly draw?: number;
}

/** The weights that decide: perception's. */
function perceptionWeights(model: Stateful): Slot[] {
  return [...model.slots(false)].filter(({ name }) => /^perception\..*\.weight$/.test(name));
}

/**
 * Runs `use` with noise on the model's weights, and puts the weights back, bit for bit, however it ends.
 *
 * @param amount s, 0 to 100; the same seed, amount and draw give the same noise
 * @throws BispikeError "usage" for another amount, and whatever `use` throws
 * @example
 * const { accuracy } = await withNoisyWeights(model, 0.1, {}, () => evaluate(model, dataset.test, indices));
 */
export async function withNoisyWeights<T>(
  model: Stateful,
  amount: number,
  options: WeightNoiseOptions,
  use: () => Promise<T>,
): Promise<T> {
  const { seed = 1, draw = 0 } = options;
  checkAmount("noise on the weights", amount, 0, 100);
  const weights = perceptionWeights(model).map((slot) => ({ slot, values: slot.read() }));
  try {
    for (const { slot, values } of weights) {
      const normal = new NormalStream(new RandomStream(seed, `corruption/weights/${amount}/${slot.name}`, draw));
      const deviation = amount * rootMeanSquare(values);
      slot.write(values.map((weight) => weight + deviation * normal.next()));
    }
    return await use();
  } finally {
    for (const { slot, values } of weights) slot.write(values);
  }
}

/** 0 of no values. @example rootMeanSquare(Float32Array.of(3, -4)) // 3.5355... */
export function rootMeanSquare(values: Float32Array): number {
  const squares = values.reduce((sum, value) => sum + value * value, 0);
  return values.length === 0 ? 0 : Math.sqrt(squares / values.length);
}

/** Accuracy under one grade of a corruption. */
export interface SeverityScore {
  /** 1 to 5. */
  readonly severity: number;
  /** In the corruption's `quantity`. */
  readonly amount: number;
  /** Share of right decisions, 0..1; of noise on the weights, the mean of the draws. */
  readonly accuracy: number;
  /** Noise on the weights: accuracy of each draw. */
  readonly draws?: readonly number[];
}

/** Accuracy under one corruption. */
export interface CorruptionScore {
  readonly name: CorruptionName;
  /** What an amount is, and its unit. */
  readonly quantity: string;
  /** Mean accuracy over the severities asked for, 0..1. */
  readonly mean: number;
  /** Accuracy on clean images less `mean`. */
  readonly drop: number;
  /** In the order asked for. */
  readonly severities: readonly SeverityScore[];
}

/** Accuracy under every corruption that was tried. */
export interface Robustness {
  /** Images a pass. */
  readonly images: number;
  /** Of all that was left to chance. */
  readonly seed: number;
  /** Accuracy on the same images, not corrupted, 0..1. */
  readonly clean: number;
  /** Mean accuracy over the corruptions of images; null where none was asked for. */
  readonly mean: number | null;
  /** `clean` less `mean`; null likewise. */
  readonly drop: number | null;
  readonly corruptions: readonly CorruptionScore[];
}

/** Which corruptions are tried. */
export interface RobustnessOptions {
  /** Default: all of `CORRUPTIONS`. */
  readonly corruptions?: readonly CorruptionName[];
  /** Default: 1 to 5. */
  readonly severities?: readonly number[];
  /** Images at most, spread evenly over the indices; 0 for all. Default 0. */
  readonly images?: number;
  /** Draws of the noise on the weights at each severity. Default 3. */
  readonly draws?: number;
  /** Of all that is left to chance. Default 1. */
  readonly seed?: number;
  /** Awaited after each pass over the images; may throw to give up. */
  readonly pause?: () => Promise<void>;
}

/**
 * Accuracy on corrupted images and with noise on the weights, by severity. Severities are those of MNIST-C and ImageNet-C where these have the corruption.
 *
 * @param indices images of `split`; at least one
 * @throws BispikeError "usage" for no images, corruptions, severities or draws, or ones that are none
 * @example
 * const { clean, corruptions } = await measureRobustness(model, dataset.test, indices, { images: 1000 });
 */
export async function measureRobustness(
  model: ImageModel,
  split: Split,
  indices: Int32Array,
  options: RobustnessOptions = {},
): Promise<Robustness> {
  const { corruptions = CORRUPTIONS, severities = SEVERITIES, draws = DEFAULT_DRAWS, seed = 1, pause } = options;
  check(indices, { corruptions, severities, draws });
  const chosen = evenly(indices, options.images ?? 0);
  const clean = accuracyOf(model, split, chosen);
  await pause?.();

  const scores: CorruptionScore[] = [];
  for (const name of corruptions) {
    const { quantity, amounts } = name === "weights" ? WEIGHT_NOISE : imageCorruptions[name];
    const lines: SeverityScore[] = [];
    for (const severity of severities) {
      const amount = amounts[severity - 1]!;
      const measured = name === "weights" ? await noisy(amount) : await corrupted(name, severity);
      lines.push({ severity, amount, ...measured });
    }
    const mean = meanOf(lines.map(({ accuracy }) => accuracy));
    scores.push({ name, quantity, mean, drop: clean - mean, severities: lines });
  }
  const ofImages = scores.filter(({ name }) => name !== "weights").map(({ mean }) => mean);
  const mean = ofImages.length > 0 ? meanOf(ofImages) : null;
  return { images: chosen.length, seed, clean, mean, drop: mean === null ? null : clean - mean, corruptions: scores };

  async function corrupted(name: ImageCorruptionName, severity: number) {
    const spoilt = corruptSplit(name, split, chosen, model.data.shape, { severity, seed });
    const accuracy = accuracyOf(model, spoilt, chosen);
    await pause?.();
    return { accuracy };
  }

  async function noisy(amount: number) {
    const accuracies: number[] = [];
    for (let draw = 0; draw < draws; draw++) {
      accuracies.push(
        await withNoisyWeights(model, amount, { seed, draw }, async () => accuracyOf(model, split, chosen)),
      );
      await pause?.();
    }
    return { accuracy: meanOf(accuracies), draws: accuracies };
  }
}

/** Share of right decisions, by the concept's spikes or the read-out. */
function accuracyOf(model: ImageModel, split: Split, indices: Int32Array): number {
  let right = 0;
  for (let from = 0; from < indices.length; from += model.maxImages) {
    const count = model.load(split, indices, from, Math.min(model.maxImages, indices.length - from));
    model.perceive(count);
    for (const [k, decision] of decideImages(model, count).entries())
      if (decision.class === split.labels[indices[from + k]!]) right++;
  }
  return right / indices.length;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function check(
  indices: Int32Array,
  { corruptions, severities, draws }: Required<Pick<RobustnessOptions, "corruptions" | "severities" | "draws">>,
): void {
  const fail = (expected: string, got: unknown) =>
    new BispikeError("usage", `robustness: expected ${expected}, got ${String(got)}`);
  if (indices.length === 0) throw fail("one or more images", "none");
  if (corruptions.length === 0) throw fail("one or more corruptions", "none");
  const odd = corruptions.find((name) => !CORRUPTIONS.includes(name));
  if (odd !== undefined) throw fail(`corruptions of ${CORRUPTIONS.join(", ")}`, odd);
  if (severities.length === 0) throw fail("one or more severities", "none");
  const beyond = severities.find((severity) => !(SEVERITIES as readonly number[]).includes(severity));
  if (beyond !== undefined) throw fail("severities from 1 to 5", beyond);
  if (!Number.isInteger(draws) || draws < 1) throw fail("a whole number of draws from 1 up", draws);
}
