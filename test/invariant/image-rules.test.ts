/** Rules on non-spiking nets of images: the same bytes for any number of threads. */
import { describe, expect, test } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { spawnThread } from "../../src/node/threads.ts";
import { loadImages, RULES, smallRule } from "../support/image-rules.ts";

const RATES = { perception: 0.01, recall: 0.01 };
const cases = RULES.flatMap((rule) => (["mlp", "cnn"] as const).map((kind) => ({ rule, kind })));

describe.each(cases)("$rule $kind", ({ rule, kind }) => {
  test("two steps on 1 and 3 threads", async () => {
    const runs: Map<string, Float32Array>[] = [];
    for (const threads of [1, 3]) {
      const own = await Team.create({ threads, spawn: spawnThread, maximumPages: 1024 });
      const learner = smallRule(own, rule, { kind }, { weightDecay: 0.01, clip: 1, clipScope: "global" }, 5);
      const labels = loadImages(learner, 11);
      for (let step = 0; step < 2; step++) learner.step({ labels, counter: step }, RATES);
      runs.push(new Map([...learner.slots(true)].map((slot) => [slot.name, slot.read()])));
      await own.close();
    }
    expect(runs[1]).toEqual(runs[0]);
  });
});
