/** `bispike sweep run` on one machine: which runs are trained in which order, what a failure or another process means for those that follow, and what it says. The runs are played. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { writeSlurm } from "../../src/cli/commands/sweep.ts";
import type { trainJob } from "../../src/cli/jobs.ts";
import type { SweepJob } from "../../src/cluster/sweep-plan.ts";
import { LOCK_FILE } from "../../src/node/lock.ts";
import { jsonLines } from "../support/cli.ts";
import { runHere } from "../support/cli-here.ts";
import { temporaryFolders } from "../support/folder.ts";
import { type Play, plannedSweep, playedBy, writeRun } from "../support/played-runs.ts";

const played = vi.hoisted(() => ({ train: undefined as unknown }));
vi.mock("../../src/cli/jobs.ts", async (importOriginal) => ({
  ...(await importOriginal<object>()),
  trainJob: (...given: Parameters<typeof trainJob>) => (played.train as typeof trainJob)(...given),
}));
const plugins = vi.hoisted(() => ({ given: [] as string[] }));
vi.mock("../../src/cli/plugins.ts", async (importOriginal) => ({
  ...(await importOriginal<object>()),
  pluginArguments: () => plugins.given,
}));

const newFolder = temporaryFolders();
const LIVING = `${process.ppid} ${hostname()} 1\n`;
const space = { "train.learningRate": { logUniform: [0.001, 0.1] } };
/** Four candidates, then two, then one. */
const HALVING = { space, samples: 4, halving: { epochs: [1, 2, 3], eta: 2 } };
const failed = (message: string) => ({ kind: "failed", message }) as const;

let cwd: string;
/** "rung.candidate", in the order they were begun. */
let begun: string[];
beforeEach(() => {
  cwd = newFolder();
  begun = [];
});
afterEach(() => {
  plugins.given = [];
});

const play = (end: Play) => {
  played.train = playedBy((job, around) => {
    begun.push(`${(job as SweepJob).rung}.${job.cell}`);
    return end(job, around);
  });
};
const run = (...args: string[]) => runHere(["sweep", "run", "s", "--jobs", "1", ...args], cwd);
const one = (...args: string[]) => runHere(["sweep", "run", "s", ...args], cwd);
const made = (sweep: object = HALVING) => plannedSweep(join(cwd, "s"), sweep);
/** The better the later. */
const rising: Play = ({ cell }) => 0.5 + cell / 10;

