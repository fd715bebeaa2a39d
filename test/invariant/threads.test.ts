/** The same bytes whatever the number of threads, whether memory is shared, and again in the same process. */
import { describe, expect, test } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { spawnThread } from "../../src/node/threads.ts";
import { randomImages, type SmallOptions, smallPair, updatesOf } from "../support/small-pair.ts";
import { smallTraining } from "../support/small-training.ts";

/** Everything five steps leave behind: parameters, gradients, moments and losses. */
async function trained(options: SmallOptions): Promise<Record<string, unknown>> {
  const { team, pair, step } = await smallPair(options);
  try {
    const losses = Array.from({ length: 5 }, (_, i) => step(randomImages(pair, 6, i), i).stageLosses);
    const statistics = pair.layers.map(({ norm }) => [...norm.runningMean.view, ...norm.runningVariance.view]);
    return { losses, statistics, ...Object.fromEntries(updatesOf(pair)) };
  } finally {
    await team.close();
  }
}

const cases = (["mlp", "cnn"] as const).flatMap((kind) =>
  (["direct", "poisson"] as const).flatMap((stimulus) =>
    (["prototypes", "masked"] as const).map((rivals) => ({ kind, stimulus, rivals })),
  ),
);

test.each(cases)("$kind, $stimulus, $rivals: 1 to 4 threads", async ({ kind, stimulus, rivals }) => {
  const options: SmallOptions = { network: { kind, stimulus }, rule: { rivals } };
  const alone = await trained(options);
  expect(Object.keys(alone).length).toBeGreaterThan(5);
  for (const threads of [1, 2, 3, 4])
    expect(await trained({ ...options, threads }), `${threads} threads`).toEqual(alone);
});

test.each(["mlp", "cnn"] as const)(
  "%s, recall by the concept alone, compared by membranes: 1 to 4 threads",
  async (kind) => {
    const options: SmallOptions = { network: { kind, recall: "broadcast" }, rule: { recallFeatures: "membrane" } };
    const alone = await trained(options);
    expect(alone).not.toEqual(await trained({ network: { kind }, rule: { recallFeatures: "membrane" } }));
    for (const threads of [2, 4]) expect(await trained({ ...options, threads }), `${threads} threads`).toEqual(alone);
  },
);

test.each(["mlp", "cnn"] as const)("%s, told apart by dots: 1 to 4 threads", async (kind) => {
  const options: SmallOptions = { network: { kind }, rule: { affinity: "dots", temperature: 0.02 } };
  const alone = await trained(options);
  expect(alone).not.toEqual(await trained({ network: { kind }, rule: { temperature: 0.02 } }));
  for (const threads of [2, 4]) expect(await trained({ ...options, threads }), `${threads} threads`).toEqual(alone);
});

test("cnn, cells compared by their energies: 1 to 4 threads", async () => {
  const options: SmallOptions = { network: { kind: "cnn", pool: 2, pooling: "energy" } };
  const alone = await trained(options);
  expect(alone).not.toEqual(await trained({ network: { kind: "cnn", pool: 2 } }));
  for (const threads of [2, 4]) expect(await trained({ ...options, threads }), `${threads} threads`).toEqual(alone);
});

test.each(["mlp", "cnn"] as const)("%s: memory that is not shared", async (kind) => {
  const raw = { network: { kind, hidden: [8, 8] }, train: { epochs: 1, batch: 12 } };
  const plain = await Team.create({ shared: false, maximumPages: 1024 });
  expect(plain.arena.memory.buffer).toBeInstanceOf(ArrayBuffer);
  const alone = await smallTraining(raw, { team: plain });
  // Views made before are still views of the memory: it never grew.
  expect(plain.bits.view.length).toBe(256 * 8);
  expect(alone.last).toEqual((await smallTraining(raw, { threads: 2 })).last);
  await plain.close();
});

test("another seed gives other bytes", async () => {
  const [one, other] = [
    await trained({ network: { kind: "mlp" } }),
    await trained({ network: { kind: "mlp", seed: 12 } }),
  ];
  expect(one.losses).not.toEqual(other.losses);
});

