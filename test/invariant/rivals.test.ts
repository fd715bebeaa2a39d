/** What must hold of every rival of BSD: bytes do not depend on threads, reports are whole, and recall is refused where there is none. */
import { describe, expect, it } from "vitest";
import { type SpikingRuleName, spikingRules } from "../../src/training/config.ts";
import { plainBlock } from "../support/plain-stack.ts";
import { randomImages, updatesOf } from "../support/small-pair.ts";
import { smallRival } from "../support/small-rival.ts";
import { smallTraining } from "../support/small-training.ts";

const rivals = spikingRules.filter((name) => name !== "bsd");
const data = { classes: 3, train: 60, test: 6 };

describe.each(rivals)("%s", (name: SpikingRuleName) => {
  it.each(["mlp", "cnn"] as const)(
    "%s: the same bytes on one thread and two, clipped by stage or globally",
    async (kind) => {
      const runs: (string | readonly number[])[][] = [];
      for (const threads of [1, 2]) {
        const { team, pair, rule, step } = await smallRival({
          ...{ name, kind, threads },
          train: { clipScope: kind === "mlp" ? "stage" : "global" },
        });
        const reports = [0, 1].map((counter) => step(randomImages(pair, 6, counter), counter));
        expect(reports[1]!.stageLosses.length).toBe(pair.stages);
        expect(reports[1]!.perceptionRates.length).toBe(pair.options.hidden.length);
        expect(reports[1]!.recallRates).toEqual([]);
        const tensors = [...rule.slots(true)].map((slot) => Buffer.from(slot.read().slice().buffer).toString("base64"));
        runs.push([...updatesOf(pair).values(), ...tensors, ...reports.map(({ stageLosses }) => stageLosses)]);
        await team.close();
      }
      expect(runs[1]).toEqual(runs[0]);
    },
  );

  it.each(["mlp", "cnn"] as const)("%s: neurons that fill up a tile and are not there learn nothing", async (kind) => {
    const { team, pair, step } = await smallRival({ name, kind });
    for (const counter of [0, 1, 2]) step(randomImages(pair, 6, counter), counter);
    const filled = (values: Float32Array) => values.reduce((count, value) => count + (value === 0 ? 0 : 1), 0);
    let learning = 0;
    for (const { synapses, group } of pair.perception) {
      const blocks = [...Object.keys(synapses.blocks), ...(group.has("gamma") ? ["gamma", "beta"] : [])];
      const own = blocks.map((block) => filled(plainBlock(synapses, group, block, "gradients")));
      expect(filled(group.gradients.view), group.name).toBe(own.reduce((a, b) => a + b, 0));
      learning += own[0]!;
    }
    expect(learning).toBeGreaterThan(100);
    await team.close();
  });

  it("recall is refused", async () => {
    const { team, pair } = await smallRival({ name, kind: "mlp" });
    expect(pair.recall).toEqual([]);
    expect(() => pair.present([0], false)).toThrow(/perception alone/);
    expect(() => pair.reconstructed).toThrow(/perception alone/);
    expect(() => [...pair.hiddenStages()]).toThrow(/perception alone/);
    await team.close();
  });

  it("a loss that is no number names its stage", async () => {
    const { team, pair, step } = await smallRival({ name, kind: "mlp" });
    pair.conceptDrive.group.view("bias").fill(Number.NaN);
    expect(() => step(randomImages(pair, 4))).toThrow(/^stage 5: the loss is NaN at step 1/);
    await team.close();
  });
});

it.each(rivals)("%s learns the small set", async (name) => {
  const { metrics } = await smallTraining(
    { network: { hidden: [32, 24] }, rule: { name }, train: { epochs: 30, batch: 16, learningRate: 0.01 } },
    { data },
  );
  const last = metrics.at(-1) as { trainAccuracy: number };
  // A third is chance.
  expect(last.trainAccuracy).toBeGreaterThan(name === "r-stdp" ? 0.5 : 0.9);
});
