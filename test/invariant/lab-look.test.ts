/** Looking inside a run disturbs nothing: whatever is asked between its steps, training ends with the bytes of a run that nobody looked at. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as look from "../../lab/src/worker/look.ts";
import type { LabEvent } from "../../lab/src/worker/protocol.ts";
import { Session } from "../../lab/src/worker/session.ts";
import { spikeRows } from "../../lab/src/worker/spikes.ts";
import { Team } from "../../src/engine/team.ts";
import { spikingModel } from "../../src/nets/model.ts";
import { spawnThread } from "../../src/node/threads.ts";
import { resolveConfig } from "../../src/training/config.ts";
import { smallDigits } from "../support/small-digits.ts";
import { smallTraining } from "../support/small-training.ts";

const data = { classes: 3, train: 60, test: 6 };

const varied = { path: "bars", augment: { shift: 2, flip: true, rotate: 20, erase: 3 } };

const cases: [string, { network: object; rule: object; data?: object }][] = [
  ["bsd", { network: { hidden: [18, 9] }, rule: {} }],
  [
    "bsd, Poisson stimulus, random targets, negatives of the batch",
    {
      network: { hidden: [18], stimulus: "poisson", target: "random" },
      rule: { rivals: "masked", loss: "reco", homeostasis: { weight: 1, rate: 0.1 } },
    },
  ],
  ["bsd, cnn", { network: { kind: "cnn", hidden: [3, 5], steps: 2 }, rule: {} }],
  [
    "bsd, recall by the concept alone, compared by membranes",
    { network: { hidden: [18, 9, 9], recall: "broadcast" }, rule: { recallFeatures: "membrane" } },
  ],
  ["backprop", { network: { hidden: [18, 9] }, rule: { name: "backprop" } }],
  ["local-losses", { network: { hidden: [18, 9] }, rule: { name: "local-losses" } }],
  ["r-stdp", { network: { hidden: [18, 9] }, rule: { name: "r-stdp", stdp: { hidden: 0.5 } } }],
  ["dll", { network: { hidden: [18, 9] }, rule: { name: "dll" } }],
  ["ccl, cnn", { network: { kind: "cnn", hidden: [3, 5] }, rule: { name: "ccl" } }],
  ["bsd, variants of the images", { network: { hidden: [18, 9] }, rule: {}, data: varied }],
  ["backprop-ann, variants of the images", { network: { hidden: [9] }, rule: { name: "backprop-ann" }, data: varied }],
  ["predictive-coding", { network: { hidden: [18, 9] }, rule: { name: "predictive-coding" } }],
];

/** Asks everything there is to ask. */
async function askAll(session: Session) {
  const inside = await session.look(look.inside);
  for (const [k, { recalled, units }] of inside.stages.entries()) {
    const { perception, recall, first } = await session.look((scene) => look.raster(scene, k, units - 1));
    expect(first + perception.units).toBe(units);
    expect(recall !== null).toBe(recalled);
    await session.look((scene) => look.rates(scene, k));
    await session.look((scene) => look.similarity(scene, k, "perception"));
    if (recalled) {
      await session.look((scene) => look.similarity(scene, k, "both"));
      await session.look((scene) => look.similarity(scene, k, "recall"));
    }
  }
  for (const k of inside.joints.keys()) await session.look((scene) => look.weights(scene, k));
  await session.look(look.alignment);
  await session.snapshot(0);
}

let team: Team;
beforeAll(async () => {
  team = await Team.create({ threads: 1, spawn: spawnThread, maximumPages: 2048 });
});
afterAll(async () => {
  await team.close();
});

/** A session on the shared team, which it must not close. */
function open(raw: object, tell: (event: LabEvent) => void = () => {}): Session {
  return new Session(team, resolveConfig({ data: { path: "bars" }, ...raw }), smallDigits(data), tell);
}

const imageOf = (images: Uint8Array, i: number) => String([...images.subarray(64 * i, 64 * (i + 1))]);

/** Trains on one batch and waits for it. */
async function stepper(raw: object) {
  let told = () => {};
  let done = false;
  const session = open(raw, (event) => {
    if (event.kind === "failure") throw new Error(event.failure.message);
    if (event.kind !== "state" || event.running) return;
    done = event.finished;
    told();
  });
  const step = async () => {
    const paused = new Promise<void>((resolve) => {
      told = resolve;
    });
    session.step();
    await paused;
  };
  return { session, step, done: () => done };
}

