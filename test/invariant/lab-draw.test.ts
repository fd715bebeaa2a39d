/** Drawings and mixtures, asked of a run between its steps, change nothing: training ends with the bytes it would have had, and the newest batch's spikes stay. */
import { describe, expect, it } from "vitest";
import { perceivePicture, recallMixture } from "../../lab/src/worker/draw.ts";
import type { Session } from "../../lab/src/worker/session.ts";
import { RandomStream } from "../../src/engine/random.ts";
import { Model } from "../../src/nets/model.ts";
import type { Population } from "../../src/nets/population.ts";
import { steppedSession } from "../support/lab-session.ts";

const cases: [string, { network: object; rule: object }][] = [
  ["bsd", { network: { hidden: [18, 9] }, rule: {} }],
  [
    "bsd, Poisson stimulus, random targets, negatives of the batch",
    {
      network: { hidden: [18], stimulus: "poisson", target: "random" },
      rule: { rivals: "masked", loss: "reco", homeostasis: { weight: 1, rate: 0.1 } },
    },
  ],
  ["bsd, latency stimulus", { network: { hidden: [18], stimulus: "latency" }, rule: {} }],
  ["bsd, cnn", { network: { kind: "cnn", hidden: [3, 5], steps: 2 }, rule: {} }],
  ["bsd, undetached", { network: { hidden: [18, 9] }, rule: { detached: false } }],
  ["r-stdp", { network: { hidden: [18, 9] }, rule: { name: "r-stdp" } }],
  ["local-losses", { network: { hidden: [18, 9] }, rule: { name: "local-losses" } }],
  ["dll", { network: { hidden: [18, 9] }, rule: { name: "dll" } }],
  ["predictive-coding", { network: { hidden: [18, 9] }, rule: { name: "predictive-coding" } }],
];

describe.each(cases)("%s", (_, sections) => {
  const raw = { ...sections, train: { epochs: 2, batch: 16, learningRate: 0.01 } };

  it("asked or not: the same checkpoint, and the batch's spikes as they were", async () => {
    const stream = new RandomStream(3, "drawings");
    const plain = await steppedSession(raw, () => {});
    let asked = 0;
    const drawn = await steppedSession(raw, ({ experiment, means }) => {
      const { model } = experiment;
      const before = spikesOf(model);
      const drawing = Uint8Array.from({ length: 64 }, () => stream.below(256));
      const { decision, recall } = perceivePicture(model, means, drawing);
      const mixed = recallMixture(model, means, { a: asked % 3, b: decision, share: stream.uniform() });
      expect(mixed === null).toBe(recall === null);
      expect(spikesOf(model)).toEqual(before);
      asked++;
    });
    expect(asked).toBe(8);
    expect(drawn).toEqual(plain);
  });
});

/** Every spike of both networks, and where their lists are: what is shown of the newest batch. */
function spikesOf(model: Session["experiment"]["model"]): number[][] {
  if (!(model instanceof Model)) return [];
  const { pair } = model;
  const outputs = [...pair.perception, ...pair.recall].flatMap(({ output }) => (output ? [output] : []));
  const populations: Population[] = [...outputs, ...(pair.stimulusSpikes ? [pair.stimulusSpikes] : [])];
  return [
    [...pair.stimulus.view],
    [...pair.concept.masks.view],
    ...populations.map(({ masks }) => [...masks.view]),
    ...populations.map((population) => [population.listed(1), population.listed(3)]),
  ];
}
