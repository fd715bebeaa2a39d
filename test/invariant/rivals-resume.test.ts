/** A rival's run that was stopped and resumed ends with the bytes of one that was not, and its checkpoints keep what they must. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { spawnThread } from "../../src/node/threads.ts";
import { type ImageRuleName, imageRules } from "../../src/training/config.ts";
import { decodeCheckpoint } from "../../src/training/read-checkpoint.ts";
import { smallTraining } from "../support/small-training.ts";

const data = { classes: 3, train: 60, test: 6 };

/** Of one thread and of two, made once: that takes longer than a training does. */
let team: Team;
let two: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 4096 });
  two = await Team.create({ threads: 2, spawn: spawnThread, maximumPages: 4096 });
});
afterAll(async () => {
  await team.close();
  await two.close();
});

describe.each(imageRules.filter((name) => name !== "bsd"))("%s", (name: ImageRuleName) => {
  it("stopped, and resumed with other threads: the same bytes and metrics", async () => {
    const raw = {
      network: { hidden: [18, 9] },
      rule: { name, stdp: { hidden: 0.5 } },
      train: { epochs: 2, batch: 16 },
    };
    const whole = await smallTraining(raw, { data, team });
    expect(whole.finished).toBe(true);
    for (const step of [1, 6]) {
      const first = await smallTraining(raw, { data, stopBefore: step, team: step === 6 ? two : team });
      const second = await smallTraining(raw, { data, resume: first.last, team });
      expect(second.last, `stopped before step ${step}`).toEqual(whole.last);
      expect(second.best ?? first.best, `stopped before step ${step}`).toEqual(whole.best);
      expect([...first.metrics, ...second.metrics]).toEqual(whole.metrics);
    }
    // Only a checkpoint to go on from keeps what is thrown away at the end.
    const names = (bytes: Uint8Array) => [...decodeCheckpoint(bytes, "test").tensors.keys()];
    const beside = names(whole.last).filter((tensor) => /classifier|feedback/.test(tensor));
    expect(beside.length > 0).toBe(["local-losses", "dll", "ccl", "bsd-ann"].includes(name));
    expect(names(whole.best!).filter((tensor) => /classifier|feedback|optimiser/.test(tensor))).toEqual([]);
    expect(names(whole.best!).filter((tensor) => tensor.startsWith("recall"))).toEqual([]);
  });
});
