/** What a team owes its user beside its results: threads that cannot start and a team that is closed are told in words, and nothing waits without end. */
import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import { Team } from "../../src/engine/team.ts";
import * as loop from "../../src/engine/team-loop.js";
import * as core from "../../src/index.ts";
import { spawnThread } from "../../src/node/threads.ts";

const options = { spawn: spawnThread, maximumPages: 64 };

it.each([1, 2])("computes no more once it is closed, with threads: %i", async (threads) => {
  const team = await Team.create({ ...options, threads });
  const [x, sums] = [team.arena.f32(2048), team.arena.f64(1)];
  x.view.fill(2);
  team.run("sumSquares", 1, { length: 2048, x: x.at, out: sums.at });
  await team.close();
  await team.close();
  expect(() => team.run("sumSquares", 1, { length: 2048, x: x.at, out: sums.at })).toThrow(
    expect.objectContaining({ code: "usage", message: expect.stringContaining("this team is closed") }),
  );
  expect(sums.view[0]).toBe(8192);
});

it("says that threads cannot start, and leaves none behind", async () => {
  let stopped = 0;
  const spawn = ({ index }: { readonly index: number }) => {
    if (index === 2) throw new Error("no workers here");
    return { ready: Promise.resolve(), stop: async () => void stopped++ };
  };
  await expect(Team.create({ ...options, threads: 3, spawn })).rejects.toThrow(
    expect.objectContaining({ code: "platform", message: expect.stringMatching(/3 threads.*no workers here/) }),
  );
  expect(stopped).toBe(1);
});

it("runs on threads that a program makes itself, of what the package exports", async () => {
  expect(core.serve).toBe(loop.serve);
  const file = new URL("../../src/engine/team-loop.js", import.meta.url).href;
  const body = `const { parentPort, workerData } = require("node:worker_threads");
    import(${JSON.stringify(file)}).then(({ serve }) => { parentPort.postMessage("ready"); serve(workerData); });`;
  const spawn: core.SpawnThread = (start: core.ThreadStart) => {
    const worker = new Worker(body, { eval: true, workerData: start });
    const ready = new Promise<void>((resolve, reject) => {
      worker.once("message", () => resolve());
      worker.once("error", reject);
    });
    return { ready, stop: async () => void (await worker.terminate()) };
  };
  const team = await Team.create({ threads: 2, spawn, maximumPages: 64 });
  const [x, sums] = [team.arena.f32(4096), team.arena.f64(2)];
  x.view.fill(2);
  team.run("sumSquares", 2, { length: 4096, x: x.at, out: sums.at });
  await team.close();
  expect([...sums.view]).toEqual([8192, 8192]);
});
