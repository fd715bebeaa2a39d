/** Checkpoint files: old ones stay readable, newer and damaged ones are refused with a reason. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BispikeError } from "../../src/errors.ts";
import { decodeSafetensors, encodeSafetensors, type Tensor } from "../../src/formats/safetensors.ts";
import { evaluate } from "../../src/measure/evaluate.ts";
import { spikingModel } from "../../src/nets/model.ts";
import { openCheckpoint, openModel } from "../../src/node/open.ts";
import { CHECKPOINT_VERSION } from "../../src/training/checkpoint.ts";
import { decodeCheckpoint } from "../../src/training/read-checkpoint.ts";
import { assertFinite } from "../../src/training/sealed.ts";
import { runCli } from "../support/cli.ts";
import { temporaryFolders } from "../support/folder.ts";
import { sealed } from "../support/sealed.ts";
import { smallDigits, writeSmallDigits } from "../support/small-digits.ts";
import { smallTraining } from "../support/small-training.ts";

const newFolder = temporaryFolders();

/**
 * Written once by version 1 and kept for good: 64-16-3 on `smallDigits` with 3 classes and 60 training images, seed 3, batches of 12,
 * stopped before step 72 of 80.
 */
const FIXTURE = fileURLToPath(new URL("../fixtures/checkpoint-v1.safetensors", import.meta.url));
const bytes = new Uint8Array(readFileSync(FIXTURE));
const data = { classes: 3, train: 60, test: 6 };

/** Keys of options that came after the fixture was written. */
const LATER = [
  '"labelNoise"',
  '"recall":"',
  '"recallFeatures"',
  '"pooling"',
  '"margin"',
  '"temperature":0.1,"affinity"',
];

/** The configuration as a file says it. */
const said = (file: Uint8Array): string => decodeSafetensors(file).metadata.get("config") ?? "";

/** The fixture with other metadata. */
function withMetadata(changes: Record<string, string>): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(bytes);
  return sealed(tensors, new Map([...metadata, ...Object.entries(changes)]));
}

/** The fixture with something changed behind the checksum's back. */
function tampered(change: (tensors: Map<string, Tensor>, metadata: Map<string, string>) => void): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(bytes.slice());
  change(tensors, metadata);
  return encodeSafetensors(tensors, Object.fromEntries(metadata));
}

/** A checkpoint error that begins with the file's name. */
function expectDamage(changed: Uint8Array, what: string): void {
  expect(() => decodeCheckpoint(changed, "x"), what).toThrow(
    expect.objectContaining({ code: "checkpoint", message: expect.stringMatching(/^x: /) }),
  );
}

function flipped(at: number, bit: number): Uint8Array {
  const changed = bytes.slice();
  changed[at] = (changed[at] as number) ^ (1 << bit);
  return changed;
}

describe("version 1", () => {
  it("loads: configuration, data, position, tensors", () => {
    const { version, config, data, position, classMeans, tensors } = openCheckpoint(FIXTURE).checkpoint;
    expect(version).toBe(1);
    expect(config).toMatchObject({
      name: "fixture",
      // Options that came later are as they were before there was a choice.
      network: { hidden: [16], steps: 4, recall: "chain" },
      rule: { features: "rate", recallFeatures: "same", pooling: "mean", affinity: "cosines", margin: 0 },
      train: { seed: 3, batch: 12, epochs: 16 },
    });
    expect(LATER.filter((key) => said(bytes).includes(key))).toEqual([]);
    expect(data).toMatchObject({
      name: "bars",
      shape: { height: 8, width: 8, channels: 1 },
      classNames: ["bar 0", "bar 1", "bar 2"],
    });
    // 54 images are left to train on: 5 batches an epoch.
    expect(position).toMatchObject({ step: 72, epoch: 14, batch: 2, sums: { images: 24 } });
    expect(classMeans).toHaveLength(3 * 64);
    expect(tensors.get("perception.stage2.weight")?.shape).toEqual([16, 64]);
    expect(tensors.get("optimiser.second.recall.stage1.weight")?.shape).toEqual([64, 16]);
  });

  it("perceives", async () => {
    const { model, team } = await openModel(FIXTURE, 1);
    const { test } = smallDigits({ classes: 3, test: 60 });
    const { accuracy } = await evaluate(
      model,
      test,
      Int32Array.from({ length: 60 }, (_, i) => i),
    );
    await team.close();
    expect(accuracy).toBeGreaterThan(0.95);
  });

  it("trains on", async () => {
    const raw = {
      name: "fixture",
      network: { hidden: [16] },
      train: { epochs: 16, batch: 12, learningRate: 0.02, seed: 3 },
    };
    const { finished, steps } = await smallTraining(raw, { data, resume: bytes });
    expect([finished, steps]).toEqual([true, 80]);
  });
});

