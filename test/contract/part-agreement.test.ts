/** What parts of a training must have in common, what their files must hold, and what a link counts. */
import { describe, expect, it } from "vitest";
import { channelPair, checkNeighbour, configSum, dataSum, type Hello } from "../../src/cluster/frames.ts";
import { joinParts } from "../../src/cluster/join.ts";
import { failureFrame, Link } from "../../src/cluster/link.ts";
import { decodePart, encodePart, type PartFile, type PartPosition } from "../../src/cluster/part-file.ts";
import { checkTiming } from "../../src/cluster/train-part.ts";
import type { SpikeCrossing } from "../../src/rules/bsd.ts";
import { resolveConfig } from "../../src/training/config.ts";
import { smallDigits } from "../support/small-digits.ts";

const config = (change: object = {}) =>
  resolveConfig({ data: { path: "bars" }, network: { hidden: [9, 9] }, ...change });

describe("neighbours", () => {
  const hello = (change: Partial<Hello> = {}): Hello => ({
    ...{ software: "test", stages: { first: 1, last: 2 }, of: 4, config: "a", data: "b", depth: 0, saveEvery: 20 },
    ...{ steps: [0], ...change },
  });
  const above = { stages: { first: 3, last: 4 } };

  it("must save at the same steps", () => {
    expect(() => checkNeighbour(hello(), hello(above), "above")).not.toThrow();
    expect(() => checkNeighbour(hello(), hello({ ...above, saveEvery: 7 }), "above")).toThrow(
      /^the part above stages 1-2: another --save-every: it has 7, we have 20$/,
    );
  });

  it("may have the data elsewhere, but not learn otherwise", () => {
    const sum = configSum(config());
    expect(configSum(config({ data: { path: "/elsewhere/bars" } }))).toBe(sum);
    expect(configSum(config({ train: { threads: 2 } }))).toBe(sum);
    expect(configSum(config({ train: { seed: 2 } }))).not.toBe(sum);
    expect(configSum(config({ data: { path: "bars", validation: 0.3 } }))).not.toBe(sum);
  });

  it("must have the same images by their statistics, and every label", () => {
    const dataset = smallDigits({ classes: 3, train: 30 });
    const summary = { name: "bars", shape: dataset.shape, classNames: dataset.classNames };
    const statistics = { mean: [0.3], std: [0.2] };
    const sum = dataSum({ ...summary, statistics }, dataset);
    expect(dataSum({ ...summary, statistics, name: "as another host calls them" }, dataset)).toBe(sum);
    expect(dataSum({ ...summary, statistics: { mean: [0.3], std: [0.21] } }, dataset)).not.toBe(sum);
    const labels = dataset.train.labels.slice();
    labels[29] = (labels[29]! + 1) % 3;
    expect(dataSum({ ...summary, statistics }, { ...dataset, train: { ...dataset.train, labels } })).not.toBe(sum);
  });

  it("save no more often than keeps a common step, and run ahead with prototypes alone", () => {
    // Depth and all four stages.
    expect(checkTiming(config(), { depth: 3, saveEvery: 7 })).toEqual({ depth: 3, saveEvery: 7 });
    expect(() => checkTiming(config(), { depth: 3, saveEvery: 6 })).toThrow(
      /expected at least depth \+ stages = 7 steps/,
    );
    expect(checkTiming(config(), {})).toEqual({ depth: 0, saveEvery: 200 });
    const masked = config({ rule: { rivals: "masked" } });
    expect(() => checkTiming(masked, { depth: 1 })).toThrow(/rule\.rivals: expected prototypes with a depth over 0/);
    expect(checkTiming(masked, {})).toMatchObject({ depth: 0 });
  });
});

