/** Parts in processes of their own, over sockets: one killed, or all asked to stop, they go on to the bytes of one process that never stopped. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { jsonLines, runCli, startCli } from "../support/cli.ts";
import { sharedWorkspace } from "../support/small-run.ts";

const workspace = sharedWorkspace();
const bytes = (...path: string[]) => readFileSync(join(workspace(), ...path));
/** One process measures the images it holds out after every epoch, parts once they are joined. */
const NONE = "--data.validation=0";

it("--stages in two processes, the lower one killed and both resumed: the same bytes", async () => {
  const folder = workspace();
  const train = ["bars.yaml", NONE, "--train.batch=4", "--train.epochs=8", "--train.learningRate=0.002"];
  expect((await runCli(["train", ...train, "--out", "long", "--quiet"], folder)).code).toBe(0);
  const socket = join(folder, "cut.sock");
  const start = (rest: readonly string[]) => {
    const lower = startCli(["train", ...rest, "--stages", "1-2", "--listen", socket, "--json"], folder);
    const upper = startCli(["train", ...rest, "--stages", "3-4", "--connect", socket, "--json"], folder);
    return { lower, upper };
  };
  const first = start([...train, "--save-every", "50", "--out", "cut"]);
  const saved = join(folder, "cut", "parts", "stages-1-2", "step-30.safetensors");
  while (!existsSync(saved) && first.lower.child.exitCode === null) await sleep(5);
  first.lower.child.kill("SIGKILL");
  const [killed, lost] = await Promise.all([first.lower.ended, first.upper.ended]);
  expect(killed.code).toBe(null);
  expect(lost.code).toBe(1);
  expect(lost.stderr).toMatch(
    /^bispike: the part below \(stages 1-2\): the connection to it [^\n]*; this part is saved up to step \d+: start all parts again with --resume cut\n$/,
  );
  const second = start(["--resume", "cut", "--threads", "1"]);
  const ends = await Promise.all([second.lower.ended, second.upper.ended]);
  expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual([
    [0, ""],
    [0, ""],
  ]);
  const started = ends.map(({ stdout }) => jsonLines(stdout).find(({ event }) => event === "start")?.step);
  expect(started[0], "this test is to go on from a save").toBeGreaterThan(0);
  expect(started[1]).toBe(started[0]);
  const joined = await runCli(["join", "cut", "--quiet"], folder);
  expect([joined.code, joined.stderr]).toEqual([0, ""]);
  expect(bytes("cut", "last.safetensors").equals(bytes("long", "last.safetensors"))).toBe(true);
  expect(
    readdirSync(join(folder, "cut", "parts", "stages-1-2")).filter((name) => name.startsWith("step-")).length,
  ).toBe(2);
});

it("Ctrl-C stops all processes at one step, and --resume goes on", async () => {
  const folder = workspace();
  const train = ["bars.yaml", NONE, "--train.batch=4", "--train.epochs=8", "--train.learningRate=0.002"];
  const run = startCli(["train", ...train, "--processes", "2", "--cut", "3", "--out", "asked"], folder);
  await run.shown("stages 4: start");
  run.child.kill("SIGINT");
  const stopped = await run.ended;
  expect(stopped.code).toBe(130);
  expect(stopped.stdout).toMatch(/\nstopped; go on with: bispike train --resume asked --processes 2\n$/);
  const at = [...stopped.stdout.matchAll(/stages [^:]+: stopped .*step (\d+)/g)].map((found) => found[1]);
  expect(at.length).toBe(2);
  expect(at[0]).toBe(at[1]);
  const resumed = await runCli(["train", "--resume", "asked", "--processes", "2", "--threads", "1", "--quiet"], folder);
  expect(resumed.code).toBe(0);
  expect(bytes("asked", "last.safetensors").equals(bytes("long", "last.safetensors"))).toBe(true);
});