describe("options that came later", () => {
  const raw = { network: { hidden: [16, 8] }, train: { epochs: 1, batch: 12 } };

  it("reach the net: cells compared by energies teach it otherwise than means", async () => {
    const trained = async (pooling: string) => {
      const changed = { ...raw, network: { kind: "cnn", hidden: [16, 8] }, rule: { pool: 2, pooling } };
      return decodeCheckpoint((await smallTraining(changed, { data })).last, "x");
    };
    const [means, energies] = [await trained("mean"), await trained("energy")];
    expect(energies.config.rule).toMatchObject({ pool: 2, pooling: "energy" });
    const weights = "perception.stage2.weight";
    expect(energies.tensors.get(weights)).not.toEqual(means.tensors.get(weights));
  });

  it("reach the losses: dots teach otherwise than cosines, spiking nets and real ones", async () => {
    for (const name of ["bsd", "bsd-ann"]) {
      const trained = async (affinity: string) =>
        decodeCheckpoint((await smallTraining({ ...raw, rule: { name, affinity } }, { data })).last, "x");
      const [cosines, dots] = [await trained("cosines"), await trained("dots")];
      expect(dots.config.rule).toMatchObject({ name, affinity: "dots" });
      const weights = "perception.stage2.weight";
      expect(dots.tensors.get(weights)).not.toEqual(cosines.tensors.get(weights));
    }
  });

  it("open the net that was trained", async () => {
    const changed = { ...raw, network: { hidden: [16, 8], recall: "broadcast" }, rule: { recallFeatures: "membrane" } };
    const { last } = await smallTraining(changed, { data });
    const { config, tensors } = decodeCheckpoint(last, "x");
    expect(config).toMatchObject({ network: { recall: "broadcast" }, rule: { recallFeatures: "membrane" } });
    // Of the concept's three neurons, not of the stage above's eight.
    expect(tensors.get("recall.stage2.weight")?.shape).toEqual([16, 3]);
    const file = join(newFolder(), "broadcast.safetensors");
    writeFileSync(file, last);
    const { model, team } = await openModel(file, 1);
    const { pair } = spikingModel(model, "this test");
    expect(pair.recall[1]!.synapses.source).toBe(pair.concept);
    await team.close();
  });
});

