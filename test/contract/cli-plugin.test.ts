/** `--plugin` as a user meets it: a process of its own each, since what is registered lasts as long as the process. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../support/cli.ts";
import { readModel } from "../support/onnx-read.ts";
import { pluginFile } from "../support/plugins.ts";
import { writeSmallDigits } from "../support/small-digits.ts";

const BARS = `name: bars
data: { path: data }
network: { hidden: [16] }
rule: { loss: margin }
train: { epochs: 8, batch: 24, learningRate: 0.02, threads: 1 }
`;
const margin = ["--plugin", pluginFile("margin-loss")];
const turns = [`--plugin=${pluginFile("taking-turns")}`];

let cwd: string;
const read = (file: string) => readFileSync(join(cwd, file), "utf8");
const run = (...args: string[]) => runCli(args, cwd);

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "bispike-"));
  writeSmallDigits(join(cwd, "data"));
  writeFileSync(join(cwd, "bars.yaml"), BARS);
  const trained = await run("train", "bars.yaml", "--out", "run", ...margin);
  expect([trained.code, trained.stderr]).toEqual([0, ""]);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

describe("a run with a stage loss of a plugin", () => {
  it("has learned, and names what it needs", async () => {
    const summary = JSON.parse(read("run/summary.json")) as { readonly testAccuracy: number };
    expect(summary.testAccuracy).toBeGreaterThan(0.9);
    const evaluated = await run("eval", "run", "--json", ...margin);
    expect([evaluated.code, evaluated.stderr]).toEqual([0, ""]);
    expect(JSON.parse(evaluated.stdout)).toMatchObject({ testAccuracy: summary.testAccuracy });
    const shown = await run("inspect", "run", ...margin);
    expect(shown.stdout).toMatch(/^rule +bsd: margin, centred rate/m);
  });

  it.each([
    ["eval", "run"],
    ["inspect", "run"],
    ["recall", "run"],
  ])("is refused without it by %s, which names the plugin", async (...command) => {
    const { code, stdout, stderr } = await run(...command);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(
      /^bispike: run.best\.safetensors: needs the stage loss margin, which plugin margin-loss\.mjs registers and which is not loaded; give it: --plugin margin-loss\.mjs\n$/,
    );
  });

  it("cannot be begun or resumed without it", async () => {
    for (const args of [
      ["bars.yaml", "--out", "other"],
      ["--resume", "run"],
    ]) {
      const { code, stderr } = await run("train", ...args);
      expect(code).toBe(2);
      expect(stderr).toMatch(
        /rule\.loss: expected one of reco, infonce, mse, or a stage loss of your own \(load .*--plugin FILE\.mjs/,
      );
    }
    const resumed = await run("train", "--resume", "run", ...margin);
    expect(resumed.code).toBe(0);
  });
});

it("exports a run trained by a rule of a plugin", async () => {
  const trained = await run(
    "train",
    "bars.yaml",
    "--rule.name=taking-turns",
    "--rule.loss=infonce",
    "--train.epochs=1",
    "--out=taken",
    ...turns,
  );
  expect([trained.code, trained.stderr]).toEqual([0, ""]);
  const exported = await run("export", "taken", "--format", "onnx", "--out", "taken.onnx", ...turns);
  expect([exported.code, exported.stderr]).toEqual([0, ""]);
  expect(readModel(readFileSync(join(cwd, "taken.onnx"))).metadata).toMatchObject({ "run.rule": "taking-turns" });
});

it("compares rules of plugins in child processes, which load them too", async () => {
  const axes = ["--rule.name=[bsd,taking-turns]", "--rule.loss=[margin,infonce]"];
  const { code, stdout, stderr } = await run(
    "compare",
    "bars.yaml",
    ...axes,
    "--seeds=1",
    "--train.epochs=2",
    ...margin,
    ...turns,
  );
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/\[4\/4\]/);
  expect(stdout).toMatch(/^rule\.loss=margin,rule\.name=taking-turns|taking-turns +.*margin|margin +.*taking-turns/m);
});

describe("plugins that are none", () => {
  it.each([
    ["missing.mjs", undefined, "there is no such file"],
    ["throws.mjs", "throw new Error('no luck');", "no luck"],
    ["nothing.mjs", "export const x = 1;", "expected it to register a stage loss or a rule, but it registered none"],
    [
      "far.mjs",
      "import { registerRule } from 'bispike';",
      "Cannot find package 'bispike' imported from ",
      "; export default a function instead, which is given all of bispike: export default ({ registerRule }) => ...",
    ],
    ["odd.mjs", "export default 3;", "expected a function as default export, got number"],
    [
      "clash.mjs",
      "export default ({ registerStageLoss }) => registerStageLoss('mse', () => () => 0);",
      "stage loss mse: this name is taken by bispike itself",
    ],
  ])("%s", async (name, text, reason, more = "") => {
    if (text !== undefined) writeFileSync(join(cwd, name), text);
    const { code, stdout, stderr } = await run("inspect", "run", "--plugin", name);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(`bispike: --plugin ${name}: ${reason}`);
    expect(stderr).toContain(more);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });
});
