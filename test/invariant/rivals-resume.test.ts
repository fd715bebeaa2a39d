/** A rival's run that was stopped and resumed ends with the bytes of one that was not, and its checkpoints keep what they must. */
import { describe, expect, it } from "vitest";
import { decodeCheckpoint } from "../../src/training/checkpoint.ts";
import { type ImageRuleName, imageRules } from "../../src/training/config.ts";
import { smallTraining } from "../support/small-training.ts";

const data = { classes: 3, train: 60, test: 6 };

describe.each(imageRules.filter((name) => name !== "bsd"))("%s", (name: ImageRuleName) => {
  it("stopped, and resumed with other threads: the same bytes and metrics", async () => {
    const raw = {
      network: { hidden: [18, 9] },
      rule: { name, stdp: { hidden: 0.5 } },
      train: { epochs: 2, batch: 16 },
    };
    const whole = await smallTraining(raw, { data });
    expect(whole.finished).toBe(true);
    for (const step of [1, 6]) {
      const first = await smallTraining(raw, { data, stopBefore: step, threads: step === 6 ? 2 : 1 });
      const second = await smallTraining(raw, { data, resume: first.last });
      expect(second.last, `stopped before step ${step}`).toEqual(whole.last);
      expect(second.best ?? first.best, `stopped before step ${step}`).toEqual(whole.best);
      expect([...first.metrics, ...second.metrics]).toEqual(whole.metrics);
    }
    // Only a checkpoint to go on from keeps what is thrown away at the end.
    const names = (bytes: Uint8Array) => [...decodeCheckpoint(bytes, "test").tensors.keys()];
    const beside = names(whole.last).filter((tensor) => /classifier|feedback/.test(tensor));
    expect(beside.length > 0).toBe(["local-losses", "dll", "ccl"].includes(name));
    expect(names(whole.best!).filter((tensor) => /classifier|feedback|optimiser/.test(tensor))).toEqual([]);
    expect(names(whole.best!).filter((tensor) => tensor.startsWith("recall"))).toEqual([]);
  });
});
