/** What workers make of a queue on a real server: rungs, failures, and what is left behind. The runs are played; that training goes on after kills is in sweep-queue.test.ts. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { runSweep } from "../../src/cli/commands/sweep-run.ts";
import type { trainJob } from "../../src/cli/jobs.ts";
import { JobQueue, parseServer } from "../../src/cluster/queue.ts";
import type { SweepJob, SweepPlan } from "../../src/cluster/sweep-plan.ts";
import { jsonLines, runCli } from "../support/cli.ts";
import { runHere } from "../support/cli-here.ts";
import { temporaryFolders } from "../support/folder.ts";
import { type Play, plannedSweep, playedBy, writeRun } from "../support/played-runs.ts";
import { freePort, type RunningServer, SERVER, startServer } from "../support/queue-server.ts";

const played = vi.hoisted(() => ({ train: undefined as unknown }));
vi.mock("../../src/cli/jobs.ts", async (importOriginal) => ({
  ...(await importOriginal<object>()),
  trainJob: (...given: Parameters<typeof trainJob>) => (played.train as typeof trainJob)(...given),
}));
process.env.MSGPACKR_NATIVE_ACCELERATION_DISABLED = "true";

const newFolder = temporaryFolders();
const GRID = { axes: { "train.learningRate": [0.1, 0.2, 0.3, 0.4] }, seeds: 1 };
const space = { "train.learningRate": { logUniform: [0.001, 0.1] } };
const HALVING = { space, samples: 4, halving: { epochs: [1, 2, 3], eta: 2 } };
const failed = (message: string) => ({ kind: "failed", message }) as const;

let server: RunningServer;
let home: string;
let cwd: string;
let database = 0;
let url: string;
/** "rung.candidate", in the order they were begun. */
let begun: string[];
beforeAll(async () => {
  if (!SERVER) return;
  home = mkdtempSync(join(tmpdir(), "bispike-"));
  server = await startServer(home, await freePort());
});
afterAll(async () => {
  if (!SERVER) return;
  await server.stop();
  rmSync(home, { recursive: true, force: true });
});
beforeEach(() => {
  cwd = newFolder();
  url = `${server?.url}/${database++}`;
  begun = [];
});

const play = (end: Play) => {
  played.train = playedBy((job, around) => {
    begun.push(`${(job as SweepJob).rung}.${job.cell}`);
    return end(job, around);
  });
};
const made = (sweep: object = GRID) => plannedSweep(join(cwd, "s"), sweep);
const work = (...args: string[]) => runHere(["sweep", "run", "s", "--queue", url, "--jobs", "1", ...args], cwd);
async function asking<T>(plan: SweepPlan, question: (queue: JobQueue) => Promise<T>): Promise<T> {
  const queue = await JobQueue.open(parseServer(url), `sweep-${plan.digest}`);
  try {
    return await question(queue);
  } finally {
    await queue.close();
  }
}
const nothing = { waiting: 0, active: 0, delayed: 0, failed: 0, completed: 0 };

