/** Following a run from a page: how often its files are looked at, what a look that fails leaves, and where files are read from. */
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Follower } from "../../lab/src/follow/follower.ts";
import { GrowingLog } from "../../lab/src/follow/growing-log.ts";
import { chosenRun, type FollowedFile, folderRun, type RunSource, servedRun } from "../../lab/src/follow/source.ts";
import { BispikeError } from "../../src/errors.ts";

const step = (n: number) => `${JSON.stringify({ kind: "step", step: n, epoch: 1, seconds: 0, loss: n })}\n`;
const observed = (n: number) =>
  `${JSON.stringify({ step: n, gradients: [{ stage: 2, degrees: 10 * n }], weights: [] })}\n`;

/** A run in memory, whose looks are counted and may fail. */
function runOf(files: Partial<Record<FollowedFile, string>>, live = true) {
  const run = { files, looks: 0, fails: undefined as FollowedFile | "sizes" | undefined, failure: "gone" };
  const check = (what: FollowedFile | "sizes") => {
    if (run.fails === what) throw new BispikeError("platform", run.failure);
  };
  const bytes = (name: FollowedFile) => new TextEncoder().encode(run.files[name] ?? "");
  const source: RunSource = {
    ...{ name: "mine", live },
    sizes: async () => {
      run.looks++;
      check("sizes");
      const names = Object.keys(run.files) as FollowedFile[];
      return Object.fromEntries(names.map((name) => [name, bytes(name).length]));
    },
    read: async (name, from, to) => {
      check(name);
      return bytes(name).slice(from, to);
    },
  };
  return { run, source };
}

/** Steps of every line that is drawn. */
function drawn({ curves }: Follower): Record<string, readonly number[]> {
  const found = curves
    .charts()
    .flatMap(({ title, lines }) => [...lines].map(([name, { steps }]) => [`${title}, ${name}`, steps] as const));
  return Object.fromEntries(found);
}

