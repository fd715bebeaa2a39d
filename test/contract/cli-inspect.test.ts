import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { encodeSafetensors } from "../../src/formats/safetensors.ts";
import { jsonLines, runCli } from "../support/cli.ts";
import { runHere } from "../support/cli-here.ts";
import { expectRefusal, expectRefusalHere } from "../support/refusal.ts";
import { smallTraining } from "../support/small-training.ts";
import { trainedRun } from "../support/trained-run.ts";

const trained = trainedRun();

describe("bispike inspect", () => {
  it("counts stages and parameters of a run, and its position", async () => {
    const { cwd, run } = trained();
    writeFileSync(join(cwd, run, "summary.json"), JSON.stringify({ testAccuracy: 0.875 }));
    const { code, stdout, stderr } = await runCli(["inspect", run, "--json"], cwd);
    expect([code, stderr]).toEqual([0, ""]);
    const [line = {}] = jsonLines(stdout);
    expect(line).toMatchObject({
      kind: "checkpoint",
      file: join(run, "best.safetensors"),
      version: 2,
      config: { network: { hidden: [32, 16] } },
      data: { name: "bars", shape: { height: 8, width: 8, channels: 1 } },
      last: { step: 150, epoch: 25, batch: 0 },
      summary: { testAccuracy: 0.875 },
    });
    // Weights, and gamma and beta of each normed stage; the read-outs have a bias in their place.
    expect((line.stages as object[]).map((stage) => Object.values(stage))).toEqual([
      [1, "stimulus", { height: 1, width: 1, channels: 64 }, 0, 32 * 64 + 64],
      [2, "hidden", { height: 1, width: 1, channels: 32 }, 64 * 32 + 64, 16 * 32 + 64],
      [3, "hidden", { height: 1, width: 1, channels: 16 }, 32 * 16 + 32, 4 * 16 + 32],
      [4, "concept", { height: 1, width: 1, channels: 4 }, 16 * 4 + 4, 0],
    ]);
    expect(line.criteria).toEqual({ meets: ["C1", "C2", "C3", "C4", "C5"], stretched: ["C5"] });
    expect(line.parameters).toEqual({ perception: 2112 + 544 + 68, recall: 2112 + 576 + 96 });
    const shown = await runCli(["inspect", run], cwd);
    expect(shown.stdout).toMatch(/^test +87\.50 %, measured once/m);
    expect(shown.stdout).toMatch(/^ +2 {2}hidden +32 +2112 +576$/m);
    expect(shown.stdout).toMatch(/^perception\.stage2\.weight +F32 +\[32, 64\]/m);
  });

  it("names what drives recall and what it is compared by, where that is not as usual", async () => {
    const { cwd, run } = trained();
    const network = { hidden: [8, 8], recall: "broadcast" };
    const shown = async (rule: object) => {
      const { last } = await smallTraining({ network, rule, train: { epochs: 1 } });
      writeFileSync(join(cwd, "broadcast.safetensors"), last);
      return (await runHere(["inspect", "broadcast.safetensors"], cwd)).stdout;
    };
    const broadcast = await shown({ recallFeatures: "membrane" });
    expect(broadcast).toMatch(/^network +mlp, .*, target one-hot, recall driven by the concept at every stage$/m);
    expect(broadcast).toMatch(/^rule +bsd: .*, centred rate against recall's membrane, rivals/m);
    expect(broadcast).toMatch(/^criteria +meets C1 C2 C3 C4 C5 \(C1 C4 C5 at a stretch\)$/m);
    expect(await shown({ loss: "reco", top: "reco" })).toMatch(/^criteria +meets C1 C2 C3 C4 C5$/m);
    const cells = { rule: { pool: 2, pooling: "energy" }, train: { epochs: 1 } };
    const { last } = await smallTraining({ network: { kind: "cnn", hidden: [8, 8] }, ...cells });
    writeFileSync(join(cwd, "energy.safetensors"), last);
    expect((await runHere(["inspect", "energy.safetensors"], cwd)).stdout).toMatch(/centred rate by energy, rivals/);
    expect(await shown({ affinity: "dots", temperature: 0.02 })).toMatch(
      /^rule +bsd: infonce \(dot products, temperature 0\.02\), centred rate, rivals/m,
    );
    expect(await shown({ affinity: "dots", temperature: 0.02, margin: 2.5 })).toMatch(
      /^rule +bsd: infonce \(dot products, temperature 0\.02, margin 2\.5\), centred rate, rivals/m,
    );
    const chain = { hidden: [8, 8] };
    const errorsDown = async (rule: object) => {
      const { last: file } = await smallTraining({ network: chain, rule, train: { epochs: 1 } });
      writeFileSync(join(cwd, "reach.safetensors"), file);
      return (await runHere(["inspect", "reach.safetensors"], cwd)).stdout;
    };
    expect(await errorsDown({ errorDepth: 1 })).toMatch(/^criteria +meets C1 C4$/m);
    expect(await errorsDown({ name: "backprop-ann" })).toMatch(/^criteria +meets none of C1 to C5$/m);
    expect(await errorsDown({ errorDepth: 1 })).toMatch(/^rule .*, errors reach 1 stage down by recall's synapses$/m);
    expect(await errorsDown({ errorDepth: 2, errorWeights: "transposes" })).toMatch(
      /^rule .*, errors reach 2 stages down by transposes$/m,
    );
    expect(await errorsDown({ errorDepth: 2, errorWeights: "learned" })).toMatch(
      /, errors reach 2 stages down by learned synapses$/m,
    );
    expect(await errorsDown({ detached: false })).toMatch(/^rule .*, stages not detached$/m);
    const usual = (await runHere(["inspect", run], cwd)).stdout;
    const alone = await shown({ codes: "random" });
    for (const text of [usual, alone]) expect(text).not.toMatch(/driven by|against|errors reach/);
  });

  it("reads one checkpoint as it stands", async () => {
    const { cwd, run } = trained();
    const { stdout } = await runCli(["inspect", `${run}/last.safetensors`, "--json"], cwd);
    const [line = {}] = jsonLines(stdout);
    expect(line).toMatchObject({ position: { step: 150, epoch: 25 }, last: null, summary: null });
    const names = (line.tensors as { name: string }[]).map(({ name }) => name);
    expect(names).toContain("optimiser.first.perception.stage2.weight");
  });

  it("lists a foreign safetensors file's tensors with range, mean and deviation", async () => {
    const { cwd } = trained();
    const tensors = new Map([
      ["values", { dtype: "F32", shape: [2, 2], data: Float32Array.of(1, 3, 5, 7) }],
      ["counts", { dtype: "I64", shape: [2], data: BigInt64Array.of(-2n, 2n) }],
      ["gaps", { dtype: "F64", shape: [3], data: Float64Array.of(Number.NaN, 4, Number.POSITIVE_INFINITY) }],
      ["half", { dtype: "F16", shape: [1], data: Uint8Array.of(0, 60) }],
      ["none", { dtype: "F32", shape: [0], data: new Float32Array(0) }],
    ] as const);
    writeFileSync(join(cwd, "foreign.safetensors"), encodeSafetensors(tensors, { made: "by \u001b[31mhand" }));
    const { stdout } = await runCli(["inspect", "foreign.safetensors", "--json"], cwd);
    const [line = {}] = jsonLines(stdout);
    expect(line).toMatchObject({ kind: "safetensors", elements: 10, metadata: { made: "by \u001b[31mhand" } });
    const byName = new Map((line.tensors as { name: string }[]).map(({ name, ...rest }) => [name, rest]));
    expect(byName.get("values")).toEqual({
      dtype: "F32",
      shape: [2, 2],
      min: 1,
      max: 7,
      mean: 4,
      std: Math.sqrt(5),
      notFinite: 0,
    });
    expect(byName.get("counts")).toMatchObject({ min: -2, max: 2, mean: 0, std: 2 });
    expect(byName.get("gaps")).toMatchObject({ min: 4, max: 4, mean: 4, std: 0, notFinite: 2 });
    expect(byName.get("half")).toEqual({ dtype: "F16", shape: [1] });
    expect(byName.get("none")).toEqual({ dtype: "F32", shape: [0] });
    const shown = await runCli(["inspect", "foreign.safetensors"], cwd);
    expect(shown.stdout).toMatch(/^values +F32 +\[2, 2\] +1 +7 +4 +2\.236$/m);
    expect(shown.stdout).toMatch(/^gaps .* 2 not finite$/m);
    expect(shown.stdout).not.toContain("\u001b");
  });

  it("lists the tensors of weights that were exported", async () => {
    const { cwd, run } = trained();
    expect((await runHere(["export", run, "--format", "safetensors", "--out", "w.safetensors"], cwd)).code).toBe(0);
    const { code, stdout, stderr } = await runHere(["inspect", "w.safetensors"], cwd);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^kind +bispike-weights$/m);
    expect(stdout).toMatch(/^perception\.stage2\.weight +F32 +\[32, 64\]/m);
  });

  it("counts a data set's images, and names its files with their checksums", async () => {
    const { cwd, data } = trained();
    const { stdout } = await runCli(["inspect", "data", "--json"], cwd);
    const [line = {}] = jsonLines(stdout);
    expect(line).toMatchObject({
      kind: "data set",
      name: "data",
      shape: { height: 8, width: 8, channels: 1 },
      classNames: ["0", "1", "2", "3"],
      parts: { train: { images: 120, perClass: [30, 30, 30, 30] }, test: { images: 40, perClass: [10, 10, 10, 10] } },
    });
    const parts = line.parts as Record<"train" | "test", { statistics: { mean: number[]; std: number[] } }>;
    for (const part of ["train", "test"] as const) {
      const { images } = trained().dataset[part];
      const mean = images.reduce((sum, pixel) => sum + pixel / 255, 0) / images.length;
      const variance = images.reduce((sum, pixel) => sum + (pixel / 255 - mean) ** 2, 0) / images.length;
      expect(parts[part].statistics.mean[0], part).toBeCloseTo(mean, 12);
      expect(parts[part].statistics.std[0], part).toBeCloseTo(Math.sqrt(variance), 12);
    }
    const files = line.provenance as { file: string; sha256: string }[];
    expect(files).toHaveLength(4);
    for (const { file, sha256 } of files) {
      expect(sha256).toBe(
        createHash("sha256")
          .update(readFileSync(join(data, file)))
          .digest("hex"),
      );
    }
    const shown = await runCli(["inspect", "--data.path", "data"], cwd);
    expect(shown.stdout).toMatch(/^data: images of 8x8x1 .* in 4 classes$/m);
    expect(shown.stdout).toMatch(/^2 +30 +10$/m);
    const named = await runCli(["inspect", "data", "--data.name=mnist"], cwd);
    expect(named.stdout).toMatch(/DIFFERS from the published/);
  });

  it("refuses what is none of these", async () => {
    const { cwd, run } = trained();
    const checkpoint = readFileSync(join(cwd, run, "best.safetensors"));
    writeFileSync(join(cwd, "cut.safetensors"), checkpoint.subarray(0, 5000));
    writeFileSync(join(cwd, "text.txt"), "some text, longer than eight bytes");
    await expectRefusal(["inspect"], cwd, 2, /expected a checkpoint, a run folder or a data set's folder/);
    await expectRefusal(["inspect", "nowhere"], cwd, 1, /nowhere: no such file or folder/);
    await expectRefusal(["inspect", "cut.safetensors"], cwd, 1, /cut\.safetensors: .*truncated/);
    await expectRefusal(["inspect", "text.txt"], cwd, 1, /text\.txt: .*inspect reads safetensors files/);
    await expectRefusal(["inspect", "."], cwd, 1, /^bispike: \.: holds no checkpoint .* and as a data set: /);
    mkdirSync(join(cwd, "begun"));
    writeFileSync(join(cwd, "begun", "config.yaml"), "name: begun\n");
    await expectRefusalHere(["inspect", "begun"], cwd, 1, /^bispike: begun: holds a run that has saved no checkpoint/);
    await expectRefusalHere(["inspect", "--data.name=nosuch"], cwd, 2, /data\.name: expected one of mnist/);
    const help = await runCli(["inspect", "--help"], cwd);
    expect(help.stdout.match(/^ {2}\$ bispike inspect /gm)?.length).toBeGreaterThanOrEqual(2);
  });
});
