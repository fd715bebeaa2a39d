/**
 * Speed budgets that do not look at a clock: the work of a training step in counted additions and kernel calls, its memory, and the size of the
 * kernels. All are the same on every machine, so a change that makes any of them worse fails here. Wall times are in RESULTS.md.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { fillBatch } from "../../src/data/batch.ts";
import { loadDataset } from "../../src/data/load.ts";
import { channelStatistics } from "../../src/data/normalise.ts";
import { permutation } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import type { Layer } from "../../src/nets/layer.ts";
import { NetworkPair } from "../../src/nets/pair.ts";
import { Population } from "../../src/nets/population.ts";
import { pixelsOf, tilesOf } from "../../src/nets/shape.ts";
import { isReal } from "../../src/nets/synapses.ts";
import { Bsd } from "../../src/problems/classify.ts";

const BATCH = 64;
const CLASSES = 10;
/** Steps before the counted one: rates have settled from their first values. */
const TRAINED = 30;
const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

interface Work {
  /** Rows of 16 weights that event products add up in a step, both networks, as listed. */
  readonly rows: number;
  /** The same if each spike cost one. */
  readonly spikes: number;
  /** The same if every input did at every step. */
  readonly dense: number;
}

/** Work of one layer's product; its gradient does as much again. */
function workOf(layer: Layer, images: number): Work {
  const { source, shape } = layer.synapses;
  if (isReal(source) || !(source instanceof Population)) return { rows: 0, spikes: 0, dense: 0 };
  // Output tiles an input reaches; a convolution's border is not taken off.
  const fans = tilesOf(shape) * (source.reader === "conv" ? 9 : pixelsOf(shape));
  let spikes = 0;
  const units = pixelsOf(source.shape) * source.shape.channels;
  const words = images * source.steps * pixelsOf(source.shape) * tilesOf(source.shape);
  for (let i = 0; i < words; i++) for (let bits = source.masks.view[i]!; bits; bits &= bits - 1) spikes++;
  return { rows: source.listed(images) * fans, spikes: spikes * fans, dense: images * source.steps * units * fans };
}

async function measure(kind: "mlp" | "cnn", hidden: readonly number[]) {
  const team = await Team.create();
  try {
    const dataset = await loadDataset({ name: "mnist" });
    const side = kind === "mlp" ? 28 : 32;
    const image = { height: side, width: side, channels: 1 };
    const pair = new NetworkPair(team, {
      ...{ kind, hidden, steps: 4, norm: true, tau: 2, threshold: { perception: 1, recall: 1 }, stimulus: "direct" },
      ...{ target: "one-hot", targetSize: 0, image, classes: CLASSES, maxImages: BATCH, maxRecalls: CLASSES, seed: 1 },
      keepGradients: false,
    });
    const rule = new Bsd(
      pair,
      {
        ...{ features: "rate", centred: true, rivals: "prototypes", loss: "infonce", lambda: 0, temperature: 0.1 },
        ...{ weight: 1, stimulusWeight: 1, top: "cross-entropy", homeostasis: { weight: 0, rate: 0 } },
      },
      { weightDecay: 0.01, clip: 1, clipScope: "stage" },
    );
    const { shape, train } = dataset;
    const order = permutation(1, "budget", 0, train.count);
    const statistics = channelStatistics(train, order.subarray(0, 2000), shape);
    const step = (k: number) => {
      fillBatch(pair.stimulus.view, train, order, k * BATCH, BATCH, shape, image, statistics);
      const labels = Uint16Array.from({ length: BATCH }, (_, i) => train.labels[order[k * BATCH + i]!]!);
      rule.step({ labels, counter: k }, { perception: 0.003, recall: 0.003 });
    };
    step(0);
    const arena = team.arena.used;
    for (let k = 1; k < TRAINED; k++) step(k);
    team.startProfile();
    step(TRAINED);
    const calls = team.profile().reduce((sum, kernel) => sum + kernel.calls, 0);
    const work = [
      ...pair.perception.map((layer) => workOf(layer, BATCH)),
      ...pair.recall.map((layer) => workOf(layer, CLASSES)),
    ];
    const total = (of: (w: Work) => number) => work.reduce((sum, w) => sum + of(w), 0);
    return {
      rows: total((w) => w.rows),
      listedShare: total((w) => w.rows) / total((w) => w.spikes),
      denseShare: total((w) => w.rows) / total((w) => w.dense),
      calls,
      mebibytes: arena / 2 ** 20,
      grown: team.arena.used - arena,
    };
  } finally {
    await team.close();
  }
}

/** A few percent of room: a last digit that changes elsewhere may move a spike. */
function expectWithin(measured: Record<string, number>, budget: Record<string, number>): void {
  for (const [name, most] of Object.entries(budget)) expect(measured[name], name).toBeLessThanOrEqual(most);
}

test("a training step of the MLP stays within its work, calls and memory", async () => {
  const work = await measure("mlp", [512, 512, 256]);
  expectWithin(work, { rows: 300_000, listedShare: 0.56, denseShare: 0.036, calls: 104, mebibytes: 30, grown: 0 });
});

test("a training step of a CNN stays within its work, calls and memory", async () => {
  const work = await measure("cnn", [16, 32]);
  expectWithin(work, { rows: 820_000, listedShare: 0.37, denseShare: 0.038, calls: 75, mebibytes: 22, grown: 0 });
});

test("the kernels a page loads stay small", () => {
  // A third of the library's bundle, whose budget is in package.test.ts.
  expect(readFileSync(join(root, "build", "kernels.wasm")).length).toBeLessThan(73_500);
});
