import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Dataset } from "../../src/data/dataset.ts";
import { loadDataset } from "../../src/data/load.ts";
import { Team } from "../../src/engine/team.ts";
import { perceptionOnnx } from "../../src/formats/onnx.ts";
import { decideImages } from "../../src/measure/decide.ts";
import { Model } from "../../src/nets/model.ts";
import { resolveConfig } from "../../src/training/config.ts";
import { createExperiment } from "../../src/training/experiment.ts";
import { trainExperiment } from "../../src/training/trainer.ts";
import { perceptionMargins, stimulusOf } from "../support/membrane-margin.ts";
import { channelsFirst, stageSpikes } from "../support/onnx-model.ts";
import { onnxNet } from "../support/onnx-session.ts";

let dataset: Dataset;
let team: Team;
beforeAll(async () => {
  dataset = await loadDataset({ name: "mnist" });
  team = await Team.create({ maximumPages: 8192 });
});
afterAll(() => team.close());

async function trained(network: object, limit: number, learningRate: number): Promise<Model> {
  const data = { name: "mnist", validation: 0.1, limit };
  const config = resolveConfig({ data, network, train: { epochs: 1, batch: 20, threads: 1, learningRate } });
  const experiment = createExperiment(team, config, dataset);
  await trainExperiment(experiment, {});
  if (!(experiment.model instanceof Model)) throw new Error("expected a spiking net");
  return experiment.model;
}

interface Comparison {
  readonly images: number;
  readonly right: number;
  readonly decidedAlike: number;
  /** Of images where some spike differs, the distance of the nearest membrane from its threshold. */
  readonly flipped: readonly number[];
  /** That of all images. */
  readonly margins: readonly number[];
}

async function compared(model: Model, images: number, batch: number): Promise<Comparison> {
  const net = await onnxNet(perceptionOnnx(model, { spikes: true }));
  const { shape } = model.data;
  const indices = Int32Array.from({ length: images }, (_, k) => k);
  const sums = { images, right: 0, decidedAlike: 0 };
  const flipped: number[] = [];
  const margins: number[] = [];
  const size = shape.height * shape.width * shape.channels;
  for (let from = 0; from < images; from += batch) {
    model.load(dataset.test, indices, from, batch);
    model.perceive(batch);
    const ours = decideImages(model, batch);
    const spikes = stageSpikes(model.pair.perception, batch);
    const near = perceptionMargins(model.pair, stimulusOf(model.pair, batch), batch);
    const pixels = channelsFirst(dataset.test.images.subarray(from * size, (from + batch) * size), batch, shape);
    const theirs = await net.run(batch, { pixels });
    for (let k = 0; k < batch; k++) {
      const same = Object.entries(spikes).every(([name, values]) => {
        const stage = values.length / batch;
        return Buffer.from(values.slice(k * stage, (k + 1) * stage).buffer).equals(
          Buffer.from(theirs[name]!.slice(k * stage, (k + 1) * stage).buffer),
        );
      });
      sums.right += ours[k]!.class === dataset.test.labels[from + k] ? 1 : 0;
      sums.decidedAlike += ours[k]!.class === theirs.decision![k] ? 1 : 0;
      if (!same) flipped.push(near[k]!);
      margins.push(near[k]!);
    }
  }
  return { ...sums, flipped, margins };
}

/**
 * Membranes nearer to their threshold than this may fire elsewhere and not here: in units of single precision's roundoff of the sum of |terms|. Each addition errs by a unit of a partial sum at
 * most, and partial sums of terms of either sign stay well below the sum of their sizes, so errors of some units are already rare.
 */
const NEAR = 8;

/** What must hold of any right export; the share of images that may differ is small, and they decide alike all the same. */
function expectTheSame({ images, decidedAlike, flipped, margins }: Comparison): void {
  expect(flipped.filter((margin) => margin > NEAR)).toEqual([]);
  expect(margins.filter((margin) => margin <= NEAR).length).toBeLessThan(0.05 * images);
  expect(decidedAlike).toBe(images);
}

describe("trained nets of digits, run by onnxruntime", () => {
  it("an mlp fires as in the engine but within rounding of a threshold, and decides as it does", async () => {
    const model = await trained({ hidden: [64, 32] }, 6000, 0.005);
    const result = await compared(model, 200, 20);
    expect(result.right).toBeGreaterThan(160);
    expectTheSame(result);
  });

  it("and so does a cnn, whose frame is larger than its images", async () => {
    const model = await trained({ kind: "cnn", hidden: [4, 8, 8] }, 1000, 0.01);
    const result = await compared(model, 20, 20);
    expect(result.right).toBeGreaterThan(8);
    expectTheSame(result);
  });
});