describe("files of parts", () => {
  const data = {
    name: "bars",
    shape: { height: 1, width: 2, channels: 1 },
    classNames: ["a", "b"],
    statistics: { mean: [0], std: [1] },
  };
  const classMeans = Float32Array.of(0, 0.25, 0.5, 1);
  const position = (change: Partial<PartPosition> = {}): PartPosition => ({
    ...{
      step: 5,
      epoch: 0,
      batch: 2,
      stages: { first: 1, last: 2, of: 4 },
      losses: [
        [1, 2],
        [3, 4],
      ],
      correct: 0,
      dead: [0],
    },
    ...change,
  });
  const encode = (change: Partial<PartPosition> = {}, means: object = { classMeans }) =>
    encodePart({ slots: () => [] }, { config: config(), data, position: position(change), ...means });

  it("hold a line of losses for each batch, one for each stage, and the class means where the stimulus is", () => {
    const { position: read, classMeans: means } = decodePart(encode(), "a");
    expect([read, means]).toEqual([position(), classMeans]);
    for (const losses of [
      [[1, 2]],
      [[1, 2], [3]],
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    ])
      expect(() => decodePart(encode({ losses }), "a"), JSON.stringify(losses)).toThrow(
        /^a: .*counters of a part's training/,
      );
    expect(() => decodePart(encode({}, {}), "a")).toThrow(/tensor data\.class_means: expected F32 \[2, 1, 2, 1\]/);
    const upper = { stages: { first: 3, last: 4, of: 4 } };
    expect(decodePart(encode(upper, {}), "a").classMeans).toBeUndefined();
  });

  it("are joined when they are all of one step and training", () => {
    const part = (first: number, last: number, change: Partial<PartPosition> = {}, raw: object = {}): PartFile => ({
      ...{ config: config(raw), data, classMeans: first === 1 ? classMeans : undefined, tensors: new Map() },
      position: position({ stages: { first, last, of: 4 }, ...change }),
    });
    expect(() => joinParts([part(3, 4), part(1, 2)])).not.toThrow();
    for (const [parts, message] of [
      [[], "expected parts of a pair, got none"],
      [[part(1, 2)], "stages 3 to 4 are missing: expected the parts of all stages"],
      [[part(1, 2), part(4, 4)], "expected a part that begins with stage 3, got stages 4"],
      [[part(1, 2), part(1, 2), part(3, 4)], "expected a part that begins with stage 3, got stages 1-2"],
      [
        [part(1, 2), part(3, 4, { step: 6 })],
        "expected parts of one step: stages 1-2 are at step 5, stages 3-4 at step 6",
      ],
      [[part(1, 2), part(3, 4, {}, { train: { seed: 2 } })], "stages 3-4 are of another experiment than stages 1-2"],
    ] as const)
      expect(() => joinParts(parts), message).toThrow(message);
  });
});

describe("a link", () => {
  it("counts the frames and bytes of spikes, both ways", async () => {
    const [lower, upper] = channelPair({ hello: 64, perception: 64, failure: 64 });
    const [below, above] = [new Link(lower, "the part above", "bits"), new Link(upper, "the part below", "bits")];
    const crossing = (bits: number) =>
      ({
        ...{ do: "give", network: "perception", rows: 2 },
        spikes: {
          shape: { height: 1, width: 1, channels: 20 },
          steps: 3,
          masks: { view: new Uint16Array(12).fill(bits) },
        },
      }) as unknown as SpikeCrossing;
    for (const step of [0, 1]) {
      await below.give(crossing(5), step);
      const taken = crossing(0);
      await above.take(taken, step);
      expect([...(taken.spikes.masks.view as Uint16Array)]).toEqual(Array(12).fill(5));
    }
    // 2 rows of 3 steps of 20 units: 120 bits.
    expect([below.sent, above.received]).toEqual([
      { frames: 2, bytes: 30 },
      { frames: 2, bytes: 30 },
    ]);
    expect([below.received, above.sent]).toEqual([
      { frames: 0, bytes: 0 },
      { frames: 0, bytes: 0 },
    ]);
  });

  it("tells a long reason as far as a frame may go", () => {
    expect(failureFrame("x".repeat(9000)).payload.length).toBe(2048);
  });
});
