/** How a comparison has its runs trained: which commands it starts, in whose way it does not get, and what it says of how they ended. The processes are played. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runJobs } from "../../src/cli/commands/compare.ts";
import { type Asked, type JobSurroundings, trainJob } from "../../src/cli/jobs.ts";
import type { CompareReporter } from "../../src/cli/report/comparison-lines.ts";
import type { PlannedJob } from "../../src/comparison/plan.ts";
import { type Child, type ChildEnd, startChild } from "../../src/node/child.ts";
import { ComparisonFolder } from "../../src/node/comparison-folder.ts";
import { LOCK_FILE } from "../../src/node/lock.ts";
import { resolveConfig } from "../../src/training/config.ts";
import { temporaryFolders } from "../support/folder.ts";

vi.mock("../../src/node/child.ts", async (original) => ({ ...(await original<object>()), startChild: vi.fn() }));

const newFolder = temporaryFolders();
const SUMMARY = { testAccuracy: 0.9731, validationAccuracy: 0.5 };
const asked = { judge: "held-out", measures: {} } as const;
const LIVING = `${process.ppid} ${hostname()} 1\n`;
const job: PlannedJob = {
  ...{ cell: 0, seed: 3, label: "a seed 3", folder: "seed3" },
  config: resolveConfig({ name: "a", data: { path: "bars" }, train: { seed: 3, threads: 2 } }),
};
const named = (name: string): PlannedJob => ({ ...job, label: name, folder: name });

let folder: ComparisonFolder;
let heard: unknown[][];
let around: JobSurroundings;
/** Each started process: its arguments but for the script's own path. */
let started: string[][];
beforeEach(() => {
  folder = new ComparisonFolder(newFolder());
  [heard, started] = [[], []];
  const reporter = new Proxy({} as CompareReporter, {
    get: (_, event: string) => (about: { label?: string }, more: unknown) =>
      heard.push([event, about?.label ?? about, more].filter((part) => part !== undefined)),
  });
  around = { reporter, stopped: () => false, children: new Set() };
});
afterEach(() => vi.useRealTimers());

const ok: ChildEnd = { code: 0, signal: null, stderr: "" };

/** What each process does in turn: it may print lines, write files, and ends. The last one's way is all later ones'. */
function play(...ways: ((args: readonly string[], print: (line: string) => void) => ChildEnd | Promise<ChildEnd>)[]) {
  let place = 0;
  vi.mocked(startChild).mockImplementation(([script, ...args], print) => {
    expect(script).toMatch(/main\.js$/);
    started.push(args);
    const way = ways[Math.min(place++, ways.length - 1)]!;
    const stop = vi.fn();
    return { ended: Promise.resolve().then(() => way(args, print)), stop };
  });
}

/** Writes what a run has, at the place where it was to be trained. */
function write(args: readonly string[], files: Readonly<Record<string, unknown>>): void {
  const run = args[Math.max(args.indexOf("--out"), args.indexOf("--resume")) + 1]!;
  mkdirSync(run, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(run, name), JSON.stringify(content));
}
const whole = { "config.yaml": {}, "summary.json": SUMMARY };
const trains = (args: readonly string[]) => {
  write(args, whole);
  return ok;
};
const place = (...more: string[]) => folder.file(join("seed3", ...more));
const lockedBy = (content: string) => {
  mkdirSync(place(), { recursive: true });
  writeFileSync(place(LOCK_FILE), content);
};

