/** What a team owes its user beside its results: threads that cannot start and a team that is closed are told in words, and nothing waits without end. */
import { expect, it } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { spawnThread } from "../../src/node/threads.ts";

const options = { spawn: spawnThread, maximumPages: 64 };

it.each([1, 2])("computes no more once it is closed, with threads: %i", async (threads) => {
  const team = await Team.create({ ...options, threads });
  const [x, sums] = [team.arena.f32(2048), team.arena.f64(1)];
  x.view.fill(2);
  team.run("sumSquares", 1, 2048, x.at, sums.at);
  await team.close();
  await team.close();
  expect(() => team.run("sumSquares", 1, 2048, x.at, sums.at)).toThrow(
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
