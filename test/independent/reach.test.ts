/**
 * BSD whose errors reach the stages below their own, against the tests' own autodiff: a stage's gradient is the sum of its own loss's and of as many above it as reach it, each gone back from on a tape of its
 * own, by the transposes or by what recall's synapses mirror. Recall learns as in BSD.
 */
import { describe, expect, test } from "vitest";
import type { Layer } from "../../src/nets/layer.ts";
import type { BsdOptions } from "../../src/problems/classify.ts";
import * as ad from "../support/autodiff.ts";
import {
  ALLOWED,
  type Kind,
  learn,
  type PlainGradients,
  type Small,
  small,
  tape,
  worst,
} from "../support/pair-tape.ts";
import { type PlainParameters, plainBlock } from "../support/plain-stack.ts";

const RATES = { perception: "rate", recall: "rate" } as const;
const detached = { perception: false, recall: true };

const built = (kind: Kind, rule: Partial<BsdOptions>) =>
  small(kind, { errorDepth: 1, errorWeights: "transposes", ...rule });

/** What each layer learns from where errors go down `errorDepth` stages. */
function expected(pair: Small, errorDepth: number, errorWeights?: readonly ad.Value[]): PlainGradients[] {
  const { perception, recall, stages } = pair.pair;
  const tapes = Array.from({ length: stages }, (_, k) =>
    tape(pair, { detached, ...RATES, ...(errorWeights ? { errorWeights } : {}) }, [k + 1]),
  );
  const of = (from: number, to: number, layer: number): PlainGradients => {
    const parts = tapes.slice(from - 1, to).map(({ parameters }) => parameters[layer]!);
    return Object.fromEntries(
      (Object.keys(parts[0]!) as (keyof PlainParameters)[]).map((block) => [
        block,
        {
          gradient: parts[0]![block]!.gradient.map((_, i) =>
            parts.reduce((sum, part) => sum + part[block]!.gradient[i]!, 0),
          ),
        },
      ]),
    );
  };
  return [
    ...perception.map((_, k) => of(k + 2, Math.min(stages, k + 2 + errorDepth), k)),
    ...recall.map((_, k) => of(k + 1, k + 1, perception.length + k)),
  ];
}

/** Weights of one net in the order and the place of the other's: kernels turned by half a turn, inputs and outputs exchanged; scaled. */
function turned(weights: ArrayLike<number>, [outputs, inputs]: readonly [number, number], scale: number): Float64Array {
  const taps = weights.length / outputs / inputs;
  const out = new Float64Array(weights.length);
  for (let o = 0; o < outputs; o++)
    for (let tap = 0; tap < taps; tap++)
      for (let i = 0; i < inputs; i++)
        out[(o * taps + tap) * inputs + i] = scale * weights[(i * taps + taps - 1 - tap) * outputs + o]!;
  return out;
}

/** Outputs and inputs of a layer's weights. */
function sizesOf({ synapses }: Layer): [number, number] {
  const shape = synapses.plainShape("weight");
  return [shape[0]!, shape.at(-1)!];
}

/** Recall's weights as carriers: mirrored, and scaled to what neurons of perception read. */
function mirrored({ pair }: Small): ad.Value[] {
  return pair.perception.slice(1).map((up, k) => {
    const { synapses, group } = pair.recall[k + 1]!;
    const theta = plainBlock(synapses, group, "weight", "parameters");
    return ad.variable(turned(theta, sizesOf(up), Math.sqrt(synapses.fanIn / up.synapses.fanIn)));
  });
}

describe.each(["mlp", "cnn"] as const)("%s", (kind) => {
  test.each([1, 2, 3, 64])(
    "reach %d by transposes: a stage learns from its own loss and from those that reach it",
    async (errorDepth) => {
      const pair = await built(kind, { errorDepth: errorDepth });
      try {
        learn(pair);
        expect(worst(pair, expected(pair, errorDepth))).toBeLessThan(ALLOWED);
        // One stage less, of as many as there are above the lowest.
        const other = Math.min(errorDepth, pair.pair.options.hidden.length) - 1;
        expect(worst(pair, expected(pair, other))).toBeGreaterThan(100 * ALLOWED);
      } finally {
        await pair.team.close();
      }
    },
  );

  test("recall's synapses carry as transposes do where they mirror perception's", async () => {
    const [own, other] = await Promise.all([built(kind, {}), built(kind, { errorWeights: "recall" })]);
    try {
      for (const { pair } of [own, other]) {
        for (const [k, up] of pair.perception.slice(1).entries()) {
          const down = pair.recall[k + 1]!;
          const weights = plainBlock(up.synapses, up.group, "weight", "parameters");
          const theta = turned(weights, sizesOf(down), Math.sqrt(up.synapses.fanIn / down.synapses.fanIn));
          down.synapses.pack("weight", theta, down.group.view("weight"));
        }
      }
      expect(learn(other)).toEqual(learn(own));
      for (const [k, { group, name }] of other.pair.layers.entries()) {
        const wanted = own.pair.layers[k]!.group.gradients.view;
        const gap = Math.max(...group.gradients.view.map((value, i) => Math.abs(value - wanted[i]!)));
        expect(gap / Math.max(...wanted.map(Math.abs)), name).toBeLessThan(1e-6);
      }
    } finally {
      await own.team.close();
      await other.team.close();
    }
  });
});

/** ErrorWeights as they are drawn. */
function drawn({ rule }: Small): ad.Value[] {
  return [...rule.slots(true)]
    .filter(({ name }) => name.startsWith("carriers."))
    .map((slot) => ad.variable(Float64Array.from(slot.read())));
}

// On planes a carrier's product has other winners than the weights' own: there the test above holds.
test.each([
  [1, "recall"],
  [2, "recall"],
  [64, "recall"],
  [1, "learned"],
  [64, "learned"],
] as const)("reach %d by carriers %s, as they are drawn", async (errorDepth, kind) => {
  const pair = await built("mlp", { errorDepth: errorDepth, errorWeights: kind });
  try {
    const errorWeights = kind === "recall" ? mirrored(pair) : drawn(pair);
    learn(pair);
    expect(worst(pair, expected(pair, errorDepth, errorWeights))).toBeLessThan(ALLOWED);
    expect(worst(pair, expected(pair, errorDepth))).toBeGreaterThan(100 * ALLOWED);
  } finally {
    await pair.team.close();
  }
});
