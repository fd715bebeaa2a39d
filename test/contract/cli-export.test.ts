import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { jsonLines, runCli } from "../support/cli.ts";
import { runHere } from "../support/cli-here.ts";
import { greyPng } from "../support/data-files.ts";
import { readModel } from "../support/onnx-read.ts";
import { expectRefusal, expectRefusalHere } from "../support/refusal.ts";
import { smallSequenceTraining } from "../support/small-sequence-run.ts";
import { trainedRun } from "../support/trained-run.ts";

const trained = trainedRun();

describe("bispike export", () => {
  it("writes a file and says what is in it", async () => {
    const { cwd, run } = trained();
    const { code, stdout, stderr } = await runCli(["export", run, "--format", "onnx"], cwd);
    expect([code, stderr]).toEqual([0, ""]);
    const bytes = readFileSync(join(cwd, "perception.onnx"));
    expect(stdout).toMatch(`perception.onnx: ${bytes.length.toLocaleString("en")} bytes\nInputs`);
    expect(stdout).toMatch(/^ {2}pixels {2}float \[N, 1, 8, 8\] {2}images, /m);
    expect(stdout).toMatch(/^ {2}decision {2}int64 \[N\] {2}/m);
    const { metadata, version } = readModel(bytes);
    expect(version).toMatch(/^\d+\.\d+\.\d+/);
    expect(metadata).toMatchObject({ "bispike.network": "perception", "run.rule": "bsd", "run.seed": "1" });
  });

  it("prints the same as JSON, and writes what it was asked for", async () => {
    const { cwd, run } = trained();
    const asked = ["--network", "recall", "--mode", "step", "--concept", "code", "--spikes", "--out", "r.onnx"];
    const { code, stdout } = await runCli(["export", run, "--format", "onnx", ...asked, "--json"], cwd);
    expect(code).toBe(0);
    const [said] = jsonLines(stdout);
    const bytes = readFileSync(join(cwd, "r.onnx"));
    expect(said).toMatchObject({
      file: "r.onnx",
      format: "onnx",
      bytes: bytes.length,
      network: "recall",
      mode: "step",
      warnings: [],
    });
    const { inputs, outputs } = readModel(bytes);
    const names = (ports: unknown) => (ports as { name: string }[]).map(({ name }) => name);
    expect(names(said?.inputs)).toEqual(inputs.map(({ name }) => name));
    expect(names(said?.outputs)).toEqual(outputs.map(({ name }) => name));
    expect(names(said?.outputs)).toEqual([
      ...["pixels", "stage3.membrane.next", "stage3.spikes", "stage2.membrane.next", "stage2.spikes"],
    ]);
    expect(said?.states).toEqual({
      "stage3.membrane": "stage3.membrane.next",
      "stage2.membrane": "stage2.membrane.next",
    });
  });

  it("replaces no file unasked", async () => {
    const { cwd, run } = trained();
    const args = ["export", run, "--format", "onnx", "--out", "kept.onnx"];
    writeFileSync(join(cwd, "kept.onnx"), "mine");
    await expectRefusal(args, cwd, 2, /--out kept\.onnx: there is such a file already; .*--force/);
    expect(readFileSync(join(cwd, "kept.onnx"), "utf8")).toBe("mine");
    expect((await runCli([...args, "--force"], cwd)).code).toBe(0);
    expect(readModel(readFileSync(join(cwd, "kept.onnx"))).producer).toBe("bispike");
  });

  it("replaces no file that it reads, even if asked to", async () => {
    const { cwd, run } = trained();
    const best = readFileSync(join(cwd, run, "best.safetensors"));
    const args = ["--format", "safetensors", "--force", "--out"];
    await expectRefusalHere(["export", run, ...args, `${run}/best.safetensors`], cwd, 2, /is a file of the run/);
    writeFileSync(join(cwd, "alone.safetensors"), best);
    const over = ["export", "alone.safetensors", ...args, "./alone.safetensors"];
    await expectRefusalHere(over, cwd, 2, /is alone\.safetensors, which .* reads/);
    for (const name of [`${run}/best`, "alone"])
      expect(readFileSync(join(cwd, `${name}.safetensors`)).equals(best)).toBe(true);
  });

  it("replaces none of the images or texts trained on, even if asked to, but what lies beside them", async () => {
    const { cwd, run, data } = trained();
    const args = ["--format", "safetensors", "--force", "--out"];
    const labels = readFileSync(join(data, "train-labels-idx1-ubyte"));
    const named = ["export", run, ...args, "data/train-labels-idx1-ubyte"];
    await expectRefusalHere(named, cwd, 2, /--out .*train-labels-idx1-ubyte: is .*, which this command reads/);
    expect(readFileSync(join(data, "train-labels-idx1-ubyte")).equals(labels)).toBe(true);
    writeFileSync(join(data, "weights.safetensors"), "mine");
    expect((await runHere(["export", run, ...args, "data/weights.safetensors"], cwd)).code).toBe(0);
    // Pictures without a folder for each part lie in those of their classes.
    for (let i = 0; i < 40; i++) {
      mkdirSync(join(cwd, "drawn", `bar ${i % 4}`), { recursive: true });
      writeFileSync(join(cwd, "drawn", `bar ${i % 4}`, `${10 + i}.png`), greyPng(8, 8, new Uint8Array(64)));
    }
    const rates = ["export", run, "--format", "npz", "--contents", "rates", "--data.path", "drawn", "--force", "--out"];
    await expectRefusalHere([...rates, "drawn/bar 1/11.png"], cwd, 2, /lies in drawn\/bar 1, which this command reads/);

    const text = { task: "next-character", data: { text: "small.txt" }, network: { hidden: [8] } };
    const { last } = await smallSequenceTraining({ ...text, train: { batch: 4, epochs: 1 } }, { stopBefore: 1 });
    for (const file of ["text.safetensors", "small.txt"]) writeFileSync(join(cwd, file), last);
    copyFileSync(join(cwd, "small.txt"), join(cwd, "other.txt"));
    await expectRefusalHere(
      ["export", "text.safetensors", ...args, "small.txt"],
      cwd,
      2,
      /is small\.txt, which .* reads/,
    );
    await expectRefusalHere(
      ["generate", "text.safetensors", "--out", "small.txt"],
      cwd,
      2,
      /--out small\.txt: is small\.txt/,
    );
    expect((await runHere(["export", "text.safetensors", ...args, "other.txt"], cwd)).code).toBe(0);
  });

  it("refuses what it cannot write", async () => {
    const { cwd, run } = trained();
    const refused = (args: readonly string[], message: RegExp, code: 1 | 2 = 2) =>
      expectRefusal(["export", ...args], cwd, code, message);
    await refused(
      [run, "--format", "onnx", "--out", "no/such/x.onnx"],
      /--out no\/such\/x\.onnx: there is no folder no\/such/,
    );
    await refused(
      [run, "--format", "onnx", "--out", "c.onnx", "--concept", "code"],
      /--concept .* goes with --network recall/,
    );
    await refused(["nowhere", "--format", "onnx", "--out", "n.onnx"], /nowhere: no such file or folder/, 1);
    const none = await runCli(["export", run], cwd);
    expect([none.code, none.stderr]).toEqual([2, expect.stringMatching(/required option '--format <format>'/)]);
    const other = await runCli(["export", run, "--format", "paper"], cwd);
    expect([other.code, other.stderr]).toEqual([2, expect.stringMatching(/Allowed choices are .*onnx/)]);
  });

  it("names what it does not write yet", async () => {
    const { cwd } = trained();
    const { last } = await smallSequenceTraining(
      { task: "next-character", network: { hidden: [8] }, train: { batch: 4, epochs: 1 } },
      { stopBefore: 1 },
    );
    writeFileSync(join(cwd, "text.safetensors"), last);
    const args = ["export", "text.safetensors", "--format", "onnx", "--out", "t.onnx"];
    await expectRefusal(
      args,
      cwd,
      2,
      /text\.safetensors: --format onnx writes .*recurrent nets of sequences are not written yet/,
    );
  });

  it("shows formats, their options and examples in its help", async () => {
    const { stdout } = await runCli(["export", "--help"], trained().cwd);
    expect(stdout).toMatch(/Formats: .*onnx \(a network as an ONNX/s);
    expect(stdout).toMatch(/--mode <mode> +onnx: /);
    expect(stdout.match(/^ {2}\$ bispike export /gm)?.length).toBeGreaterThanOrEqual(2);
  });
});
