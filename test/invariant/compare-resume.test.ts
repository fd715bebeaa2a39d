/** A comparison that is stopped and killed on its way, one run at a time, ends with the figures of one that was left alone, two runs at a time. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { jsonLines, startCli } from "../support/cli.ts";
import { runBuiltHere } from "../support/cli-here.ts";
import { smallText } from "../support/small-sequence-run.ts";

const TEXT = `name: words
task: next-character
data: { text: words.txt, window: 6 }
network: { hidden: [20], steps: 2 }
train: { epochs: 6, batch: 4, learningRate: 0.01 }
`;
const ARGS = ["compare", "words.yaml", "--rule.name=[bsd,dll]", "--seeds=[4]", "--json"];

const RUNS = ["rule.name=bsd/seed4", "rule.name=dll/seed4"];

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "bispike-"));
  writeFileSync(join(cwd, "words.txt"), smallText());
  writeFileSync(join(cwd, "words.yaml"), TEXT);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

/** A comparison's results without what depends on the clock and the machine's load. */
function timeless(folder: string): unknown {
  const text = readFileSync(join(cwd, folder, "compare.json"), "utf8");
  return JSON.parse(text, (key, value) => (key === "seconds" || key === "peakMemory" ? undefined : value));
}

it("Ctrl-C and SIGKILL lose nothing, and the number of jobs changes nothing", async () => {
  expect((await runBuiltHere([...ARGS, "--out=whole", "--jobs=2"], cwd)).code).toBe(0);

  const args = [...ARGS, "--out=broken", "--jobs=1"];
  const stopped = startCli(args, cwd);
  await stopped.shown('"event":"progress"');
  stopped.child.kill("SIGINT");
  const { code, stdout } = await stopped.ended;
  expect(code).toBe(130);
  expect(jsonLines(stdout).at(-1)).toMatchObject({ event: "stopped", total: 2 });

  const killed = startCli(args, cwd);
  await killed.shown('"event":"progress"');
  killed.child.kill("SIGKILL");
  expect((await killed.ended).code, "this test is to kill").toBeNull();

  const last = await runBuiltHere(args, cwd);
  expect([last.code, last.stderr]).toEqual([0, ""]);
  const sessions = RUNS.flatMap(
    (run) => JSON.parse(readFileSync(join(cwd, "broken", run, "environment.json"), "utf8")).resumed as object[],
  );
  expect(sessions.length, "this test is to stop a run half-way").toBeGreaterThan(0);
  expect(timeless("broken")).toEqual(timeless("whole"));
  for (const run of RUNS)
    for (const name of ["last.safetensors", "best.safetensors"]) {
      const [broken, whole] = ["broken", "whole"].map((folder) => readFileSync(join(cwd, folder, run, name)));
      expect(broken!.equals(whole!), `${run}/${name}`).toBe(true);
    }
});