describe("a team", () => {
  test("gives every item to one thread, also when there are fewer items than threads", async () => {
    const team = await Team.create({ threads: 4, spawn: spawnThread, maximumPages: 256 });
    for (const items of [1, 2, 3, 4, 5, 7, 16]) {
      const x = team.arena.f32(items * 16);
      x.view.fill(2);
      const out = team.arena.f64(items);
      team.run("squares", items, { rows: items, width: 16, v: x.at, w: 0, outV: out.at, outW: 0 });
      expect([...out.view]).toEqual(Array(items).fill(64));
    }
    await team.close();
  });

  test("gives each thread its own scratch", async () => {
    const team = await Team.create({ threads: 3, spawn: spawnThread, maximumPages: 256 });
    const small = team.scratch(100);
    const large = team.scratch(10_000);
    expect(small.stride).toBeGreaterThanOrEqual(100);
    expect(large.stride).toBeGreaterThanOrEqual(10_000);
    expect(team.arena.used).toBeGreaterThanOrEqual(large.at + 3 * large.stride);
    expect(team.scratch(50)).toEqual(large);
    await team.close();
  });

  test("counts calls where asked", async () => {
    const team = await Team.create({ maximumPages: 256 });
    const x = team.arena.f32(16);
    const sum = team.arena.f64(1);
    team.run("sumSquares", 1, { length: 16, x: x.at, out: sum.at });
    expect(team.profile()).toEqual([]);
    team.startProfile();
    team.run("sumSquares", 1, { length: 16, x: x.at, out: sum.at });
    team.run("sumSquares", 1, { length: 16, x: x.at, out: sum.at });
    expect(team.profile()).toMatchObject([{ name: "sumSquares", calls: 2 }]);
    await team.close();
  });

  test("refuses bad thread counts, and missing ways to start them", async () => {
    await expect(Team.create({ threads: 0 })).rejects.toThrow(/1 to 256/);
    await expect(Team.create({ threads: 2 })).rejects.toThrow(/spawn/);
    await expect(Team.create({ threads: 2, spawn: spawnThread, shared: false })).rejects.toThrow(/shared memory/);
    const team = await Team.create({ maximumPages: 256 });
    await team.close();
    await team.close();
  });

  test.each([true, false])(
    "memory past the maximum is an error that says how much there is (shared: %s)",
    async (shared) => {
      const team = await Team.create({ maximumPages: 32, shared });
      expect(() => team.arena.f32(1_000_000)).toThrow(/2 MiB/);
      // Up to the last page it can be had, though growing asks for a quarter more.
      expect(team.arena.f32(480_000).view.length).toBe(480_000);
      await team.close();
    },
  );
});

test.each([1, 3])(
  "a timeline of %i threads shows each thread's share of each call, within the time it was on",
  async (threads) => {
    const { team, pair, step } = await smallPair({ network: { kind: "cnn" }, threads });
    try {
      step(randomImages(pair, 6));
      const start = performance.now();
      team.startTimeline();
      team.startProfile();
      step(randomImages(pair, 6));
      const spans = team.stopTimeline();
      const passed = performance.now() - start;
      expect(new Set(spans.map(({ thread }) => thread))).toEqual(new Set(Array.from({ length: threads }, (_, i) => i)));
      for (const { from, to } of spans) {
        expect(from).toBeGreaterThanOrEqual(-1);
        expect(to).toBeGreaterThanOrEqual(from);
        expect(to).toBeLessThanOrEqual(passed + 1);
      }
      const calls = team.profile().reduce((sum, kernel) => sum + kernel.calls, 0);
      expect(spans.length).toBeGreaterThanOrEqual(calls);
      expect(spans.length).toBeLessThanOrEqual(threads * calls);
      step(randomImages(pair, 6));
      expect(team.stopTimeline()).toEqual([]);
    } finally {
      await team.close();
    }
  },
);
