/** Checkpoints of autoencoders: read back as written, and nothing else is taken for one. */
import { beforeAll, describe, expect, it } from "vitest";
import { decodeSafetensors, type Tensor } from "../../src/formats/safetensors.ts";
import {
  decodeAnyCheckpoint,
  decodeAutoencoderCheckpoint,
  decodeCheckpoint,
} from "../../src/training/read-checkpoint.ts";
import { sealed } from "../support/sealed.ts";
import { smallAutoencoderTraining } from "../support/small-autoencoder-run.ts";

let bytes: Uint8Array;
let best: Uint8Array;
beforeAll(async () => {
  const trained = await smallAutoencoderTraining({ train: { epochs: 1, batch: 18 } });
  bytes = trained.last;
  best = trained.best!;
});

/** The bytes with metadata or tensors changed behind the checksum's back. */
function changed(change: (metadata: Map<string, string>, tensors: Map<string, Tensor>) => void): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const [ownTensors, own] = [new Map(tensors), new Map(metadata)];
  change(own, ownTensors);
  return sealed(ownTensors, own);
}

/** The bytes with a field of the JSON in one of the metadata changed. */
function withField(name: string, change: (value: Record<string, unknown>) => unknown): Uint8Array {
  return changed((metadata) => {
    const value = JSON.parse(metadata.get(name)!) as Record<string, unknown>;
    change(value);
    metadata.set(name, JSON.stringify(value));
  });
}

it("hold configuration, data summary, position and tensors", () => {
  const { version, config, data, position, tensors } = decodeAutoencoderCheckpoint(bytes, "x");
  expect([version, config.task, config.train.threads]).toEqual([2, "autoencode", 0]);
  expect(data).toMatchObject({ name: "bars", shape: { height: 8, width: 8, channels: 1 } });
  expect([data.classNames.length, data.statistics.mean.length]).toEqual([4, 1]);
  expect(position).toMatchObject({ epoch: 1, batch: 0, step: 6, sums: { images: 0, loss: 0, dead: [] } });
  expect(position.best).toEqual({ epoch: 1, score: expect.any(Number) });
  // 8x8 -> 4x4 of 6 channels -> latent of 10: stage 3, read from 96 neurons in either network.
  expect(tensors.get("optimiser.second.recall.stage3.weight")?.shape).toEqual([10, 96]);
  expect(tensors.get("perception.stage2.weight")?.shape).toEqual([6, 3, 3, 1]);
});

it("the best one has no moments", () => {
  const names = [...decodeAutoencoderCheckpoint(best, "x").tensors.keys()];
  expect(names).toContain("recall.stage1.weight");
  expect(names.filter((name) => name.startsWith("optimiser."))).toEqual([]);
});

it("are told from other kinds", () => {
  const checkpoint = decodeAnyCheckpoint(bytes, "x");
  expect([checkpoint.problem === "autoencode", checkpoint.problem === "classify"]).toEqual([true, false]);
  expect(() => decodeCheckpoint(bytes, "x")).toThrow(
    /^x: expected a checkpoint of an image experiment, got one of an autoencoder/,
  );
});

describe("are refused with", () => {
  const refused = (file: Uint8Array, message: RegExp) =>
    expect(() => decodeAutoencoderCheckpoint(file, "x")).toThrow(
      expect.objectContaining({ code: "checkpoint", message: expect.stringMatching(message) }),
    );

  it("another kind, a newer version, no JSON", () => {
    refused(
      changed((metadata) => metadata.set("kind", "other")),
      /^x: is a safetensors file, but not a bispike checkpoint$/,
    );
    refused(
      changed((metadata) => metadata.set("version", "3")),
      /^x: has version 3, this bispike reads up to 2/,
    );
    refused(
      changed((metadata) => metadata.set("position", "{")),
      /^x: metadata position is not JSON/,
    );
  });

  it("another problem than its configuration's", () => {
    refused(
      changed((metadata) => metadata.set("problem", '"sequence"')),
      /^x: metadata problem: expected autoencode, as its configuration has it, got sequence/,
    );
  });

  it("a flipped bit anywhere", () => {
    // Every byte would take long: one in each of many stretches, another bit each time.
    const stride = Math.ceil(bytes.length / 400);
    for (let at = 0; at < bytes.length; at += stride) {
      const damaged = bytes.slice();
      damaged[at]! ^= 1 << ((at / stride) % 8);
      expect(() => decodeAutoencoderCheckpoint(damaged, "x"), `byte ${at}`).toThrow(/^x: /);
    }
  });

  it.each([
    ["an unknown key", "config", (value) => Object.assign(value, { more: 1 }), /unknown key more/],
    ["another task", "config", (value) => Object.assign(value, { task: "forecast" }), /^x: /],
    [
      "a shape of no size",
      "data",
      (value) => Object.assign(value, { shape: {} }),
      /metadata data: expected name, shape/,
    ],
    [
      "statistics of other channels",
      "data",
      (value) => Object.assign(value, { statistics: { mean: [], std: [] } }),
      /data/,
    ],
    [
      "no sums",
      "position",
      (value) => Object.assign(value, { sums: null }),
      /metadata position: .*; sums\.images is none/,
    ],
    ["half a batch", "position", (value) => Object.assign(value, { batch: 0.5 }), /; batch is none of one/],
    ["more sums than there are", "position", (value) => Object.assign(value.sums as object, { more: 0 }), /sums\.more/],
    [
      "a best without a score",
      "position",
      (value) => Object.assign(value, { best: { epoch: 1 } }),
      /; best is none of one/,
    ],
    [
      "rates that are no numbers",
      "position",
      (value) => Object.assign(value.sums as object, { recallRates: ["x"] }),
      /sums\.recallRates/,
    ],
  ] as [string, string, (value: Record<string, unknown>) => unknown, RegExp][])(
    "%s",
    (_what, name, change, message) => {
      refused(withField(name, change), message);
    },
  );
});