describe("a follower", () => {
  const followers: Follower[] = [];
  const follow = (source: RunSource) => {
    const follower = new Follower(source);
    followers.push(follower);
    return follower;
  };
  const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    for (const follower of followers.splice(0)) follower.close();
    vi.useRealTimers();
  });

  it("looks at once, then a second after each look, and says whether there was something new", async () => {
    const { run, source } = runOf({ "metrics.jsonl": step(1) });
    const follower = follow(source);
    await pass(0);
    expect([run.looks, follower.changes.value, drawn(follower)]).toEqual([1, 1, { "Loss, batch": [1] }]);
    await pass(999);
    expect(run.looks).toBe(1);
    await pass(1);
    expect([run.looks, follower.changes.value, follower.finished.value]).toEqual([2, 1, false]);
    run.files = { "metrics.jsonl": step(1) + step(2), "observations.jsonl": observed(2), "summary.json": "{}" };
    await pass(1000);
    expect(drawn(follower)).toEqual({ "Loss, batch": [1, 2], "Angle to backprop, stage 2": [2] });
    expect(follower.changes.value).toBeGreaterThan(1);
    expect(follower.finished.value).toBe(true);
  });

  it.each(["sizes", "metrics.jsonl", "observations.jsonl"] as const)(
    "goes on after a look that failed at %s, and has each line once",
    async (fails) => {
      const { run, source } = runOf({ "metrics.jsonl": step(1), "observations.jsonl": observed(1) });
      const follower = follow(source);
      await pass(0);
      run.files = { "metrics.jsonl": step(1) + step(2), "observations.jsonl": observed(1) + observed(2) };
      run.fails = fails;
      for (const failure of ["gone", "still gone"]) {
        run.failure = failure;
        await pass(1000);
        expect(follower.failure.value).toBe(failure);
      }
      run.fails = undefined;
      await pass(1000);
      expect(follower.failure.value).toBeNull();
      expect(drawn(follower)).toEqual({ "Loss, batch": [1, 2], "Angle to backprop, stage 2": [1, 2] });
    },
  );

  it("draws a run that was cut from its start, also where nothing is left of it", async () => {
    const { run, source } = runOf({ "metrics.jsonl": step(1) + step(2), "observations.jsonl": observed(1) });
    const follower = follow(source);
    await pass(0);
    // The one log alone: a resumed run may have observed nothing in between.
    run.files = { "metrics.jsonl": step(1), "observations.jsonl": observed(1) };
    await pass(1000);
    expect(drawn(follower)).toEqual({ "Loss, batch": [1], "Angle to backprop, stage 2": [1] });
    run.files = { "metrics.jsonl": step(1), "observations.jsonl": observed(7) };
    await pass(1000);
    expect(drawn(follower)).toEqual({ "Loss, batch": [1], "Angle to backprop, stage 2": [7] });
    const changes = follower.changes.value;
    run.files = { "metrics.jsonl": "" };
    await pass(1000);
    expect(drawn(follower)).toEqual({});
    expect(follower.changes.value).toBeGreaterThan(changes);
  });

  it("ends at a line that is none, and says which", async () => {
    const { run, source } = runOf({ "metrics.jsonl": `${step(1)}nothing\n` });
    const follower = follow(source);
    await pass(5000);
    expect(follower.failure.value).toMatch(/^mine\/metrics\.jsonl: line 2: expected the metrics/);
    expect(run.looks).toBe(1);
    const second = runOf({ "observations.jsonl": `${observed(1)}${observed(2)}[]\n` });
    const other = follow(second.source);
    await pass(0);
    expect(other.failure.value).toMatch(/^mine\/observations\.jsonl: line 3: expected an observation/);
  });

  it("looks no more once it is closed, even on its way, and once alone at what does not grow", async () => {
    const { run, source } = runOf({ "metrics.jsonl": step(1) });
    const follower = follow(source);
    await pass(0);
    follower.close();
    const underWay = follow(source);
    underWay.close();
    await pass(5000);
    expect(run.looks).toBe(2);
    const still = runOf({ "metrics.jsonl": step(1) }, false);
    expect(drawn(follow(still.source))).toEqual({});
    await pass(5000);
    expect(still.run.looks).toBe(1);
  });
});

it("a log gives every line once, also where reading it fails on its way", async () => {
  const lines = Array.from({ length: 3 }, (_, k) => String(k).repeat(3_000_000));
  const bytes = new TextEncoder().encode(`${lines.join("\n")}\n`);
  let fails = Number.POSITIVE_INFINITY;
  const log = new GrowingLog("metrics.jsonl", async (from, to) => {
    if (from >= fails) throw new Error("planted");
    return bytes.slice(from, to);
  });
  fails = 1;
  await expect(log.news(bytes.length)).rejects.toThrow("planted");
  fails = Number.POSITIVE_INFINITY;
  const { lines: found, first, anew } = await log.news(bytes.length);
  expect([found.length, first, anew]).toEqual([3, 1, false]);
  expect(found.every((line, k) => line === lines[k])).toBe(true);
  // Of one that was written anew: that it is another one is told by the look that succeeds.
  bytes.fill("x".charCodeAt(0), 0, 2_999_999);
  bytes.fill("y".charCodeAt(0), 6_000_002, 9_000_002);
  fails = 1;
  await expect(log.news(bytes.length)).rejects.toThrow("planted");
  fails = Number.POSITIVE_INFINITY;
  expect(await log.news(bytes.length)).toMatchObject({ first: 1, anew: true });
});