describe("refused", () => {
  it.each([
    [
      withMetadata({ version: String(CHECKPOINT_VERSION + 1) }),
      /x: has version 3, this bispike reads up to 2: update bispike/,
    ],
    [withMetadata({ version: "0" }), /x: unknown version 0/],
    [withMetadata({ kind: "other" }), /x: is a safetensors file, but not a bispike checkpoint/],
    [withMetadata({ config: "{" }), /x: metadata config is not JSON/],
    [withMetadata({ config: "{}" }), /x: data: expected a name/],
    [withMetadata({ data: '{"name":"bars"}' }), /x: metadata data: expected name, shape, classNames and statistics/],
    [withMetadata({ position: '{"step":-1}' }), /x: metadata position: expected the counters/],
    [new Uint8Array(0), /x: /],
  ])("%#: says why", (changed, message) => {
    expect(() => decodeCheckpoint(changed, "x")).toThrow(
      expect.objectContaining({ code: "checkpoint", message: expect.stringMatching(message) }),
    );
  });

  it("cut short at any length", () => {
    for (let length = 0; length < bytes.length; length += length < 4000 ? 1 : 97) {
      expect(() => decodeCheckpoint(bytes.subarray(0, length), "x"), `${length} bytes`).toThrow(BispikeError);
    }
  });

  it.each<[string, Parameters<typeof tampered>[0]]>([
    ["a value", (tensors) => ((tensors.get("perception.stage2.weight")?.data as Float32Array)[5] = 0.5)],
    ["a tensor's name", (tensors) => tensors.set("more", { dtype: "F32", shape: [1], data: Float32Array.of(0) })],
    ["a tensor's place", (tensors) => tensors.delete("optimiser.first.recall.stage1.bias")],
    [
      "the order of sizes",
      (tensors) => {
        const { data } = tensors.get("perception.stage2.weight") as Tensor & { dtype: "F32" };
        tensors.set("perception.stage2.weight", { dtype: "F32", shape: [64, 16], data });
      },
    ],
    ["the configuration", (_, metadata) => metadata.set("config", `${metadata.get("config")} `)],
    ["the data's summary", (_, metadata) => metadata.set("data", `${metadata.get("data")} `)],
    ["the position", (_, metadata) => metadata.set("position", `${metadata.get("position")} `)],
    ["the checksum", (_, metadata) => metadata.set("checksum", "00000000")],
    ["no checksum", (_, metadata) => metadata.delete("checksum")],
  ])("changed by hand, %s: damaged", (_, change) => {
    expect(() => decodeCheckpoint(tampered(change), "x")).toThrow(
      /^x: is damaged: its checksum is [0-9a-f]{8}, expected /,
    );
  });

  const headerEnd = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));

  it("a bit flipped anywhere", () => {
    let slowest = 0;
    const flip = (at: number, bit: number) => {
      const start = performance.now();
      expectDamage(flipped(at, bit), `byte ${at}, bit ${bit}`);
      slowest = Math.max(slowest, performance.now() - start);
    };
    // Every bit of the header's length, one bit of every byte of the header, and of every seventh byte of the tensors.
    for (let at = 0; at < 8; at++) for (let bit = 0; bit < 8; bit++) flip(at, bit);
    for (let at = 8; at < bytes.length; at += at < headerEnd ? 1 : 7) flip(at, (at * 5) % 8);
    // As often in the header as in the tensors, which are longer.
    const position = fc.oneof(fc.nat(headerEnd - 1), fc.integer({ min: headerEnd, max: bytes.length - 1 }));
    fc.assert(fc.property(position, fc.nat(7), flip), { numRuns: 500 });
    expect(slowest, "milliseconds").toBeLessThan(1000);
  });

  it("a run of bytes overwritten, unless it says the same", () => {
    const whole = decodeCheckpoint(bytes, "x");
    const position = fc.oneof(fc.nat(headerEnd - 1), fc.integer({ min: headerEnd, max: bytes.length - 1 }));
    const run = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 600 }),
      fc.integer({ min: 1, max: 600 }).map((length) => new Uint8Array(length)),
      fc.constantFrom(..." \t\n").map((space) => Uint8Array.of(space.charCodeAt(0))),
    );
    fc.assert(
      fc.property(position, run, (at, patch) => {
        const changed = bytes.slice();
        changed.set(patch.subarray(0, bytes.length - at), at);
        let loaded: unknown;
        try {
          loaded = decodeCheckpoint(changed, "x");
        } catch (error) {
          expect(error).toBeInstanceOf(BispikeError);
          return;
        }
        expect(loaded).toEqual(whole);
      }),
      { numRuns: 500, examples: [[headerEnd - 1, Uint8Array.of(9)]] },
    );
  });

  it("through a file: the error begins with its name", async () => {
    const file = join(newFolder(), "flipped.safetensors");
    for (const at of [0, 9, headerEnd - 1, headerEnd, bytes.length - 1]) {
      writeFileSync(file, flipped(at, 4));
      const failure = await openModel(file, 1).catch((error: unknown) => error);
      expect(failure, `byte ${at}`).toBeInstanceOf(BispikeError);
      expect((failure as BispikeError).message.startsWith(`${file}: `), `byte ${at}`).toBe(true);
    }
  });

  it("by the command, with one line", async () => {
    const folder = newFolder();
    writeFileSync(join(folder, "config.yaml"), "name: fixture\ndata: { path: bars }\n");
    writeFileSync(join(folder, "last.safetensors"), bytes.subarray(0, 5000));
    writeSmallDigits(join(folder, "bars"), data);
    const { code, stdout, stderr } = await runCli(["train", "--resume", folder], folder);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^bispike: [^\n]*last\.safetensors: [^\n]*\n$/);
  });
});

it("says of values that are not finite where they are, and nothing of other checkpoints, which there may not be", () => {
  const tensors = new Map<string, Tensor>([["w", { dtype: "F32", shape: [2], data: Float32Array.of(1, Number.NaN) }]]);
  expect(() => assertFinite(tensors, 7)).toThrow(
    "w holds values that are not finite at step 7, so that step was not saved; lower train.learningRate",
  );
});