describe("a run", () => {
  it("that is new is trained from its file, judged as it is asked, and tells how far it is", async () => {
    play((args, print) => {
      print('{"event":"start","step":0,"totalSteps":40}');
      print('{"event":"step","step":7,"loss":1}');
      print('{"event":"epo');
      return trains(args);
    });
    expect(await trainJob(folder, job, asked, around)).toEqual({
      ...{ kind: "done", elsewhere: false, summary: SUMMARY },
      headline: "test accuracy 97.31 %, validation accuracy 50.00 %",
    });
    expect(started).toEqual([["train", place("..", "seed3.yaml"), "--out", place(), "--judge", "held-out", "--json"]]);
    expect(heard).toEqual([
      ["start", "a seed 3"],
      ["progress", "a seed 3", { step: 0, totalSteps: 40 }],
      ["progress", "a seed 3", { step: 7 }],
    ]);
    expect(around.children.size).toBe(0);
  });

  it("that was begun goes on with the threads it is given now", async () => {
    write(["--out", place()], { "config.yaml": {} });
    play(trains);
    expect((await trainJob(folder, job, asked, around)).kind).toBe("done");
    expect(started[0]).toEqual(["train", "--resume", place(), "--train.threads=2", "--judge", "held-out", "--json"]);
    expect(existsSync(place(LOCK_FILE)), "the lock is the process's to take").toBe(false);
  });

  it("that another process has finished is not trained again, even after a signal", async () => {
    write(["--out", place()], whole);
    play(trains);
    for (const stopped of [false, true])
      expect(await trainJob(folder, job, asked, { ...around, stopped: () => stopped })).toMatchObject({
        ...{ kind: "done", elsewhere: true, summary: SUMMARY },
      });
    expect([started, heard]).toEqual([[], []]);
  });

  it("warns of a thing once, whatever its share", async () => {
    const epoch = (...warnings: string[]) => JSON.stringify({ event: "epoch", warnings });
    play((args, print) => {
      print('{"event":"warning","message":"the file is another"}');
      print(epoch("stage 2 is dead: 0.1 %", "stage 3 is dead: 0.0 %"));
      print(epoch("stage 2 is dead: 0.0 %"));
      print('{"event":"warning","message":"the file is another"}');
      return trains(args);
    });
    await trainJob(folder, job, asked, around);
    expect(heard.filter(([event]) => event === "warning").map(([, , message]) => message)).toEqual([
      ...["the file is another", "stage 2 is dead: 0.1 %", "stage 3 is dead: 0.0 %"],
    ]);
  });
});

describe("what is measured", () => {
  const probed = { judge: "test", measures: { probes: { images: 40, part: "test" } } } as const;
  const figures = { stages: [{ separation: { ratio: 1 } }] };
  const probes = (_: readonly string[], print: (line: string) => void) => {
    print('{"event":"loaded"}');
    print(JSON.stringify({ probes: figures }));
    return ok;
  };

  it("comes after the training, or alone where that is over", async () => {
    play(trains, probes);
    const summary = { ...SUMMARY, probes: { asked: probed.measures.probes, ...figures } };
    expect(await trainJob(folder, job, probed, around)).toMatchObject({ kind: "done", elsewhere: false, summary });
    expect(started.map(([command]) => command)).toEqual(["train", "eval"]);
    expect(started[1]).toEqual(expect.arrayContaining([place(), "--probes", "--threads", "1", "--json"]));
    rmSync(place("probes.json"));
    [started, heard] = [[], []];
    play(probes);
    expect(await trainJob(folder, job, probed, around)).toMatchObject({ kind: "done", elsewhere: false, summary });
    expect(started.map(([command]) => command)).toEqual(["eval"]);
    expect(heard).toEqual([["start", "a seed 3"]]);
  });

  it("is not kept of a measurement that failed or said nothing, and not begun after a training that failed", async () => {
    play(trains, (args, print) => ({ ...probes(args, print), code: 1, stderr: "bispike: no memory\n" }));
    expect(await trainJob(folder, job, probed, around)).toEqual({ kind: "failed", message: "no memory" });
    expect(existsSync(place("probes.json"))).toBe(false);
    play(() => ok);
    expect(await trainJob(folder, job, probed, around)).toEqual({
      ...{ kind: "failed", message: `${place()}: bispike eval --probes printed no figures` },
    });
    rmSync(place(), { recursive: true });
    started = [];
    play(() => ({ ...ok, code: 1, stderr: "bispike: no data\n" }));
    expect(await trainJob(folder, job, probed, around)).toEqual({ kind: "failed", message: "no data" });
    expect(started).toHaveLength(1);
  });
});

