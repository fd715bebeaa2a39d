/**
 * A sweep by a queue on a real server: three workers, of which one is killed, and a server that is restarted, come to the same bytes as processes
 * of one machine. All without the optional native part of BullMQ's encoder, as an installation without scripts has it.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { JobQueue, parseServer } from "../../src/cluster/queue.ts";
import { readSearch } from "../../src/cluster/sweep.ts";
import { SweepFolder } from "../../src/cluster/sweep-folder.ts";
import { planOf } from "../../src/cluster/sweep-plan.ts";
import { packageVersion } from "../../src/node/version.ts";
import { type RunningCli, runCli, startCli } from "../support/cli.ts";
import { freePort, type RunningServer, SERVER, startServer } from "../support/queue-server.ts";

const WORDS = {
  name: "words",
  task: "next-character",
  data: { text: "words.txt", window: 6 },
  network: { hidden: [20], steps: 2 },
  train: { epochs: 4, batch: 4, learningRate: 0.01 },
};
const AXES = { "rule.name": ["bsd", "dll"] };
process.env.MSGPACKR_NATIVE_ACCELERATION_DISABLED = "true";
if (!SERVER) console.warn("sweep-queue.test.ts: skipped: neither valkey-server nor redis-server is installed");

let cwd: string;
let server: RunningServer;
let port: number;
const running: RunningCli[] = [];
const worker = (folder: string, ...args: string[]) => {
  const all = ["sweep", "run", folder, "--queue", server.url, "--worker", "--jobs=1", "--lease=2", "--json", ...args];
  const cli = startCli(all, cwd);
  running.push(cli);
  return cli;
};
/** Plans in this process: each start of the command takes its time on a busy machine. */
function plan(name: string, experiment: object): SweepFolder {
  const folder = new SweepFolder(join(cwd, name));
  folder.writePlan(planOf(readSearch(experiment, "test"), packageVersion()));
  return folder;
}
/** How many jobs are in each state, by the folder and in the queue. */
async function status(folder: SweepFolder): Promise<{ states: Record<string, number>; queue: Record<string, number> }> {
  const plan = folder.readPlan();
  const states: Record<string, number> = {};
  for (const job of plan.jobs) {
    const { state } = folder.status(plan, job);
    states[state] = (states[state] ?? 0) + 1;
  }
  const queue = await JobQueue.open(parseServer(server.url), `sweep-${plan.digest}`);
  const counts = await queue.counts();
  await queue.close();
  return { states, queue: counts };
}

beforeAll(async () => {
  if (!SERVER) return;
  cwd = mkdtempSync(join(tmpdir(), "bispike-"));
  mkdirSync(join(cwd, "server"));
  writeFileSync(
    join(cwd, "words.txt"),
    Array.from({ length: 160 }, (_, k) => ["abba", "cab", "back"][(k * k) % 3]).join(" "),
  );
  port = await freePort();
  server = await startServer(join(cwd, "server"), port);
});
afterAll(async () => {
  if (!SERVER) return;
  for (const { child } of running) child.kill("SIGKILL");
  await server.stop();
  rmSync(cwd, { recursive: true, force: true });
});

/** A JSON file's content without what depends on the clock, the machine's load, or the folder. */
function timeless(file: string): unknown {
  const lines = readFileSync(join(cwd, file), "utf8").trim();
  const texts = file.endsWith(".jsonl") ? lines.split("\n") : [lines];
  const loose = new Set(["seconds", "peakMemory", "runFolder", "positionsPerSecond"]);
  return texts.map((text) => JSON.parse(text, (key, value) => (loose.has(key) ? undefined : value)));
}

