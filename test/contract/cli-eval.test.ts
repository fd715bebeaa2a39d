import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { evaluate } from "../../src/measure/evaluate.ts";
import { openModel } from "../../src/node/open.ts";
import { jsonLines, runCli } from "../support/cli.ts";
import { expectRefusal } from "../support/refusal.ts";
import { writeSmallDigits } from "../support/small-digits.ts";
import { trainedRun } from "../support/trained-run.ts";

const trained = trainedRun();

describe("bispike eval", () => {
  it("--json gives what the library measures on the test part, and figures that fit each other", async () => {
    const { cwd, run, dataset } = trained();
    const { code, stdout, stderr } = await runCli(["eval", run, "--json"], cwd);
    expect([code, stderr]).toEqual([0, ""]);
    const [line, ...others] = jsonLines(stdout) as [Record<string, unknown>];
    expect(others).toEqual([]);
    const { model, team } = await openModel(join(cwd, run), 1);
    const indices = Int32Array.from({ length: dataset.test.count }, (_, i) => i);
    const measured = await evaluate(model, dataset.test, indices);
    await team.close();
    expect(line).toEqual({
      ...measured,
      testAccuracy: measured.accuracy,
      perClass: measured.confusion.map((row, c) => (row[c] ?? 0) / 10),
      part: "test",
      checkpoint: join(run, "best.safetensors"),
    });
    expect(measured.accuracy).toBeGreaterThan(0.9);
    const counts = measured.confusion.flat();
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(40);
  });

  it("prints tables for a person", async () => {
    const { cwd, run } = trained();
    const { code, stdout } = await runCli(["eval", run, "--threads", "1"], cwd);
    expect(code).toBe(0);
    expect(stdout).toMatch(/best\.safetensors: 40 test images of data\n/);
    expect(stdout).toMatch(/^accuracy +\d+\.\d\d % {2}by the concept's spikes$/m);
    expect(stdout).toMatch(/^0 bar 0 +10 +\d+\.\d\d %$/m);
    expect(stdout).toMatch(/^ +0 +1 +2 +3$/m);
    expect(stdout).toMatch(/^stage {2}firing rate {2}Hamming similarity {2}of another class$/m);
    expect(stdout.match(/^ +[23] +0\.\d{4} +0\.\d{4} +0\.\d{4}$/gm)).toHaveLength(2);
  });

  it("measures the held-out and training parts as training split them, from data that moved", async () => {
    const { cwd, run, data } = trained();
    const moved = join(cwd, "moved");
    mkdirSync(moved);
    for (const name of [
      "train-images-idx3-ubyte",
      "train-labels-idx1-ubyte",
      "t10k-images-idx3-ubyte",
      "t10k-labels-idx1-ubyte",
    ])
      writeFileSync(join(moved, name), readFileSync(join(data, name)));
    const measure = async (part: string) => {
      const { stdout } = await runCli(
        ["eval", `${run}/last.safetensors`, "--part", part, "--data.path=moved", "--json"],
        cwd,
      );
      return jsonLines(stdout)[0];
    };
    const validation = await measure("heldout");
    expect(validation).toMatchObject({ part: "heldout", images: 12, checkpoint: "run/last.safetensors" });
    expect(validation).not.toHaveProperty("testAccuracy");
    expect(await measure("train")).toMatchObject({ part: "train", images: 108 });
  });

  it("refuses data of other classes, and a missing or damaged checkpoint", async () => {
    const { cwd, run } = trained();
    writeSmallDigits(join(cwd, "five"), { classes: 5 });
    const shape =
      /five: holds images of 8x8x1 in 5 classes, but run\/best\.safetensors was trained on 8x8x1 in 4 classes/;
    await expectRefusal(["eval", run, "--data.path=five"], cwd, 1, shape);
    await expectRefusal(["eval", run, "--data.path=nowhere"], cwd, 1, /nowhere: there is no such file or folder/);
    await expectRefusal(["eval", run, "--data.name=nosuch"], cwd, 2, /data\.name: expected one of mnist, .*"nosuch"/);
    await expectRefusal(["eval", "nowhere"], cwd, 1, /nowhere: no such file or folder; expected a run folder/);
    await expectRefusal(["eval", "data"], cwd, 1, /data: holds no checkpoint/);
    writeFileSync(join(cwd, "cut.safetensors"), readFileSync(join(cwd, run, "best.safetensors")).subarray(0, 9000));
    await expectRefusal(["eval", "cut.safetensors"], cwd, 1, /cut\.safetensors: .*truncated/);
  });

  it("refuses wrong options, and shows examples in its help", async () => {
    const { cwd, run } = trained();
    const wrong = await runCli(["eval", run, "--part", "validation"], cwd);
    expect([wrong.code, wrong.stdout]).toEqual([2, ""]);
    expect(wrong.stderr).toMatch(/bispike: .*--part.*validation.*Allowed choices are test, heldout, train/);
    const threads = await runCli(["eval", run, "--threads", "many"], cwd);
    expect([threads.code, threads.stderr]).toEqual([2, expect.stringMatching(/whole number from 0 to 256/)]);
    expect((await runCli(["eval"], cwd)).code).toBe(2);
    const help = await runCli(["eval", "--help"], cwd);
    expect([help.code, help.stderr]).toEqual([0, ""]);
    expect(help.stdout.match(/^ {2}\$ bispike eval /gm)?.length).toBeGreaterThanOrEqual(2);
  });
});