it("the first measurement that fails is the last that is begun", async () => {
  const robustness = { corruptions: ["noise"], severities: [1], draws: 1, images: 10 } as const;
  const measures = { robustness, probes: { images: 40, part: "test" } } as unknown as Asked["measures"];
  play(trains, () => ({ ...ok, code: 1, stderr: "bispike: no memory\n" }));
  expect(await trainJob(folder, job, { judge: "test", measures }, around)).toEqual({
    ...{ kind: "failed", message: "no memory" },
  });
  expect(started.map(([command]) => command)).toEqual(["train", "eval"]);
});

it("a place where no run can be is told at once", async () => {
  writeFileSync(place(), "a file");
  play(trains);
  const end = await trainJob(folder, job, asked, around);
  expect(end).toEqual({ kind: "failed", message: expect.stringMatching(/^cannot write in .*is a file, not a folder/) });
  expect(started).toEqual([]);
});

describe("a signal", () => {
  it("before a run begins it: nothing is started", async () => {
    play(trains);
    expect(await trainJob(folder, job, asked, { ...around, stopped: () => true })).toEqual({ kind: "stopped" });
    expect(started).toEqual([]);
  });

  it("while the process is being started stops it, and the run is not called failed", async () => {
    let signal = false;
    play(() => ({ ...ok, code: 130, stderr: "" }));
    const start = vi.mocked(startChild).getMockImplementation()!;
    let child: Child | undefined;
    vi.mocked(startChild).mockImplementation((...given) => {
      signal = true;
      child = start(...given);
      return child;
    });
    expect(await trainJob(folder, job, asked, { ...around, stopped: () => signal })).toEqual({ kind: "stopped" });
    expect(child!.stop).toHaveBeenCalledTimes(1);
  });
});

describe("a folder where another process trains", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  const settled = async (end: Promise<unknown>) => {
    let found: unknown;
    void end.then((value) => {
      found = value;
    });
    await vi.advanceTimersByTimeAsync(0);
    return { now: () => found, end };
  };

  it("is waited for", async () => {
    lockedBy(LIVING);
    play(trains);
    const waiting = await settled(trainJob(folder, job, asked, around));
    await vi.advanceTimersByTimeAsync(50_000);
    expect([waiting.now(), started]).toEqual([undefined, []]);
    rmSync(place(LOCK_FILE));
    await vi.advanceTimersByTimeAsync(200);
    expect(waiting.now()).toMatchObject({ kind: "done" });
  });

  it.each([
    [undefined, 60],
    [600, 600],
  ])("is given up on after %s (default 60) seconds, by its own words", async (lockSeconds, seconds) => {
    lockedBy(LIVING);
    const limit = lockSeconds === undefined ? {} : { lockSeconds };
    const waiting = await settled(trainJob(folder, job, asked, { ...around, ...limit }));
    await vi.advanceTimersByTimeAsync(1000 * seconds - 500);
    expect(waiting.now()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1000);
    expect(waiting.now()).toEqual({
      ...{ kind: "failed", message: expect.stringMatching(`process ${process.ppid} is training in this folder`) },
    });
  });

  it("is left at a signal", async () => {
    lockedBy(LIVING);
    let signal = false;
    const waiting = await settled(trainJob(folder, job, asked, { ...around, stopped: () => signal }));
    signal = true;
    await vi.advanceTimersByTimeAsync(200);
    expect(waiting.now()).toEqual({ kind: "stopped" });
  });

  it("may be taken by another one just before: then it is waited for anew, some times", async () => {
    const refused: ChildEnd = { code: 2, signal: null, stderr: "bispike: another process is training\n" };
    const taken = () => {
      lockedBy(LIVING);
      setTimeout(() => rmSync(place(LOCK_FILE)), 1000);
      return refused;
    };
    play(taken, taken, trains);
    const waiting = await settled(trainJob(folder, job, asked, around));
    await vi.advanceTimersByTimeAsync(5000);
    expect(waiting.now()).toMatchObject({ kind: "done", elsewhere: false });
    expect(started).toHaveLength(3);
    rmSync(place(), { recursive: true });
    play(taken);
    started = [];
    const never = await settled(trainJob(folder, job, asked, around));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(never.now()).toEqual({ kind: "failed", message: "another process is training" });
    expect(started).toHaveLength(6);
  });

  it("is not waited for where the run was refused for another reason", async () => {
    play(() => ({ code: 2, signal: null, stderr: "bispike: data.path: no such folder\n" }));
    const waiting = await settled(trainJob(folder, job, asked, around));
    expect(waiting.now()).toEqual({ kind: "failed", message: "data.path: no such folder" });
    expect(started).toHaveLength(1);
  });
});

