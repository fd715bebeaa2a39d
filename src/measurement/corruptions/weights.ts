/**
 * Noise on the weights: W + N(0, (s rms(W))^2), every weight by itself, rms(W) being the root mean square of its own stage's weights; s = 0.05, 0.1, 0.2, 0.3 and 0.5.
 *
 * Only synaptic weights of perception, the read-out's too: biases, norms and thresholds stay as they are, and recall has no say in a decision.
 */
import { NormalStream } from "../../engine/normal.ts";
import { RandomStream } from "../../engine/random.ts";
import type { Slot, Stateful } from "../../network/slots.ts";
import { checkAmount } from "./corruption.ts";

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
