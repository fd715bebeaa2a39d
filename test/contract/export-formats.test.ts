/** What `bispike export` makes of a run in each format, in this process. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FORMATS } from "../../src/cli/commands/export.ts";
import { splitValidation } from "../../src/data/dataset.ts";
import { parseNpz } from "../../src/data/sequence/npz.ts";
import { decodeSafetensors } from "../../src/formats/safetensors.ts";
import { evaluate } from "../../src/measure/evaluate.ts";
import { decodeNir, decodeSpikeTrains } from "../../src/nir.ts";
import { openModel } from "../../src/node/open.ts";
import { trainedRun } from "../support/trained-run.ts";

const trained = trainedRun();

function written(format: string, options: Record<string, unknown> = {}, run = join(trained().cwd, trained().run)) {
  return FORMATS.find(({ name }) => name === format)!.write({ run, options, threads: 1 });
}

describe("bispike export", () => {
  it("nir: the network asked for; a remark that NIR fires above, not at, the threshold", async () => {
    const perception = await written("nir");
    expect(perception.warnings).toEqual([expect.stringMatching(/NIR's neurons fire at v > v_threshold/)]);
    const graph = await decodeNir(perception.bytes, "a.nir");
    expect(graph.metadata).toMatchObject({ network: "perception", data_name: "bars", dt: 1e-4 });
    const recall = await written("nir", { network: "recall", dt: 1e-3, comparison: ">" });
    expect(recall.warnings).toEqual([expect.stringMatching(/snnTorch's importer takes dt = 1e-4/)]);
    expect((await decodeNir(recall.bytes, "a.nir")).nodes.get("output")).toMatchObject({ shape: [64] });
    await expect(written("nir", { until: "latent" })).rejects.toThrow(/--until: .* is no autoencoder/);
    const readout = written("nir", { network: "recall", readout: "drive" });
    await expect(readout).rejects.toThrow(/--readout: is perception's, of the concept/);
  });

  it("spikes: those of the images asked for", async () => {
    const { bytes, facts } = await written("spikes", { index: [3, 4, 5] });
    expect(facts).toMatchObject({ part: "test", images: [3, 4, 5], decisions: [3, 0, 1], steps: 4 });
    const { networks } = await decodeSpikeTrains(bytes, "a.h5");
    expect(
      [...networks.get("perception")!].map(([name, { neurons, samples }]) => [name, neurons, samples.length]),
    ).toEqual([
      ["concept", 4, 3],
      ["stage2", 32, 3],
      ["stage3", 16, 3],
    ]);
    await expect(written("spikes", { index: [40] })).rejects.toThrow(/--index: expected 0 to 39/);
  });

  it("safetensors: the checkpoint's tensors, the configuration as a remark", async () => {
    const { bytes, lines } = await written("safetensors");
    const { tensors, metadata } = decodeSafetensors(bytes);
    const { checkpoint, team } = await openModel(join(trained().cwd, trained().run));
    expect(tensors.get("perception.stage2.weight")).toEqual(checkpoint.tensors.get("perception.stage2.weight"));
    expect(JSON.parse(metadata.get("config")!)).toEqual(JSON.parse(JSON.stringify(checkpoint.config)));
    expect(lines).toContain("  perception.stage2.norm.running_var [32]");
    await team.close();
  });

  it("npz: weights; or rates whose means and decisions are the evaluation's", async () => {
    const weights = await written("npz");
    expect(parseNpz(weights.bytes, "a.npz", { key: "perception.stage3.weight" }).length).toBe(16);
    const { bytes } = await written("npz", { contents: "rates" });
    const values = (key: string) => parseNpz(bytes, "a.npz", { key }).values;
    const { model, team } = await openModel(join(trained().cwd, trained().run));
    const { test } = trained().dataset;
    const all = Int32Array.from({ length: test.count }, (_, k) => k);
    const measured = await evaluate(model, test, all);
    const mean = (list: Float32Array) => list.reduce((sum, value) => sum + value, 0) / list.length;
    expect(mean(values("rates.stage2"))).toBeCloseTo(measured.rates[0]!, 5);
    expect(mean(values("rates.stage3"))).toBeCloseTo(measured.rates[1]!, 5);
    const labels = values("labels");
    expect([...labels]).toEqual([...test.labels]);
    const right = values("decisions").filter((decision, k) => decision === labels[k]).length;
    expect(right / test.count).toBe(measured.accuracy);
    await team.close();
    await expect(written("npz", { index: [0] })).rejects.toThrow(/--index: weights are of no images/);
  });

  it("npz: rates, labels and numbers of the images asked for, of any part", async () => {
    const { train } = trained().dataset;
    const { validation } = splitValidation(train, 0.1, 1);
    const options = { contents: "rates", part: "heldout" };
    const of = async (index?: readonly number[]) => {
      const { bytes } = await written("npz", { ...options, ...(index ? { index } : {}) });
      return (key: string) => [...parseNpz(bytes, "a.npz", { key }).values];
    };
    const [whole, two] = [await of(), await of([7, 2])];
    expect(whole("labels")).toEqual(Array.from(validation, (image) => train.labels[image]));
    expect([two("indices"), two("labels")]).toEqual([[7, 2], [7, 2].map((k) => train.labels[validation[k]!])]);
    const row = (k: number) => whole("rates.stage2").slice(32 * k, 32 * (k + 1));
    expect(two("rates.stage2")).toEqual([...row(7), ...row(2)]);
    expect(row(7), "these images fire otherwise").not.toEqual(row(2));
    expect(Math.max(...whole("rates.stage2"))).toBeLessThanOrEqual(1);
  });

  it("tensorboard: a moment for each line of the metrics, at the run's own times", async () => {
    const { facts, warnings } = await written("tensorboard");
    const lines = readFileSync(join(trained().cwd, trained().run, "metrics.jsonl"), "utf8")
      .trimEnd()
      .split("\n");
    expect(facts.events).toBe(lines.length);
    expect(facts.tags).toEqual(
      expect.arrayContaining(["step/loss", "epoch/validationAccuracy", "step/stageLosses/stage1"]),
    );
    expect(warnings).toEqual([expect.stringMatching(/does not say when the run began/)]);
    const dated = join(trained().cwd, "dated");
    mkdirSync(dated);
    writeFileSync(join(dated, "metrics.jsonl"), `${lines[0]}\n`);
    writeFileSync(join(dated, "environment.json"), JSON.stringify({ started: "2026-01-02T03:04:05.500Z" }));
    const told = await written("tensorboard", {}, dated);
    expect(told.warnings).toEqual([]);
    // Each record has 12 bytes before its message, which begins with the wall time, and 4 behind it.
    const view = new DataView(told.bytes.buffer, told.bytes.byteOffset);
    const began = Date.UTC(2026, 0, 2, 3, 4, 5, 500) / 1000;
    expect(view.getFloat64(13, true)).toBe(began);
    const second = 16 + Number(view.getBigUint64(0, true));
    expect(view.getFloat64(second + 13, true)).toBeCloseTo(began + JSON.parse(lines[0]!).seconds, 3);
    await expect(written("tensorboard", {}, "x.safetensors")).rejects.toThrow(/expected a run's folder/);
  });

  it("card: of a finished run alone", async () => {
    await expect(written("card")).rejects.toThrow(/expected the folder of a finished run, with summary\.json/);
  });
});
