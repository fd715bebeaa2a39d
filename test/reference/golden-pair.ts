/** Builds the reference pair of a golden case, and lists its parameters by golden name. */
import { type BlockNames, type GoldenCase, type GoldenCnn, type GoldenMlp, goldenNames } from "../golden/golden.ts";
import type { Block, BlockGradients, ConvSynapses, LinearSynapses } from "./block.ts";
import type { BsdOptions, Pair, PairGradients } from "./bsd-reference.ts";

interface Plan {
  readonly synapses: LinearSynapses | ConvSynapses;
  /** null: no norm. */
  readonly norm: { readonly channels: number; readonly space: number } | null;
}

interface PairPlan {
  readonly perception: readonly Plan[];
  readonly top: Plan;
  readonly recall: readonly Plan[];
}

const linear = (inputs: number, outputs: number): LinearSynapses => ({ kind: "linear", inputs, outputs });

/** [[a, b], [b, c], ...] of [a, b, c, ...]. */
const consecutive = (sizes: readonly number[]): [number, number][] => sizes.slice(1).map((to, i) => [sizes[i]!, to]);

function mlpPlan({ widths, classes }: GoldenMlp): PairPlan {
  const dense = ([inputs, outputs]: [number, number]): Plan => ({
    synapses: linear(inputs, outputs),
    norm: { channels: outputs, space: 1 },
  });
  const recall = consecutive([classes, ...widths.toReversed()]).map(dense);
  return {
    perception: consecutive(widths).map(dense),
    top: { synapses: linear(widths.at(-1)!, classes), norm: null },
    recall: recall.map((plan, i) => (i === recall.length - 1 ? { ...plan, norm: null } : plan)),
  };
}

function cnnPlan({ channels, size, classes }: GoldenCnn): PairPlan {
  const hidden = channels.length - 1;
  const small = size >> hidden;
  const flat = channels[hidden]! * small * small;
  const conv = (from: number, to: number, side: number, direction: "down" | "up"): ConvSynapses => ({
    kind: "conv",
    channelsIn: channels[from]!,
    channelsOut: channels[to]!,
    height: side,
    width: side,
    kernel: 3,
    stride: 1,
    padding: 1,
    pool: direction === "down",
    upsample: direction === "up",
  });
  const levels = Array.from({ length: hidden }, (_, i) => i);
  const side = (level: number): number => size >> level;
  return {
    perception: levels.map((i) => ({
      synapses: conv(i, i + 1, side(i), "down"),
      norm: { channels: channels[i + 1]!, space: side(i + 1) ** 2 },
    })),
    top: { synapses: linear(flat, classes), norm: null },
    recall: [
      { synapses: linear(classes, flat), norm: { channels: channels[hidden]!, space: small ** 2 } },
      ...levels.toReversed().map((i) => ({
        synapses: conv(i + 1, i, side(i), "up"),
        norm: i > 0 ? { channels: channels[i]!, space: side(i) ** 2 } : null,
      })),
    ],
  };
}

export type Parameters = ReadonlyMap<string, Float64Array>;

/** The pair of `golden` over the arrays in `parameters` (shared, not copied). */
export function goldenPair(golden: GoldenCase, parameters: Parameters): Pair {
  const array = (name: string): Float64Array => {
    const found = parameters.get(name);
    if (!found) throw new Error(`no parameter ${name}; there are ${[...parameters.keys()].join(", ")}`);
    return found;
  };
  const block = ({ synapses, norm }: Plan, names: BlockNames): Block => ({
    synapses,
    weight: array(names.weight),
    bias: array(names.bias),
    norm: norm && names.scale && names.shift ? { ...norm, scale: array(names.scale), shift: array(names.shift) } : null,
  });
  const names = goldenNames(golden);
  const plan = golden.net === "mlp" ? mlpPlan(golden) : cnnPlan(golden);
  return {
    perception: plan.perception.map((p, i) => block(p, names.perception[i]!)),
    top: block(plan.top, names.top),
    recall: plan.recall.map((p, i) => block(p, names.recall[i]!)),
  };
}

/** Gradients by golden name. */
export function namedGradients(golden: GoldenCase, gradients: PairGradients): Map<string, Float64Array> {
  const named = new Map<string, Float64Array>();
  const add = (names: BlockNames, block: BlockGradients): void => {
    named.set(names.weight, block.weight).set(names.bias, block.bias);
    if (names.scale && block.scale) named.set(names.scale, block.scale);
    if (names.shift && block.shift) named.set(names.shift, block.shift);
  };
  const names = goldenNames(golden);
  for (const [i, block] of gradients.perception.entries()) add(names.perception[i]!, block);
  add(names.top, gradients.top);
  for (const [i, block] of gradients.recall.entries()) add(names.recall[i]!, block);
  return named;
}

/**
 * Names of the biases that a norm subtracts again: their true gradient is 0, so after an AdamW step they hold amplified
 * rounding noise. A bias of neurons that share a channel (a dense layer in front of a spatial norm) is not among them.
 */
export function cancelledBiases(golden: GoldenCase, pair: Pair): Set<string> {
  const names = goldenNames(golden);
  const cancelled = (block: Block): boolean => block.norm?.channels === block.bias.length;
  return new Set([
    ...names.perception.filter((_, i) => cancelled(pair.perception[i]!)).map((n) => n.bias),
    ...names.recall.filter((_, i) => cancelled(pair.recall[i]!)).map((n) => n.bias),
  ]);
}

/** The case's settings as the reference takes them. */
export function goldenOptions(golden: GoldenCase): BsdOptions {
  const { T, theta, tau, features, loss, negatives, centred, lambda, temperature, classes } = golden;
  return { steps: T, theta, tau, features, loss, rivals: negatives, centred, lambda, temperature, classes };
}
