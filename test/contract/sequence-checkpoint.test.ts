/** Checkpoints of sequences: read back as written, and nothing else is taken for one. */
import { beforeAll, describe, expect, it } from "vitest";
import { decodeSafetensors, type Tensor } from "../../src/formats/safetensors.ts";
import { decodeAnyCheckpoint, decodeCheckpoint, decodeSequenceCheckpoint } from "../../src/training/read-checkpoint.ts";
import { sealed } from "../support/sealed.ts";
import { smallSequenceTraining } from "../support/small-sequence-run.ts";

type Mutable = Map<string, string>;
let text: Uint8Array;
let series: Uint8Array;

beforeAll(async () => {
  const raw = { data: { window: 5 }, network: { hidden: [9], steps: 2 }, train: { epochs: 1, batch: 40 } };
  text = (await smallSequenceTraining({ ...raw, task: "next-character" })).last;
  series = (await smallSequenceTraining({ ...raw, task: "forecast" })).last;
});

/** The bytes with metadata or tensors changed behind the checksum's back. */
function changed(bytes: Uint8Array, change: (metadata: Mutable, tensors: Map<string, Tensor>) => void): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const [ownTensors, own] = [new Map(tensors), new Map(metadata)];
  change(own, ownTensors);
  return sealed(ownTensors, own);
}

/** The bytes with a field of the JSON in one of the metadata changed. */
function withField(bytes: Uint8Array, name: string, change: (value: Record<string, unknown>) => void): Uint8Array {
  return changed(bytes, (metadata) => {
    const value = JSON.parse(metadata.get(name)!) as Record<string, unknown>;
    change(value);
    metadata.set(name, JSON.stringify(value));
  });
}

it("hold configuration, summary, position and tensors", () => {
  const { version, config, data, position, tensors } = decodeSequenceCheckpoint(text, "x");
  expect([version, config.task, data.task]).toEqual([2, "next-character", "next"]);
  expect(data).toMatchObject({ kind: "text", alphabet: [" ", "a", "b", "c", "k"], window: 5, stride: 5 });
  expect(position).toMatchObject({ epoch: 1, batch: 0, sums: { loss: 0, topLoss: 0, correct: 0, positions: 0 } });
  expect(tensors.get("optimiser.second.recall.stage2.recurrent")?.shape).toEqual([9, 9]);
  expect(decodeAnyCheckpoint(series, "x").config).toMatchObject({ task: "forecast" });
  expect(decodeSequenceCheckpoint(series, "x").data).toMatchObject({ columns: ["a", "b", "OT"], targets: ["OT"] });
});

it("affinity and recallFeatures are kept, and reach the net", async () => {
  const raw = {
    ...{ task: "next-character", data: { window: 5 }, network: { hidden: [9], steps: 2 } },
    train: { epochs: 1, batch: 40 },
  };
  expect(decodeSequenceCheckpoint(text, "x").config.rule).toMatchObject({
    affinity: "cosines",
    recallFeatures: "rate",
  });
  const rule = { affinity: "dots", recallFeatures: "drive" };
  const { last } = await smallSequenceTraining({ ...raw, rule });
  const changed = decodeSequenceCheckpoint(last, "x");
  expect(changed.config.rule).toMatchObject(rule);
  // They reach the net, each of them.
  const weights = "perception.stage2.weight";
  const usual = decodeSequenceCheckpoint(text, "x").tensors.get(weights);
  for (const one of [{ affinity: "dots" }, { recallFeatures: "drive" }]) {
    const { tensors } = decodeSequenceCheckpoint((await smallSequenceTraining({ ...raw, rule: one })).last, "x");
    expect(tensors.get(weights)).not.toEqual(usual);
    expect(tensors.get(weights)).not.toEqual(changed.tensors.get(weights));
  }
});

it("are no checkpoints of images", () => {
  expect(() => decodeCheckpoint(text, "x")).toThrow(
    /^x: expected a checkpoint of an image experiment, got one of sequences/,
  );
});

describe("are refused with", () => {
  const refused = (bytes: Uint8Array, message: RegExp) =>
    expect(() => decodeSequenceCheckpoint(bytes, "x")).toThrow(
      expect.objectContaining({ code: "checkpoint", message: expect.stringMatching(message) }),
    );

  it("another kind, a newer version, a damaged byte, no JSON", () => {
    refused(
      changed(text, (metadata) => metadata.set("kind", "other")),
      /^x: is a safetensors file, but not a bispike checkpoint$/,
    );
    refused(
      changed(text, (metadata) => metadata.set("version", "3")),
      /^x: has version 3, this bispike reads up to 2/,
    );
    const damaged = text.slice();
    damaged[damaged.length - 9]! ^= 1;
    refused(damaged, /^x: is damaged/);
    refused(
      changed(text, (metadata) => metadata.set("position", "{")),
      /^x: metadata position is not JSON/,
    );
  });

  it.each([
    [
      "an unknown key",
      "config",
      (value: Record<string, unknown>) => Object.assign(value, { more: 1 }),
      /unknown key more/,
    ],
    ["a foreign summary", "data", (value: Record<string, unknown>) => Object.assign(value, { kind: "x" }), /data/],
    ["an alphabet in disorder", "data", (value) => (value.alphabet as string[]).reverse(), /order of its code points/],
    ["a character of two", "data", (value) => (value.alphabet as string[]).push("zz"), /alphabet\.5/],
    ["a negative count", "data", (value) => Object.assign(value, { length: -1 }), /data.*length/],
    [
      "no sums",
      "position",
      (value) => Object.assign(value, { sums: null }),
      /metadata position: expected the counters/,
    ],
    ["half a batch", "position", (value) => Object.assign(value, { batch: 0.5 }), /metadata position/],
    [
      "a best without a score",
      "position",
      (value) => Object.assign(value, { best: { epoch: 1 } }),
      /metadata position/,
    ],
  ] as [string, string, (value: Record<string, unknown>) => void, RegExp][])("%s", (_what, name, change, message) => {
    refused(withField(text, name, change), message);
  });

  it.each([
    ["a target that is no column", (value) => Object.assign(value, { targets: ["x"] }), /among the columns/],
    ["columns of one name", (value) => Object.assign(value, { columns: ["a", "a", "OT"] }), /different names/],
    ["a deviation of 0", (value) => Object.assign(value, { std: [1, 0, 1] }), /standard deviation above 0/],
    ["means of another count", (value) => Object.assign(value, { mean: [1] }), /for each column/],
    [
      "another task than the configuration's",
      (value) => Object.assign(value, { task: "regression" }),
      /of task forecast/,
    ],
  ] as [string, (value: Record<string, unknown>) => void, RegExp][])("%s", (_what, change, message) => {
    refused(withField(series, "data", change), message);
  });
});