it.each<[string, Partial<ChildEnd>, string]>([
  ["its own words", { code: 1, stderr: "bispike: the disk is full\n" }, "the disk is full"],
  [
    "the last of them, whatever Node says after it",
    { code: 1, stderr: "bispike: warning: a\nbispike: warning: b\nbispike: no data\n(node:1) Warning: c\n" },
    "no data",
  ],
  [
    "what kind of fault",
    { code: 70, stderr: "bispike: internal fault\nTypeError: x\n  at y\n" },
    "internal fault: TypeError: x",
  ],
  [
    "Node's last line, where it says nothing itself",
    { code: 1, stderr: "bispike: note: a\nSyntaxError: x\n" },
    "SyntaxError: x",
  ],
  ["the signal that ended it", { code: null, signal: "SIGKILL", stderr: "" }, "was ended by SIGKILL"],
  [
    "the signal, and not what it remarked before",
    { code: null, signal: "SIGKILL", stderr: "bispike: warning: a\n(node:1) Warning: b\n" },
    "was ended by SIGKILL",
  ],
  [
    "that Node had no memory left",
    { code: null, signal: "SIGABRT", stderr: "<--- GCs --->\nFATAL ERROR: out of memory\n 1: 0x1 [node]\n" },
    "was ended by SIGABRT (FATAL ERROR: out of memory)",
  ],
  ["that it was stopped", { code: 130 }, "was stopped by a signal; it is saved"],
  ["its exit code", { code: 3, stderr: "\n" }, "ended with exit code 3"],
])("a run that failed says %s", async (_, end, message) => {
  play(() => ({ ...ok, ...end }));
  expect(await trainJob(folder, job, asked, around)).toEqual({ kind: "failed", message });
});

it("a fault of our own is none of a run's", async () => {
  play(() => Promise.reject(new TypeError("planted")));
  await expect(trainJob(folder, job, asked, around)).rejects.toThrow("planted");
  expect(around.children.size).toBe(0);
});

describe("many runs", () => {
  it("are counted as they end; those that have finished are left alone", async () => {
    write(["--out", folder.file("a")], whole);
    play((args) => (args.includes(folder.file("c")) ? { ...ok, code: 1, stderr: "bispike: no\n" } : trains(args)));
    const jobs = ["a", "b", "c", "d"].map(named);
    expect(await runJobs(folder, jobs, asked, 9, around.reporter)).toEqual({
      ...{ interrupted: false, failed: [jobs[2]], finished: 3, total: 4 },
    });
    expect(heard[0]).toEqual(["plan", { folder: folder.path, runs: 4, finished: 1, limit: 3 }]);
    expect(heard.filter(([event]) => event === "done").map(([, name]) => name)).toEqual(["b", "d"]);
    expect(heard.filter(([event]) => event === "failed")).toEqual([["failed", "c", "no"]]);
  });

  it("are stopped by a signal, each once, and none is begun after it", async () => {
    const listeners = process.listenerCount("SIGINT");
    const children: Child[] = [];
    vi.mocked(startChild).mockImplementation((args) => {
      started.push([...args]);
      let end: (how: ChildEnd) => void = () => {};
      const ended = new Promise<ChildEnd>((resolve) => {
        end = resolve;
      });
      const child = { ended, stop: vi.fn(() => end({ ...ok, code: 130 })) };
      children.push(child);
      if (children.length === 2) queueMicrotask(() => process.emit("SIGINT"));
      return child;
    });
    const outcome = await runJobs(folder, ["a", "b", "c"].map(named), asked, 2, around.reporter);
    expect(outcome).toEqual({ interrupted: true, failed: [], finished: 0, total: 3 });
    expect(children).toHaveLength(2);
    for (const child of children) expect(child.stop).toHaveBeenCalledTimes(1);
    expect(heard.filter(([event]) => event === "stopping")).toHaveLength(1);
    expect(process.listenerCount("SIGINT")).toBe(listeners);
  });
});
