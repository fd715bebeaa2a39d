/** A training that is killed at any moment, over and over, while it saves after every step, can be resumed and ends with the same bytes. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { openCheckpoint } from "../../src/node/open.ts";
import { runCli, startCli } from "../support/cli.ts";
import { sharedWorkspace, timelessMetrics } from "../support/small-run.ts";

const workspace = sharedWorkspace();
const KILLS = 8;

it("survives SIGKILL while saving", async () => {
  const folder = workspace();
  const train = ["bars.yaml", "--train.batch=4", "--train.epochs=30", "--train.learningRate=0.002"];
  expect((await runCli(["train", ...train, "--out", "whole", "--quiet"], folder)).code).toBe(0);

  const delays = new RandomStream(1, "kill", 0);
  const killed = join(folder, "killed");
  let steps = 0;
  let kills = 0;
  for (; kills < KILLS; kills++) {
    const run = kills === 0 ? [...train, "--out", "killed"] : ["--resume", "killed"];
    const { child, ended, shown } = startCli(["train", ...run, "--train.checkpointSeconds=0", "--json"], folder);
    await shown('"event":"step"');
    await sleep(150 * delays.uniform());
    child.kill("SIGKILL");
    const { code, stderr } = await ended;
    expect(stderr).toBe("");
    if (code === 0) break;
    const { step } = openCheckpoint(killed, "last").checkpoint.position;
    expect(step, "a kill loses nothing that was saved").toBeGreaterThanOrEqual(steps);
    steps = step;
  }
  expect(kills, "this test is to kill").toBeGreaterThan(2);
  const { code, stderr } = await runCli(["train", "--resume", "killed", "--quiet"], folder);
  expect([code, stderr]).toEqual([0, ""]);
  for (const name of ["last.safetensors", "best.safetensors"]) {
    expect(readFileSync(join(killed, name)).equals(readFileSync(join(folder, "whole", name))), name).toBe(true);
  }
  expect(timelessMetrics(join(killed, "metrics.jsonl"))).toEqual(
    timelessMetrics(join(folder, "whole", "metrics.jsonl")),
  );
});
