/** What the lab counts of a batch is what the command line counts of the same images; and counting leaves training's bytes alone. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { joules, short } from "../../lab/src/draw/quantities.ts";
import { COUNTED, LiveWork } from "../../lab/src/worker/work.ts";
import { Team } from "../../src/engine/team.ts";
import { CostMeter } from "../../src/measure/cost.ts";
import { picojoules } from "../../src/measure/energy.ts";
import { trainingCost } from "../../src/measure/training-cost.ts";
import { trainingStep } from "../../src/measure/training-step.ts";
import { resolveConfig } from "../../src/training/config.ts";
import { createExperiment } from "../../src/training/experiment.ts";
import { trainExperiment } from "../../src/training/trainer.ts";
import { smallDigits } from "../support/small-digits.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 2048 });
});
afterAll(() => team.close());

function experimentOf(...overrides: string[]) {
  const raw = { data: { path: "bars" }, network: { hidden: [16, 12] }, train: { epochs: 1, batch: 20 } };
  return createExperiment(team, resolveConfig(raw, overrides), smallDigits());
}

const withEnergy = ({ macs, acs }: { macs: number; acs: number }) => ({
  macs,
  acs,
  picojoules: picojoules({ macs, acs }),
});

describe("work of a batch", () => {
  it.each([
    ["bsd", "backprop"],
    ["bsd", "backprop", "--network.kind=cnn", "--network.hidden=[4,6]"],
    ["local-losses", "backprop"],
    ["dll", "backprop-ann"],
  ] as const)("of %s is the meter's, of the batch's first images", (rule, rival, ...overrides) => {
    const experiment = experimentOf(`--rule.name=${rule}`, ...overrides);
    const { model, config, dataset } = experiment;
    const indices = Int32Array.from({ length: 20 }, (_, i) => 3 * i);
    model.load(dataset.train, indices, 0, indices.length);
    model.perceive(indices.length);
    const { net } = model;
    const meter = new CostMeter(net);
    meter.add(COUNTED);
    const cost = meter.result();
    const found = new LiveWork(experiment).count(indices);
    expect(found.perception).toEqual(withEnergy(cost.perception.operations));
    expect(found.recall).toEqual(rule === "bsd" ? withEnergy(cost.recall.operations) : null);
    expect(found.training).toEqual(withEnergy(trainingCost(net, cost, trainingStep(config)!).total));
    const other = experimentOf(`--rule.name=${rival}`, ...overrides);
    const step = trainingStep(other.config)!;
    expect(found.backprop).toEqual(withEnergy(trainingCost(net, cost, step).total));
  });

  it("is not said of a step that nobody counts", () => {
    const found = new LiveWork(experimentOf("--rule.name=bsd-ann")).count(Int32Array.of(0, 1, 2));
    expect(found.training).toBeNull();
    expect(found.backprop.macs).toBeGreaterThan(found.perception.macs);
  });

  it.each([["bsd"], ["bsd", "--rule.rivals=masked"], ["predictive-coding"]])(
    "counted after every step of %j leaves the checkpoint the same",
    async (rule, ...overrides) => {
      const trained = async (counting: boolean) => {
        const experiment = experimentOf(`--rule.name=${rule}`, ...overrides);
        const work = new LiveWork(experiment);
        let last: Uint8Array | undefined;
        let counts = 0;
        await trainExperiment(experiment, {
          sink: {
            onStep: (_report, _line, { items }) => {
              if (!counting) return;
              expect(work.count(items).perception.picojoules).toBeGreaterThan(0);
              counts++;
            },
            onMetrics: () => {},
            onCheckpoint: (which, bytes) => {
              if (which === "last") last = bytes.slice();
            },
          },
        });
        expect(counts).toBe(counting ? experiment.task.totalSteps : 0);
        return last;
      };
      const plain = await trained(false);
      expect(plain).toBeInstanceOf(Uint8Array);
      expect(await trained(true)).toEqual(plain);
    },
  );
});

describe("quantities in words", () => {
  it.each([
    [0, "0"],
    [999, "999"],
    [1000, "1.00 k"],
    [1_234_567, "1.23 M"],
    [98_765_432_100, "98.8 G"],
  ])("%d is %s", (count, words) => expect(short(count)).toBe(words));

  it.each([
    [0.5, "0.500 pJ"],
    [136, "136 pJ"],
    [7_460_000, "7.46 µJ"],
    [2.5e13, "25.0 J"],
    [2.5e17, "2.50e+5 J"],
  ])("%d pJ is %s", (energy, words) => expect(joules(energy)).toBe(words));
});