describe("a run that a server has", () => {
  let server: Server;
  let asked: string[];
  let answer: (response: ServerResponse) => void;
  const open = async () => {
    asked = [];
    server = createServer(({ url, headers }, response) => {
      asked.push(`${url} ${headers.range ?? ""}`.trim());
      answer(response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return servedRun(3, "mine", `http://127.0.0.1:${(server.address() as AddressInfo).port}/lab/`);
  };
  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  it("is asked for its sizes and for bytes, the last of which is not wanted", async () => {
    const run = await open();
    answer = (response) => response.end('{"metrics.jsonl":7}');
    expect(await run.sizes()).toEqual({ "metrics.jsonl": 7 });
    answer = (response) => response.end("abc");
    expect([...(await run.read("metrics.jsonl", 2, 5))]).toEqual([97, 98, 99]);
    expect(asked).toEqual(["/lab/runs/3", "/lab/runs/3/metrics.jsonl bytes=2-4"]);
  });

  it("says what is wrong with the server in a way that it may come back", async () => {
    const run = await open();
    const both = async (why: RegExp) => {
      for (const question of [() => run.sizes(), () => run.read("metrics.jsonl", 0, 9)]) {
        const error = await question().then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        expect(error).toBeInstanceOf(BispikeError);
        expect(error).toMatchObject({ code: "platform", message: expect.stringMatching(why) });
      }
    };
    answer = (response) => response.writeHead(404).end();
    await both(/^mine: the server answered 404$/);
    // As where a file is cut while it is sent, or the server is ended.
    answer = (response) => {
      response.writeHead(200, { "Content-Length": 100 }).write('{"metrics');
      setTimeout(() => response.destroy(), 20);
    };
    await both(/^mine: the server does not answer; is bispike lab still running\?$/);
    server.close();
    server.closeAllConnections();
    await both(/^mine: the server does not answer/);
  });
});

describe("a run folder that a person gives the page", () => {
  const file = (path: string, text: string) =>
    Object.defineProperty(new File([text], path.split("/").at(-1)!), "webkitRelativePath", { value: path });
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

  it("as files: the topmost of each name, as they are", async () => {
    const run = chosenRun([
      file("runs/old/metrics.jsonl", "older\n"),
      file("runs/metrics.jsonl", "newest\n"),
      file("runs/old/summary.json", "{}"),
      file("runs/notes.txt", "x"),
    ]);
    expect([run.name, run.live]).toEqual(["runs", false]);
    expect(await run.sizes()).toEqual({ "metrics.jsonl": 7, "summary.json": 2 });
    expect(text(await run.read("metrics.jsonl", 1, 4))).toBe("ewe");
    expect(text(await run.read("observations.jsonl", 0, 4))).toBe("");
    expect(() => chosenRun([file("runs/notes.txt", "x")])).toThrow(
      expect.objectContaining({ code: "checkpoint", message: expect.stringMatching(/^runs: expected a run folder/) }),
    );
  });

  it("as a folder that may be read again: what is there now, and what cannot be read", async () => {
    let now: Record<string, string | Error> = { "metrics.jsonl": "one\n" };
    const getFileHandle = async (name: string) => {
      const found = now[name];
      if (found === undefined) throw new DOMException("no such file", "NotFoundError");
      if (found instanceof Error) throw found;
      return { getFile: async () => new File([found], name) };
    };
    const run = folderRun({ name: "mine", getFileHandle } as unknown as FileSystemDirectoryHandle);
    expect([run.name, run.live]).toEqual(["mine", true]);
    expect(await run.sizes()).toEqual({ "metrics.jsonl": 4 });
    now = { "metrics.jsonl": "one\ntwo\n", "observations.jsonl": "o\n" };
    expect(await run.sizes()).toEqual({ "metrics.jsonl": 8, "observations.jsonl": 2 });
    expect(text(await run.read("metrics.jsonl", 4, 99))).toBe("two\n");
    now = { "metrics.jsonl": new DOMException("not allowed", "NotAllowedError") };
    for (const question of [() => run.sizes(), () => run.read("metrics.jsonl", 0, 1)])
      await expect(question()).rejects.toMatchObject({
        ...{ code: "platform", message: "mine/metrics.jsonl: cannot be read (not allowed)" },
      });
  });
});
