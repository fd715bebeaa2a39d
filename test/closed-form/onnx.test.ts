/** Nets of two neurons a stage, worked out by hand, run by onnxruntime. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { perceptionOnnx, recallOnnx } from "../../src/formats/onnx.ts";
import { singleAtLeast } from "../../src/formats/onnx-layers.ts";

import { Model } from "../../src/nets/model.ts";
import type { NetworkOptions } from "../../src/nets/pair.ts";
import { onnxNet } from "../support/onnx-session.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 1024 });
});
afterAll(() => team.close());

/** Two pixels, two hidden neurons, two classes; two steps with tau = 2. */
function smallModel(
  weights: Readonly<Record<string, readonly number[]>>,
  network: Partial<NetworkOptions> = {},
): Model {
  const options: NetworkOptions = {
    ...{
      kind: "mlp",
      hidden: [2],
      steps: 2,
      norm: false,
      tau: 2,
      stimulus: "direct",
      target: "one-hot",
      targetSize: 0,
    },
    ...{ threshold: { perception: 0.6, recall: 0.6, concept: 2 }, ...network },
  };
  const data = {
    name: "two pixels",
    shape: { height: 1, width: 2, channels: 1 },
    classNames: ["left", "right"],
    // A stimulus value is the pixel itself.
    statistics: { mean: [0], std: [1 / 255] },
  };
  const model = new Model(team, { network: options, seed: 1, maxImages: 4 }, data);
  for (const slot of model.slots(false)) {
    const size = slot.shape.reduce((a, b) => a * b, 1);
    slot.write(Float32Array.from(weights[slot.name] ?? new Float32Array(size)));
  }
  return model;
}

/**
 * Neuron k sees pixel k. Pixel 2: H = 1 and again 1, spikes at both steps; pixel 1: H = 0.5, then 0.75, a spike at the second step only.
 * Class 0 is driven by the second neuron with 10, class 1 by the first with 4.5.
 */
const seesPixels = { "perception.stage2.weight": [1, 0, 0, 1], "perception.stage3.weight": [0, 10, 4.5, 0] };
const images = { pixels: [2, 1, 0, 1, 0, 0] };

describe("perception", () => {
  it("decides by the concept's spikes: two of a weaker drive before one of a stronger", async () => {
    const net = await onnxNet(perceptionOnnx(smallModel(seesPixels), { spikes: true }));
    const result = await net.run(3, images);
    expect([...result["stage2.spikes"]!]).toEqual([1, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0]);
    // Class 1 is driven by 4.5 twice: H = 2.25 and, after its reset, 2.25. Class 0 by 0 and 10: H = 0 and 5.
    expect([...result["concept.spikes"]!]).toEqual([0, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0]);
    expect([...result.drives!]).toEqual([5, 4.5, 5, 0, 0, 0]);
    expect([...result.decision!]).toEqual([1, 0, 0]);
    const cosines = [1 / Math.sqrt(6), 2 / Math.sqrt(6), 1 / Math.sqrt(2), 0, 0, 0];
    for (const [i, cosine] of cosines.entries()) expect(result.cosines![i]).toBeCloseTo(cosine, 6);
  });

  it("decides by the mean drive where the concept is silent, and for the first class where all is", async () => {
    const silent = smallModel(seesPixels, { threshold: { perception: 0.6, recall: 0.6, concept: 100 } });
    const result = await (await onnxNet(perceptionOnnx(silent))).run(3, images);
    expect([...result.cosines!]).toEqual([0, 0, 0, 0, 0, 0]);
    expect([...result.decision!]).toEqual([0, 0, 0]);
    const other = await (await onnxNet(perceptionOnnx(silent))).run(1, { pixels: [2, 0] });
    expect([...other.decision!]).toEqual([1]);
  });

  it("hands its state on from step to step", async () => {
    const made = perceptionOnnx(smallModel(seesPixels), { mode: "step" });
    const net = await onnxNet(made);
    const first = await net.run(1, {
      pixels: [2, 1],
      "stage2.membrane": [0, 0],
      "concept.membrane": [0, 0],
      "concept.counts": [0, 0],
      "concept.drives": [0, 0],
    });
    // The second neuron keeps 0.5; class 1 fired at 2.25 and is reset.
    expect([...first["stage2.membrane.next"]!]).toEqual([0, 0.5]);
    expect([...first["concept.membrane.next"]!]).toEqual([0, 0]);
    expect([...first["concept.counts.next"]!]).toEqual([0, 1]);
    expect([...first["concept.drives.next"]!]).toEqual([0, 4.5]);
    expect([...first.decision!]).toEqual([1]);
    const state = Object.fromEntries(Object.entries(made.states).map(([name, next]) => [name, first[next]!]));
    const second = await net.run(1, { pixels: [2, 1], ...state });
    expect([...second["concept.counts.next"]!]).toEqual([1, 2]);
    expect([...second.overlaps!]).toEqual([1, 2]);
    expect([...second.drives!]).toEqual([10, 9]);
    expect([...second.decision!]).toEqual([1]);
  });
});

describe("recall", () => {
  /** Class 0 drives the first neuron with 2 (both steps), class 1 the second with 1 (the second step); the first draws 3 left, the second 8 right, over 1. */
  const draws = {
    "recall.stage2.weight": [2, 0, 0, 1],
    "recall.stage1.weight": [3, 0, 0, 8],
    "recall.stage1.bias": [1, 1],
  };

  it("draws the mean over the steps, in pixels", async () => {
    const net = await onnxNet(recallOnnx(smallModel(draws), { spikes: true }));
    const result = await net.run(2, { class: [1, 0] });
    expect([...result["stage2.spikes"]!]).toEqual([0, 0, 0, 1, 1, 0, 1, 0]);
    for (const [i, pixel] of [1, 5, 4, 1].entries()) expect(result.pixels![i]).toBeCloseTo(pixel, 5);
  });

  it("fits mean and scale to the class means where it has them", async () => {
    const classMeans = Float32Array.from([200 / 255, 0, 0, 100 / 255]);
    const net = await onnxNet(recallOnnx(smallModel(draws), { classMeans }));
    const { picture } = await net.run(2, { class: [0, 1] });
    // Drawings (4, 1) and (1, 5) lie (1.5, -2) from their mean, class means (100, -50) from (100, 50): a gain of |(100, -50)| / |(1.5, -2)|; then 0 to 255.
    const gain = Math.hypot(100, 50) / 2.5;
    const expected = [100 + 1.5 * gain, 50 - 2 * gain, 100 - 1.5 * gain, 50 + 2 * gain];
    for (const [i, pixel] of expected.entries()) expect(picture![i]).toBeCloseTo(Math.min(255, Math.max(0, pixel)), 3);
  });
});

it("a threshold in single precision tells the same numbers apart", () => {
  expect(singleAtLeast(2)).toBe(2);
  expect(singleAtLeast(0.6)).toBe(Math.fround(0.6));
  // The nearest to 0.7 lies below it.
  expect(Math.fround(0.7)).toBeLessThan(0.7);
  expect(singleAtLeast(0.7)).toBe(Math.fround(0.7) + 2 ** -24);
});