describe("successive halving", () => {
  it("trains a rung's candidates, and of those the better ones in the next", async () => {
    const { folder, plan } = made();
    play(rising);
    const { code, stdout, stderr } = await run();
    expect([code, stderr]).toEqual([0, ""]);
    expect(begun).toEqual(["0.0", "0.1", "0.2", "0.3", "1.2", "1.3", "2.3"]);
    expect(stdout).toMatch(/^7 runs done; tabulate them by: bispike sweep collect s$/m);
    // What compares a rung's runs, whoever looks.
    expect(folder.runs(plan, 1).readPlan().axes[0]!.values).toHaveLength(2);
    begun = [];
    expect((await run()).code).toBe(0);
    expect(begun).toEqual([]);
  });

  it("goes on without a candidate that failed, says so, and needs its runs no more", async () => {
    const { folder, plan } = made({ ...HALVING, seeds: 2 });
    play((job) => (job.cell === 3 && job.seed === 2 ? failed("no memory") : rising(job, undefined as never)));
    const { code, stdout } = await run();
    expect(code).toBe(1);
    expect(new Set(begun.slice(8))).toEqual(new Set(["1.1", "1.2", "2.2"]));
    expect(stdout).toContain(
      "13 runs done, 1 failed (the same command tries them again); tabulate them by: bispike sweep collect s\n",
    );
    expect(folder.choice(plan, 0)).toMatchObject({
      kept: [1, 2],
      standings: [{}, {}, {}, { candidate: 3, mean: null }],
    });
    const collected = await runHere(["sweep", "collect", "s", "--quiet"], cwd);
    expect(collected.code, collected.stderr).toBe(0);
    const table = readFileSync(join(cwd, "s", "halving.md"), "utf8").split("\n");
    const [, ...rows] = table.filter((line) => line.startsWith("| ")).map((line) => line.split("|").slice(2, -1));
    expect(rows.map((cells) => cells.map((cell) => cell.trim()))).toEqual([
      ...[
        ["0.5", ""],
        ["0.6, kept", "0.6"],
        ["0.7, kept", "0.7, kept"],
        ["failed", ""],
      ],
    ]);
  });

  it("keeps to its first choice, and tries no runs of a rung that is over", async () => {
    const { folder, plan } = made();
    play((job) => (job.cell === 0 ? failed("no memory") : rising(job, undefined as never)));
    await run();
    const before = readFileSync(join(cwd, "s", "rung1", "kept.json"), "utf8");
    for (const job of folder.jobs(plan, 0)) writeRun(folder.runs(plan, 0), job, 1 - job.cell / 10);
    expect(folder.choose(plan, 0)).toBe(true);
    begun = [];
    await run();
    expect(begun).toEqual([]);
    expect(readFileSync(join(cwd, "s", "rung1", "kept.json"), "utf8")).toBe(before);
    expect(() => folder.writePlan({ ...plan, digest: "another" })).toThrow(/successive halving cannot be extended/);
    writeFileSync(join(cwd, "s", "rung1", "kept.json"), '{"kept": 1}');
    expect((await run()).stderr).toMatch(/kept\.json: expected the choice of a rung; remove the file/);
  });

  it("does not choose while another process trains: that run has not failed", async () => {
    const { folder, plan } = made();
    const [other] = folder.jobs(plan, 0);
    const place = folder.runs(plan, 0).file(other!.folder);
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, LOCK_FILE), LIVING);
    play((job) => (job.cell === 0 ? failed("in use") : rising(job, undefined as never)));
    const { code, stderr } = await run();
    expect([code, begun.length]).toEqual([2, 4]);
    expect(stderr).toMatch(/other processes still train runs of rung 1; the same command goes on/);
    expect(folder.choice(plan, 0)).toBeUndefined();
    expect(folder.status(plan, other!)).toEqual({
      ...{ job: other, state: "running", owner: { process: process.ppid, host: hostname() } },
    });
    const status = await runHere(["sweep", "status", "s"], cwd);
    expect(status.stdout).toContain(`process ${process.ppid} on ${hostname()}`);
    // Gone without a result it is one that was begun, and no failure.
    rmSync(join(place, LOCK_FILE));
    expect(folder.status(plan, other!).state).toBe("waiting");
    writeFileSync(join(place, "config.yaml"), "{}");
    expect(folder.status(plan, other!).state).toBe("interrupted");
  });
});

it("says that runs are done only where no other process still trains one", async () => {
  const { folder, plan } = made({ axes: { "rule.name": ["bsd", "dll"] }, seeds: 1 });
  const place = folder.runs(plan, 0).file(plan.jobs[0]!.folder);
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, LOCK_FILE), LIVING);
  play((job) => (job.cell === 0 ? failed("in use") : rising(job, undefined as never)));
  const { code, stdout } = await run();
  expect(code).toBe(1);
  expect(stdout).not.toContain("tabulate");
  rmSync(join(place, LOCK_FILE));
  expect((await run("--quiet")).stdout).not.toContain("tabulate");
});

describe("a failure", () => {
  it("stays on record until the run is tried again", async () => {
    const { folder, plan } = made({ axes: { "rule.name": ["bsd", "dll"] }, seeds: 1 });
    play(() => failed("no memory"));
    const { code, stdout } = await run();
    expect(code).toBe(1);
    expect(stdout).toContain("0 runs done, 2 failed");
    const states = () => plan.jobs.map((job) => folder.status(plan, job).state);
    expect(states()).toEqual(["failed", "failed"]);
    let during: unknown;
    play((job) => {
      during ??= states();
      return rising(job, undefined as never);
    });
    expect((await run()).code).toBe(0);
    expect(during).toEqual(["waiting", "failed"]);
    expect(states()).toEqual(["done", "done"]);
  });
});

