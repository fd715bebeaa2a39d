/** What must stay the same when a batch, a network or its room is changed in a way that should not matter. */
import { describe, expect, test } from "vitest";
import type { Layer } from "../../src/nets/layer.ts";
import { LinearSynapses } from "../../src/nets/linear.ts";
import type { NetworkPair } from "../../src/nets/pair.ts";
import { pixelsOf } from "../../src/nets/shape.ts";
import {
  type Images,
  randomImages,
  type SmallOptions,
  type SmallPair,
  smallPair,
  updatesOf,
} from "../support/small-pair.ts";

/** Runs `body` on a pair and closes its team. */
async function using<T>(options: SmallOptions, body: (small: SmallPair) => T): Promise<T> {
  const small = await smallPair(options);
  try {
    return body(small);
  } finally {
    await small.team.close();
  }
}

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) {
    expect(Math.abs(actual[i]! - value) / Math.max(1, Math.abs(value)), `loss ${i + 1}`).toBeLessThan(1e-5);
  }
}

const reordered = ({ values, labels, ids }: Images, order: readonly number[]): Images => ({
  values: order.map((i) => values[i]!),
  labels: order.map((i) => labels[i]!),
  ids: order.map((i) => ids[i]!),
});

const kinds = ["mlp", "cnn"] as const;
const everyCase = kinds.flatMap((kind) =>
  (["direct", "poisson", "latency"] as const).flatMap((stimulus) =>
    (["prototypes", "literal"] as const).map((rivals) => ({ kind, stimulus, rivals })),
  ),
);

test.each(everyCase)(
  "$kind, $stimulus, $rivals: the order of a batch does not matter",
  async ({ kind, stimulus, rivals }) => {
    const options: SmallOptions = { network: { kind, stimulus }, rule: { rivals } };
    const lossesOf = (order: readonly number[]) =>
      using(options, ({ pair, step }) => step(reordered(randomImages(pair, 6), order)).stageLosses);
    const losses = await lossesOf([0, 1, 2, 3, 4, 5]);
    expectClose(await lossesOf([4, 2, 0, 5, 1, 3]), losses);
  },
);

test.each(everyCase)(
  "$kind, $stimulus, $rivals: unused room for images does not matter, bit for bit",
  async ({ kind, stimulus, rivals }) => {
    const after = (maxImages: number) =>
      using({ network: { kind, stimulus, maxImages }, rule: { rivals } }, ({ pair, step }) => {
        const reports = [0, 1].map((i) => step(randomImages(pair, 4, i), i));
        return { reports, updates: updatesOf(pair) };
      });
    const exact = await after(4);
    expect(await after(9)).toEqual(exact);
  },
);

test("a smaller batch after a larger one sees nothing of it", async () => {
  // Recall first sees six rows, then four; with the norm's running statistics out of play both must learn alike.
  const options: SmallOptions = { network: { kind: "cnn" }, rule: { rivals: "masked" } };
  const fresh = await using(options, ({ pair, step }) => step(randomImages(pair, 4, 1)).stageLosses);
  const reused = await using(options, ({ pair, rule, step }) => {
    const start = pair.layers.map(({ group }) => group.parameters.view.slice());
    step(randomImages(pair, 6, 0));
    for (const [i, { group }] of pair.layers.entries()) group.parameters.view.set(start[i]!);
    expect(rule.optimiser.steps).toBe(1);
    return step(randomImages(pair, 4, 1)).stageLosses;
  });
  expect(reused).toEqual(fresh);
});

/** Reorders the units of a linear layer's output by `order`, and of the linear layers that read it. */
function permuteUnits(layer: Layer, readers: readonly Layer[], order: readonly number[]): void {
  const move = (of: Layer, block: string, at: (plain: number, inputs: number) => number) => {
    const { synapses, group } = of;
    if (!(synapses instanceof LinearSynapses)) throw new Error("only linear layers");
    const plain = new Float32Array(synapses.plainShape(block).reduce((a, b) => a * b, 1));
    synapses.unpack(block, group.view(block), plain);
    synapses.pack(
      block,
      plain.map((_, i) => plain[at(i, synapses.fanIn)]!),
      group.view(block),
    );
  };
  move(layer, "weight", (i, inputs) => order[Math.floor(i / inputs)]! * inputs + (i % inputs));
  for (const reader of readers) {
    move(reader, "weight", (i, inputs) => Math.floor(i / inputs) * inputs + order[i % inputs]!);
  }
}