describe.each(cases)("%s", (_, sections) => {
  it("asked everything after every step: the same last and best checkpoints", async () => {
    const raw = { ...sections, train: { epochs: 2, batch: 16, learningRate: 0.01 } };
    const plain = await smallTraining(raw, { data });
    const { session, step, done } = await stepper(raw);
    await askAll(session);
    while (!done()) {
      await step();
      await askAll(session);
    }
    expect(await session.checkpoint("last")).toEqual(plain.last);
    expect(await session.checkpoint("best")).toEqual(plain.best);
  });
});

it.each(["prototypes", "masked"])(
  "%s: a snapshot shows its own image's spikes, whatever was asked before",
  async (rivals) => {
    const { session, step } = await stepper({
      network: { hidden: [18, 9] },
      rule: { rivals },
      train: { epochs: 3, batch: 16, learningRate: 0.01 },
    });
    for (let k = 0; k < 6; k++) await step();
    for (const sample of [0, 3]) {
      await askAll(session);
      const snapshot = (await session.snapshot(sample))!;
      const perception = await session.look((scene) => {
        const { model } = scene.experiment;
        model.load({ images: snapshot.image, labels: Uint16Array.of(0), count: 1 }, Int32Array.of(0), 0, 1);
        model.perceive(1);
        const { pair } = spikingModel(model, "this test");
        return pair.perception.slice(0, -1).map(({ output }) => spikeRows(output!, 0));
      });
      expect(snapshot.perception).toEqual(perception);
      expect(perception.some(({ spikes }) => spikes.includes(1))).toBe(true);
      const again = (await session.snapshot(sample))!;
      expect(again.recall).toEqual(snapshot.recall);
      expect(again.agreement).toEqual(snapshot.agreement);
    }
  },
);

it("a snapshot shows the variant of its image that the step learned from", async () => {
  const network = { kind: "cnn", hidden: [3, 5, 4, 6] };
  const { session, step } = await stepper({
    network,
    data: { path: "bars", augment: { shift: 2, flip: true } },
    train: { epochs: 3, batch: 16 },
  });
  const { model, dataset } = session.experiment;
  const { pair } = spikingModel(model, "this test");
  // The small digits are 8 pixels a side, the frame 16; a pixel is worth at least 1 / 255.
  const [mean, std] = [model.stimulusMean[0]!, model.stimulusScale[0]!];
  for (let k = 0; k < 3; k++) {
    await step();
    const shown = (await session.snapshot(0))!;
    const seen = Array.from(shown.image, (pixel) => pixel / 255);
    const row = pair.stimulus.view;
    const learned = seen.map((_, i) => row[(4 + Math.floor(i / 8)) * 16 + 4 + (i % 8)]! * std + mean);
    for (const [i, pixel] of seen.entries()) expect(pixel).toBeCloseTo(learned[i]!, 5);
    const plain = new Set(Array.from({ length: dataset.train.count }, (_, i) => imageOf(dataset.train.images, i)));
    expect(plain.has(String([...shown.image])), "this test is to see an image that was moved").toBe(false);
    await askAll(session);
    expect((await session.snapshot(0))!.image).toEqual(shown.image);
  }
});

it("weights between neighbouring stages are shown where there are any: of a broadcast at the two ends", async () => {
  const broadcast = open({ network: { hidden: [18, 9, 9], recall: "broadcast" } });
  const { joints } = await broadcast.look(look.inside);
  // Of 64 pixels and 3 classes.
  expect(joints.map(({ up }) => up)).toEqual([64 * 18, 18 * 9, 9 * 9, 9 * 3]);
  expect(joints.map(({ down }) => down)).toEqual([64 * 18, null, null, 9 * 3]);
  const { joints: aligned } = await broadcast.look(look.alignment);
  expect(aligned.map(({ name }) => name)).toEqual(["stimulus and stage 2", "stage 4 and concept"]);
});

it("tested while it trains, it goes on, to the same checkpoint", async () => {
  const raw = { network: { hidden: [18, 9] }, train: { epochs: 40, batch: 16, learningRate: 0.01 } };
  const plain = await smallTraining(raw, { data });
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const session = open(raw, (event) => {
    if (event.kind === "state" && event.finished) finish();
  });
  session.run();
  for (let k = 0; k < 3; k++) {
    const { images, confusion } = await session.test();
    expect(images).toBe(6);
    expect(confusion.flat().reduce((a, b) => a + b)).toBe(6);
  }
  await finished;
  expect(await session.checkpoint("last")).toEqual(plain.last);
});