describe("a signal", () => {
  it.each([
    ["all runs", []],
    ["one run", ["--job", "0"]],
  ])("ends %s with 130, saved, and says how to go on", async (_, args) => {
    made({ axes: { "rule.name": ["bsd", "dll"] }, seeds: 1 });
    play(() => {
      process.emit("SIGINT");
      return { kind: "stopped" };
    });
    const { code, stdout } = await runHere(["sweep", "run", "s", "--json", ...args], cwd);
    expect(code).toBe(130);
    expect(jsonLines(stdout).find(({ event }) => event === "stopped")).toMatchObject({ finished: 0 });
  });
});

describe("one job", () => {
  it("is a place in its rung, which may stay empty, or an id that is to be trained", async () => {
    const { folder, plan } = made();
    play((job) => (job.cell > 0 ? failed("no memory") : 0.5));
    for (const place of ["0", "1", "2", "3"]) await one("--rung", "1", "--job", place);
    expect(begun).toEqual(["0.0", "0.1", "0.2", "0.3"]);
    // Of two places one candidate is left.
    expect(await one("--rung", "2", "--job", "1")).toMatchObject({
      ...{ code: 0, stdout: "rung 2: no candidate was kept for place 1\n" },
    });
    expect((await one("--rung", "2", "--job", "2")).stderr).toMatch(/expected a place from 0 to 0 or an id/);
    const [kept, dropped] = plan.jobs.filter(({ rung }) => rung === 1);
    expect((await one("--job", dropped!.id)).stderr).toMatch(/is not to be trained: it is dropped/);
    const later = plan.jobs.find(({ rung, cell }) => rung === 2 && cell === 0)!;
    expect((await one("--job", later.id)).stderr).toMatch(/is not to be trained: it is later/);
    expect((await one("--rung", "3", "--job", "0")).stderr).toMatch(/rung 2 has runs that have not ended/);
    expect((await one("--rung", "4", "--job", "0")).stderr).toMatch(/--rung: expected one of 1 to 3, got 4/);
    begun = [];
    expect((await one("--job", kept!.id)).code).toBe(0);
    expect([begun, folder.status(plan, kept!).state]).toEqual([["1.0"], "done"]);
  });
});

it("a plan that was killed on its way is made again", () => {
  const { folder, plan } = made();
  const text = readFileSync(folder.file("plan.json"), "utf8");
  rmSync(folder.file("plan.json"));
  writeFileSync(folder.file(".plan.json.1-00000000-0000000000000000.tmp"), "half");
  expect(folder.writePlan(plan)).toBe("new");
  expect(readFileSync(folder.file("plan.json"), "utf8")).toBe(text);
  writeFileSync(folder.file("notes.txt"), "");
  rmSync(folder.file("plan.json"));
  expect(() => folder.writePlan(plan)).toThrow(/found \d files/);
});

it("a Slurm script's command is what a shell makes of it, whatever folders and plugins are called", () => {
  const { folder, plan } = plannedSweep(join(cwd, "it's $HOME `x`"), HALVING);
  plugins.given = ["--plugin", "/plug ins/it's.mjs"];
  const scripts = writeSlurm(folder, { ...plan, name: "my sweep/1" });
  const env = { PATH: process.env.PATH, BISPIKE: "printf %s\\n", SLURM_ARRAY_TASK_ID: "3" };
  const lines = scripts.map((script) => spawnSync("bash", [script], { env, encoding: "utf8", cwd: "/" }).stdout);
  expect(lines.map((text) => text.trimEnd().split("\n"))).toEqual(
    [1, 2, 3].map((rung) => [
      ...["sweep", "run", folder.path, "--rung", String(rung), "--job", "3", "--plugin", "/plug ins/it's.mjs"],
    ]),
  );
  const arrays = scripts.map((script) => /^#SBATCH --array=(.*)$/m.exec(readFileSync(script, "utf8"))?.[1]);
  expect(arrays).toEqual(["0-3", "0-1", "0-0"]);
  expect(readFileSync(scripts[0]!, "utf8")).toMatch(/^#SBATCH --job-name=my-sweep-1$/m);
  expect(existsSync(folder.file("sweep.sbatch"))).toBe(false);
});
