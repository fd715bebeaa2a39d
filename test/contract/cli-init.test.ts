/** `bispike train --init`: a run that starts from another's weights. */
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exportWeights } from "../../src/cli/commands/export-formats.ts";
import { decodeCheckpoint } from "../../src/training/read-checkpoint.ts";
import { runCli } from "../support/cli.ts";
import { expectRefusal } from "../support/refusal.ts";
import { trainedRun } from "../support/trained-run.ts";

const trained = trainedRun();
const EXPERIMENT = `name: bars
data: { path: data }
network: { hidden: [32, 16] }
train: { epochs: 1, batch: 18, learningRate: 1e-12, threads: 1 }
`;

describe("bispike train --init", () => {
  it("starts from the weights, again after a kill before the first checkpoint, and from no others", async () => {
    const { cwd } = trained();
    writeFileSync(join(cwd, "bars.yaml"), EXPERIMENT);
    const { bytes } = await exportWeights({ run: join(cwd, "run"), options: {}, threads: 1 });
    writeFileSync(join(cwd, "weights.safetensors"), bytes);
    const started = await runCli(
      ["train", "bars.yaml", "--init", "weights.safetensors", "--out", "again", "--quiet"],
      cwd,
    );
    expect([started.code, started.stderr]).toEqual([0, ""]);
    const weight = (file: string) =>
      decodeCheckpoint(readFileSync(join(cwd, file)), file).tensors.get("perception.stage2.weight")!
        .data as Float32Array;
    const after = weight("again/last.safetensors");
    // Six steps at that rate move a weight by less than 1e-11, where a start of its own lies 0.1 away.
    for (const [k, value] of weight("run/best.safetensors").entries())
      expect(Math.abs(after[k]! - value)).toBeLessThan(1e-6);
    const { init } = JSON.parse(readFileSync(join(cwd, "again/environment.json"), "utf8"));
    expect(init).toEqual({
      file: expect.stringMatching(/weights\.safetensors$/),
      checksum: expect.stringMatching(/^[0-9a-f]{8}$/),
    });

    const ended = readFileSync(join(cwd, "again/last.safetensors"));
    const forget = () => {
      for (const file of ["last.safetensors", "best.safetensors", "summary.json"]) rmSync(join(cwd, "again", file));
    };
    forget();
    expect((await runCli(["train", "--resume", "again", "--quiet"], cwd)).code).toBe(0);
    expect(readFileSync(join(cwd, "again/last.safetensors")).equals(ended)).toBe(true);
    forget();
    copyFileSync(join(cwd, "run/last.safetensors"), join(cwd, "weights.safetensors"));
    await expectRefusal(
      ["train", "--resume", "again", "--quiet"],
      cwd,
      1,
      /its checksum is .*, but the run began with/,
    );
  });

  it("refuses another network, and --resume beside it", async () => {
    const { cwd } = trained();
    const other = ["train", "bars.yaml", "--network.hidden=[32,17]", "--out", "other", "--init", "run"];
    await expectRefusal(other, cwd, 1, /best\.safetensors: tensor .*: expected F32 \[/);
    await expectRefusal(["train", "--resume", "run", "--init", "run"], cwd, 2, /--init or --resume/);
  });
});