describe.skipIf(!SERVER)("a queue on a real server", () => {
  it("deals every job out once, whatever happens to workers and server", async () => {
    const [, queued] = ["local", "queued"].map((name) => plan(name, { ...WORDS, sweep: { axes: AXES, seeds: 2 } }));
    const local = startCli(["sweep", "run", "local", "--jobs=1", "--json"], cwd);
    const put = ["sweep", "run", "queued", "--queue", server.url, "--enqueue"];
    const puts = await Promise.all([runCli(put, cwd), runCli(put, cwd)]);
    for (const { code } of puts) expect(code).toBe(0);

    const stopped = worker("queued");
    await stopped.shown('"event":"progress"');
    stopped.child.kill("SIGTERM");
    expect((await stopped.ended).code).toBe(130);
    const after = await status(queued!);
    expect(after.states.running).toBeUndefined();
    expect(after.queue).toMatchObject({ active: 0, waiting: 4 - (after.states.done ?? 0) });

    const [killed, ...others] = [worker("queued"), worker("queued"), worker("queued")];
    await killed!.shown('"event":"progress"');
    killed!.child.kill("SIGKILL");
    await server.stop();
    server = await startServer(join(cwd, "server"), port);
    const ends = await Promise.all(others.map(({ ended }) => ended));
    expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ""],
      [0, ""],
    ]);
    expect((await local.ended).code).toBe(0);

    const { states, queue } = await status(queued!);
    expect(states).toEqual({ done: 4 });
    expect(queue).toEqual({ waiting: 0, active: 0, delayed: 0, failed: 0, completed: 4 });
    const told = [stopped, killed!, ...others].map(async ({ ended }) => (await ended).stdout);
    const lines = (await Promise.all(told)).join("").split("\n");
    const done = lines.filter((line) => line.startsWith('{"event":"done"')).map((line) => JSON.parse(line).run);
    expect(done.length, "a job was trained to its end twice").toBe(new Set(done).size);
    for (const { folder } of queued!.readPlan().jobs) {
      for (const name of ["last.safetensors", "best.safetensors", "config.yaml"]) {
        const [ours, theirs] = ["queued", "local"].map((sweep) => readFileSync(join(cwd, sweep, "runs", folder, name)));
        expect(ours!.equals(theirs!), `${folder}/${name}`).toBe(true);
      }
      for (const name of ["metrics.jsonl", "summary.json"])
        expect(timeless(`queued/runs/${folder}/${name}`), name).toEqual(timeless(`local/runs/${folder}/${name}`));
    }
    // A dozen processes start here: on a busy machine that takes minutes.
  }, 240_000);

  it("gives up, saved, on a server that stays away, and at once when it is told to stop", async () => {
    const train = { ...WORDS.train, epochs: 4000 };
    const long = plan("long", { ...WORDS, train, sweep: { axes: AXES, seeds: 1 } });
    const sweep = long.readPlan();
    const name = `sweep-${sweep.digest}`;
    const queue = await JobQueue.open(parseServer(server.url), name);
    const ids = sweep.jobs.map(({ id }) => id);
    expect([await queue.put(ids, true), await queue.put(ids, true)]).toEqual([2, 0]);
    await queue.close();
    const waiting = worker("long", "--patience=1");
    await waiting.shown('"event":"progress"');
    const patient = worker("long", "--patience=600");
    await patient.shown('"event":"progress"');
    await server.stop();
    const { code, stderr } = await waiting.ended;
    expect(stderr).toMatch(
      /^bispike: redis:..127\.0\.0\.1:\d+: no server answers there \(ECONNREFUSED\).*for 1 s now\n$/,
    );
    expect(code).toBe(1);
    patient.child.kill("SIGINT");
    expect((await patient.ended).code).toBe(130);
    const states = sweep.jobs.map((job) => long.status(sweep, job).state);
    expect(states.sort()).toEqual(["interrupted", "interrupted"]);
    await expect(JobQueue.open(parseServer(server.url), name)).rejects.toThrow(/no server answers there/);
    server = await startServer(join(cwd, "server"), port, "secret");
    for (const user of ["", ":wrong@", "nobody:wrong@"]) {
      const wrong = parseServer(server.url.replace("//", `//${user}`));
      await expect(JobQueue.open(wrong, name)).rejects.toThrow(/^(?!.*wrong@).*refused the password/);
    }
    const right = await JobQueue.open(parseServer(server.url.replace("//", "//:secret@")), name);
    await right.close();
  });
});