test("the order of hidden neurons does not matter", async () => {
  const options: SmallOptions = { network: { kind: "mlp" }, optimiser: { clip: 0 } };
  const images = (pair: NetworkPair) => [0, 1].map((i) => randomImages(pair, 6, i));
  const losses = await using(options, ({ pair, step }) => images(pair).map((batch) => step(batch).stageLosses));
  const permuted = await using(options, ({ pair, step }) => {
    // Stage 3: perception's 18 neurons and recall's move together, since their features are compared one to one.
    const order = Array.from({ length: 18 }, (_, i) => (5 * i + 7) % 18);
    permuteUnits(pair.perception[1]!, [pair.perception[2]!], order);
    permuteUnits(pair.recall[2]!, [pair.recall[1]!], order);
    return images(pair).map((batch) => step(batch).stageLosses);
  });
  for (const [i, batch] of losses.entries()) expectClose(permuted[i]!, batch);
});

/** Spikes of a layer's channels in the newest pass, as 0 and 1. */
function spikesOf(layer: Layer, images: number, steps: number): number[] {
  const { shape } = layer.synapses;
  const out: number[] = [];
  for (let b = 0; b < images; b++)
    for (let t = 0; t < steps; t++)
      for (let p = 0; p < pixelsOf(shape); p++)
        for (let c = 0; c < shape.channels; c++) out.push(layer.output!.fired(b, t, p, c) ? 1 : 0);
  return out;
}

describe.each(kinds)("%s without norm", (kind) => {
  test("nothing in, nothing out: no stimulus and no bias give no spike", async () => {
    await using({ network: { kind, norm: false } }, ({ pair, step }) => {
      for (const layer of pair.perception) layer.group.view("bias").fill(0);
      const dark = { ...randomImages(pair, 5), values: Array(5).fill(new Float32Array(pair.stimulusWidth)) };
      const { perceptionRates, dead, loss } = step(dark);
      expect(perceptionRates.every((rate) => rate === 0)).toBe(true);
      expect(dead.every((share) => share === 1)).toBe(true);
      expect(Number.isFinite(loss)).toBe(true);
    });
  });

  test("with one step and tau 1 the neuron is a threshold on its drive", async () => {
    await using({ network: { kind, norm: false, steps: 1, tau: 1 } }, ({ pair, step, team }) => {
      const images = randomImages(pair, 4);
      step(images);
      const layer = pair.perception[0]!;
      layer.group.parameters.view.forEach((value, i, all) => {
        all[i] = 4 * value;
      });
      layer.forward(4, { train: false });
      const { shape } = layer.synapses;
      const tiles = Math.ceil(shape.channels / 16);
      const z = new Float32Array(team.arena.memory.buffer, layer.workspace.z, tiles * 4 * pixelsOf(shape) * 16);
      const expected: number[] = [];
      for (let b = 0; b < 4; b++)
        for (let p = 0; p < pixelsOf(shape); p++)
          for (let c = 0; c < shape.channels; c++) {
            const drive = z[((Math.floor(c / 16) * 4 + b) * pixelsOf(shape) + p) * 16 + (c % 16)]!;
            expected.push(drive >= Math.fround(0.6) ? 1 : 0);
          }
      expect(spikesOf(layer, 4, 1)).toEqual(expected);
      expect(new Set(expected).size).toBe(2);
    });
  });
});

const learners: { name: string; options: SmallOptions }[] = kinds.flatMap((kind) => [
  {
    name: `${kind} without norm`,
    options: {
      network: { kind, norm: false, threshold: { perception: 0.2, recall: 0.2 } },
      rule: { centred: false, loss: "reco" },
    },
  },
  { name: `${kind} with random targets`, options: { network: { kind, target: "random" } } },
  {
    name: `${kind} with random targets and an unsigned top`,
    options: { network: { kind, target: "random" }, rule: { top: "reco" } },
  },
  {
    name: `${kind} told apart by dots`,
    options: { network: { kind }, rule: { affinity: "dots", temperature: 0.02 } },
  },
  {
    name: `${kind} with one-hot targets and MSE`,
    options: { network: { kind }, rule: { top: "mse", loss: "mse", centred: false } },
  },
]);

test.each(learners)("$name: forty steps on one batch lower every loss", async ({ options }) => {
  await using({ ...options, optimiser: { clip: 1 } }, ({ pair, step }) => {
    const images = randomImages(pair, 6);
    const first = step(images).stageLosses;
    let last = first;
    for (let i = 1; i < 40; i++) last = step(images, i).stageLosses;
    for (const [i, loss] of last.entries()) expect(loss, `stage ${i + 1}`).toBeLessThan(first[i]!);
  });
});
