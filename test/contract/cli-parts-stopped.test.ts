/** A training in parts that is stopped says how to go on with it, at whatever moment that was; a folder that holds something is not trained into. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { rangesFor } from "../../src/cli/commands/train-processes.ts";
import { PartFolder } from "../../src/cluster/part-folder.ts";
import { readExperiment } from "../../src/training/config-file.ts";
import { runCli, startCli } from "../support/cli.ts";
import { expectRefusal, expectRefusalHere } from "../support/refusal.ts";
import { sharedWorkspace } from "../support/small-run.ts";

const workspace = sharedWorkspace();
const SLOW = 300_000;
const experiment = () => readExperiment(join(workspace(), "bars.yaml"), []);
const begin = (run: string, first: number, last: number) =>
  PartFolder.create(join(workspace(), run), { first, last }, experiment());
const locks = (run: string) =>
  readdirSync(join(workspace(), run, "parts"), { recursive: true, encoding: "utf8" }).filter((name) =>
    name.includes("run.lock"),
  );

it("--resume without --processes: one process does not begin a training in parts anew", async () => {
  for (const [first, last] of [
    [1, 2],
    [3, 4],
  ] as const)
    begin("cut", first, last).close();
  const resume = ["train", "--resume", "cut"];
  const named =
    /^bispike: cut: was begun in parts \(stages 1-2, 3-4\); go on with: bispike train --resume cut --processes 2\n$/;
  await expectRefusalHere(resume, workspace(), 2, named);
  for (const part of ["stages-1-2", "stages-3-4"])
    writeFileSync(join(workspace(), "cut", "parts", part, "step-10.safetensors"), "");
  await expectRefusalHere(resume, workspace(), 2, /, or join its parts to go on as one process: bispike join cut\n/);
  begin("elsewhere", 3, 4).close();
  await expectRefusalHere(
    ["train", "--resume", "elsewhere"],
    workspace(),
    2,
    /in parts \(stages 3-4\); go on with: bispike train --resume elsewhere --stages 3-4 .*beside the others/,
  );
});

it("--resume --processes keeps the cut a training was begun with, and refuses another --cut", async () => {
  begin("kept", 1, 2).close();
  begin("kept", 3, 4).close();
  const ranges = (cut?: number[]) =>
    rangesFor({ processes: 2, resume: "kept", ...(cut && { cut }) }, experiment(), join(workspace(), "kept"));
  for (const cut of [undefined, [2]])
    expect(await ranges(cut)).toEqual([
      { first: 1, last: 2 },
      { first: 3, last: 4 },
    ]);
  await expectRefusalHere(
    ["train", "--resume", "kept", "--processes", "2", "--cut", "3"],
    workspace(),
    2,
    /^bispike: --cut: kept was begun with 2 parts \(stages 1-2, 3-4\), which stay: expected 2, got 3$/m,
  );
});

it(
  "a folder that holds something else is refused; parts of one training share theirs",
  async () => {
    const folder = workspace();
    mkdirSync(join(folder, "notes"));
    writeFileSync(join(folder, "notes", "notes.txt"), "");
    const alike = /notes: expected a new or empty folder for the run, found 1 files \(notes.txt\)/;
    expect(() => begin("notes", 1, 2)).toThrow(alike);
    expect(readdirSync(join(folder, "notes"))).toEqual(["notes.txt"]);
    await expectRefusal(["train", "bars.yaml", "--processes", "2", "--out", "notes"], folder, 2, alike);
    const parts = [begin("shared", 1, 2), begin("shared", 3, 4)];
    for (const part of parts) part.close();
    writeFileSync(join(folder, "shared", "summary.json"), "{}");
    expect(() => begin("shared", 3, 4)).toThrow(/shared: already holds a run; go on with it by/);
  },
  SLOW,
);

it(
  "Ctrl-C before all parts' processes are there: exit code 130, no lock, and --resume goes on",
  async () => {
    const folder = workspace();
    const run = startCli(["train", "bars.yaml", "--processes", "2", "--cut", "3", "--out", "early"], folder);
    const lower = join(folder, "early", "parts", "stages-1-3");
    while (!existsSync(lower) && run.child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5));
    run.child.kill("SIGINT");
    const stopped = await run.ended;
    expect([stopped.code, stopped.stderr]).toEqual([
      130,
      "bispike: stopping all parts and saving; once more to quit at once\n",
    ]);
    expect(stopped.stdout).toContain("go on with: bispike train --resume early --processes 2\n");
    expect(locks("early")).toEqual([]);
    const resumed = await runCli(["train", "--resume", "early", "--processes", "2"], folder);
    expect([resumed.code, resumed.stderr]).toEqual([0, ""]);
    expect(resumed.stdout).toMatch(/^epoch 4\/4 {2}validation/m);
    const anew = ["train", "bars.yaml", "--processes", "2", "--out", "early"];
    await expectRefusal(anew, folder, 2, /early: already holds a run/);
  },
  SLOW,
);

it(
  "--resume --processes begins parts anew that are not there, where none has saved anything",
  async () => {
    const folder = workspace();
    begin("one", 1, 3).close();
    const resume = ["train", "--resume", "one", "--processes", "2"];
    await expectRefusal(resume, folder, 2, /one: was begun with stages 1-3, .*give --cut as it was begun/);
    const resumed = await runCli([...resume, "--cut", "3", "--quiet"], folder);
    expect([resumed.code, resumed.stderr]).toEqual([0, ""]);
    const lone = begin("lone", 1, 3);
    lone.close();
    writeFileSync(join(lone.path, "step-10.safetensors"), "");
    await expectRefusal(
      ["train", "--resume", "lone", "--processes", "2", "--cut", "3"],
      folder,
      2,
      /lone: holds stages 1-3 alone .*copy/,
    );
  },
  SLOW,
);

it(
  "one part that cannot begin ends those that wait for it",
  async () => {
    const folder = workspace();
    begin("late", 1, 2).close();
    const upper = begin("late", 3, 4);
    upper.close();
    writeFileSync(join(upper.path, "timing.json"), JSON.stringify({ depth: 3, saveEvery: 7 }));
    const resume = ["train", "--resume", "late", "--processes", "2", "--depth", "0"];
    await expectRefusal(
      resume,
      folder,
      2,
      /the process with stages 3-4: .* the run began with --depth 3 --save-every 7/,
    );
    expect(locks("late")).toEqual([]);
  },
  SLOW,
);

it(
  "a part that calls says so, and a signal ends it while it waits",
  async () => {
    const folder = workspace();
    const part = ["train", "bars.yaml", "--stages", "3-4", "--connect", "127.0.0.1:1", "--out", "calls"];
    const run = startCli(part, folder);
    await run.shown("stages 3-4: waiting for the part below at 127.0.0.1:1\n");
    run.child.kill("SIGINT");
    expect(await run.ended).toMatchObject({ code: 130, stderr: "" });
    expect(locks("calls")).toEqual([]);
  },
  SLOW,
);
