/** `bispike train --processes`: processes over sockets end with the bytes of one process, in a run like any other. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { jsonLines, runCli } from "../support/cli.ts";
import { expectRefusal } from "../support/refusal.ts";
import { sharedWorkspace, timelessMetrics } from "../support/small-run.ts";

const workspace = sharedWorkspace();
const bytes = (...path: string[]) => readFileSync(join(workspace(), ...path));
/** One process measures the images it holds out after every epoch, parts once they are joined. */
const NONE = "--data.validation=0";

it("--processes 2: a run like any other, with the checkpoint of one process", async () => {
  const folder = workspace();
  const whole = await runCli(["train", "bars.yaml", NONE, "--out", "whole", "--quiet"], folder);
  expect([whole.code, whole.stderr]).toEqual([0, ""]);
  const parts = await runCli(["train", "bars.yaml", NONE, "--processes", "2", "--out", "parts", "--json"], folder);
  expect([parts.code, parts.stderr]).toEqual([0, ""]);
  expect(bytes("parts", "last.safetensors").equals(bytes("whole", "last.safetensors"))).toBe(true);
  const metrics = (run: string) => timelessMetrics(join(folder, run, "metrics.jsonl"));
  // An epoch's mean loss is added up stage by stage there, batch by batch here.
  const close = (line: unknown) => {
    const { trainLoss, ...rest } = line as { trainLoss?: number };
    return trainLoss === undefined ? rest : { ...rest, trainLoss: expect.closeTo(trainLoss, 10) };
  };
  expect(metrics("parts")).toEqual(metrics("whole").map(close));
  const done = jsonLines(parts.stdout).at(-1);
  const summary = JSON.parse(bytes("whole", "summary.json").toString());
  expect(done).toMatchObject({ event: "done", testAccuracy: summary.testAccuracy, steps: 40, checkpoint: "last" });
  expect(existsSync(join(folder, "parts", "recall.png"))).toBe(true);
  const evaluated = await runCli(["eval", "parts", "--json"], folder);
  expect(jsonLines(evaluated.stdout)[0]).toMatchObject({ accuracy: summary.testAccuracy });
});

it("passes on what a plugin prints, also of processes whose output it reads", async () => {
  const loud = `console.log("hello"); console.log("null");
export default ({ registerStageLoss }) => registerStageLoss("loud", () => () => 0);`;
  writeFileSync(join(workspace(), "loud.mjs"), loud);
  const train = ["train", "bars.yaml", "--train.epochs=1", "--processes", "2", "--out", "loud", "--quiet"];
  const { code, stdout, stderr } = await runCli([...train, "--plugin", "loud.mjs"], workspace());
  expect([code, stderr]).toEqual([0, ""]);
  // Each part's process and this one loads it.
  for (const line of ["hello", "null"]) expect(stdout.match(new RegExp(`^${line}$`, "gm"))).toHaveLength(3);
  expect(stdout).toMatch(/^test accuracy /m);
});

it("refuses, and says why", async () => {
  const train = ["train", "bars.yaml", "--out", "refused"];
  for (const [args, message] of [
    [["--stages", "1-1", "--listen", "127.0.0.1:0"], /directly coded stimulus is no spikes/],
    [["--stages", "1-2"], /expected --listen ADDRESS/],
    [
      ["--stages", "1-2", "--judge", "held-out"],
      /--judge held-out: expected without --stages: a training in parts ends/,
    ],
    [["--processes", "2", "--judge", "held-out"], /--judge held-out: expected without --processes/],
    [
      ["--processes", "2", "--init", "weights.safetensors"],
      /--init: expected without --processes: .* drawn by train.seed/,
    ],
    [["--processes", "9"], /expected 1 to 3 parts of 4 stages/],
    [["--depth", "1"], /--depth: expected with --stages or --processes/],
    [["--processes", "2", "--train.clipScope=global"], /train.clipScope: expected stage, got global/],
    [["--processes", "2", "--network.recall=broadcast"], /network.recall: expected chain, got broadcast: in a part/],
    [
      ["--stages", "1-2", "--listen", "127.0.0.1:0", "--network.recall=broadcast"],
      /network.recall: expected chain, got broadcast: in a part/,
    ],
  ] as const) {
    await expectRefusal([...train, ...args], workspace(), 2, message);
  }
  expect(existsSync(join(workspace(), "refused"))).toBe(false);
});
