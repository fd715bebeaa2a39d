/** Evaluation of a net that does not spike: a read-out whose weights say which third of an image is brightest. */
import { expect, test } from "vitest";
import type { Split } from "../../src/data/dataset.ts";
import { Team } from "../../src/engine/team.ts";
import { decideImages } from "../../src/measure/decide.ts";
import { evaluate } from "../../src/measure/evaluate.ts";
import { LayeredNet } from "../../src/nets/layered-net.ts";
import { AnnModel } from "../../src/nets/model.ts";
import { flat } from "../../src/nets/shape.ts";
import { dense } from "../../src/nets/spec.ts";
import { annSpec } from "../../src/nets/specs.ts";

const shape = { height: 1, width: 6, channels: 1 };

test("decisions, accuracy and confusion by the largest logit, in batches", async () => {
  const team = await Team.create({ maximumPages: 256 });
  const maxImages = 3;
  const stimulusWidth = 16;
  const stimulus = team.arena.f32(maxImages * stimulusWidth);
  const input = { kind: "real", shape: flat(6), at: stimulus.at, stride: stimulusWidth, maxImages } as const;
  const spec = annSpec(flat(6), dense([3]), { norm: true });
  const net = new LayeredNet(team, { input, spec, seed: 1 });
  const { synapses, group } = net.readout;
  const weight = Float32Array.from({ length: 18 }, (_, i) => (Math.floor((i % 6) / 2) === Math.floor(i / 6) ? 1 : 0));
  synapses.pack("weight", weight, group.view("weight"));
  group.view("bias").fill(0);
  const data = { name: "thirds", shape, classNames: ["a", "b", "c"], statistics: { mean: [0.5], std: [0.25] } };
  const model = new AnnModel({ net, stimulus, stimulusWidth, maxImages }, data, shape);

  const pixels = [
    [255, 255, 0, 0, 0, 0],
    [0, 0, 0, 51, 0, 0],
    [0, 10, 0, 0, 10, 10],
    [0, 0, 255, 255, 0, 255],
    // Two thirds alike: the first.
    [0, 0, 40, 0, 0, 40],
  ];
  const split: Split = { images: Uint8Array.from(pixels.flat()), labels: Uint16Array.of(0, 1, 0, 1, 2), count: 5 };
  expect(model.load(split, Int32Array.of(0, 1), 0, 2)).toBe(2);
  model.perceive(2);
  const [first] = decideImages(model, 2);
  // (255 + 255 - 2 * 127.5) / 255 / 0.25 and twice -0.5 / 0.25, twice.
  expect([...first!.drives]).toEqual([4, -4, -4]);
  expect(first!.class).toBe(0);
  const found = await evaluate(model, split, Int32Array.of(0, 1, 2, 3, 4));
  expect(found).toMatchObject({ images: 5, accuracy: 3 / 5, driveAccuracy: 3 / 5, rates: [], hamming: [] });
  expect(found.confusion).toEqual([
    [1, 0, 1],
    [0, 2, 0],
    [0, 1, 0],
  ]);
  expect([...model.slots(false)].map(({ name }) => name)).toEqual([
    "perception.stage2.weight",
    "perception.stage2.bias",
  ]);
  await team.close();
});