describe.skipIf(!SERVER)("workers of a queue", () => {
  it("go through all rungs, each job once, whichever takes it", async () => {
    const { folder, plan } = made(HALVING);
    play(({ cell }) => 0.5 + cell / 10);
    const { exitCode } = process;
    const request = { folder: folder.path, queue: url, jobs: 1, quiet: true } as const;
    await Promise.all([runSweep(request), runSweep(request)]);
    expect(process.exitCode).toBe(exitCode);
    expect(begun.toSorted()).toEqual(["0.0", "0.1", "0.2", "0.3", "1.2", "1.3", "2.3"]);
    expect(await asking(plan, (queue) => queue.counts())).toEqual({ ...nothing, completed: 7 });
  });

  it("take as many at once as they may, and tell of what they did themselves", async () => {
    const { folder, plan } = made();
    let [now, most] = [0, 0];
    play(async ({ cell }) => {
      most = Math.max(most, ++now);
      await sleep(300);
      now--;
      // Another process trains the last one meanwhile.
      if (cell === 0) writeRun(folder.runs(plan, 0), plan.jobs[3]!, 1);
      return 0.5;
    });
    const { code, stdout } = await work("--json", "--jobs", "2");
    expect([code, most, begun]).toEqual([0, 2, ["0.0", "0.1", "0.2"]]);
    const events = jsonLines(stdout);
    expect(events[0]).toMatchObject({ event: "plan", runs: 4, finished: 0, limit: 2 });
    expect(events.filter(({ event }) => event === "done")).toHaveLength(3);
    expect(events.at(-1)).toMatchObject({ event: "ended", counts: { done: 4 } });
  });

  it("count a run that is trained and still to be measured as one that is not done", async () => {
    const measure = { probes: { images: 40 } };
    const { folder, plan } = plannedSweep(join(cwd, "s"), { ...GRID, measure }, "compare");
    const runs = folder.runs(plan, 0);
    const summary = writeRun(runs, plan.jobs[0]!, 0.5);
    played.train = async (...[, job]: Parameters<typeof trainJob>): ReturnType<typeof trainJob> => {
      writeRun(runs, job, 0.5);
      runs.writeMeasured(job, "probes", { images: 40, part: "test" }, {});
      return { kind: "done", summary, headline: "", elsewhere: false };
    };
    const events = jsonLines((await work("--json")).stdout);
    expect(events[0]).toMatchObject({ event: "plan", runs: 4, finished: 0 });
    expect(events.at(-1)).toMatchObject({ event: "ended", counts: { done: 4 } });
  });

  it("end with 1 where runs failed, and the same command tries those alone again", async () => {
    const { folder, plan } = made();
    const state = (cell: number) => folder.status(plan, plan.jobs[cell]!);
    play(({ cell }) => (cell % 2 ? failed(`no ${cell}`) : 0.5));
    expect((await work()).code).toBe(1);
    expect([state(1), state(3)]).toMatchObject([{ state: "failed", message: "no 1" }, { state: "failed" }]);
    const ids = plan.jobs.map(({ id }) => id);
    const put = (again: boolean) => asking(plan, (queue) => queue.put(ids, again));
    expect(await put(false), "what failed stays failed").toBe(0);
    expect(await asking(plan, (queue) => queue.failures())).toEqual(
      new Map([
        [ids[1], "no 1"],
        [ids[3], "no 3"],
      ]),
    );
    // A result that was removed is made again, too.
    rmSync(folder.runs(plan, 0).file(plan.jobs[0]!.folder), { recursive: true });
    begun = [];
    play(() => 0.5);
    expect((await work()).code).toBe(0);
    expect(begun.toSorted()).toEqual(["0.0", "0.1", "0.3"]);
    expect(await asking(plan, (queue) => queue.counts())).toEqual({ ...nothing, completed: 4 });
  });

  it("put a run on record that the queue gave up on, in the queue's words", async () => {
    const { folder, plan } = made();
    play(({ cell }) => {
      if (cell === 2) throw new TypeError("planted");
      return 0.5;
    });
    expect((await work()).code).toBe(1);
    expect(folder.status(plan, plan.jobs[2]!)).toMatchObject({ state: "failed", message: "planted" });
  });

  it("that only work wait for jobs, and say so once; who enqueues does not work", async () => {
    const { plan } = made();
    play(() => 0.5);
    const waiting = work("--worker");
    await sleep(1800);
    expect(begun).toEqual([]);
    const ids = plan.jobs.map(({ id }) => id);
    expect(await asking(plan, (queue) => queue.put(ids, true))).toBe(4);
    const { code, stderr } = await waiting;
    expect([code, stderr.match(/nothing is queued; waiting for jobs/g)?.length, begun.length]).toEqual([0, 1, 4]);
    rmSync(join(cwd, "s"), { recursive: true });
    made();
    begun = [];
    const enqueued = await work("--enqueue");
    expect([enqueued.code, enqueued.stdout, begun]).toEqual([0, "4 jobs put in the queue\n", []]);
    const status = await runCli(["sweep", "status", "s", "--queue", url], cwd);
    expect(status.stdout).toContain("queue: 4 waiting, 0 active, 0 delayed, 0 failed, 0 completed\n");
    expect([status.code, status.stderr]).toEqual([0, ""]);
  });

  it("put jobs in anew that a server has lost, but for those that failed", async () => {
    const { folder, plan } = made();
    let lost = false;
    play(async ({ cell }) => {
      if (cell === 0) return failed("no 0");
      if (cell === 1 && !lost) {
        lost = true;
        const { Redis } = await import("ioredis");
        const redis = new Redis(url);
        await redis.flushdb();
        redis.disconnect();
      }
      return 0.5;
    });
    expect((await work()).code).toBe(1);
    expect(begun).toEqual(["0.0", "0.1", "0.2", "0.3"]);
    expect(plan.jobs.map((job) => folder.status(plan, job).state)).toEqual(["failed", "done", "done", "done"]);
  });
});
