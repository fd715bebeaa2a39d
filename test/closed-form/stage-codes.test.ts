/** Random codes in place of recall: how many ones they have, where they lie, and the losses of a stage that is silent or always fires. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { distinctCodes } from "../../src/nets/target-codes.ts";
import { StageCodes } from "../../src/rules/stage-codes.ts";
import { classes, randomImages, type SmallOptions, smallPair } from "../support/small-pair.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 1024 });
});
afterAll(() => team.close());

/** A stage of 3 cells of 18 channels: two tiles a cell. */
const layer = {
  name: "perception.stage2",
  cellCount: 3,
  featureWidth: 3 * 32,
  synapses: { shape: { height: 3, width: 1, channels: 18 } } as never,
};

test.each([0.01, 0.15, 0.5, 1])("rate %d: as many ones in every code, in used places alone", (rate) => {
  const build = (seed: number) => {
    const codes = new StageCodes(team, layer, { classes: rate === 1 ? 1 : 7, rate, seed });
    codes.write();
    return codes;
  };
  const { features } = build(1);
  const active = Math.max(1, Math.round(rate * 54));
  const rows = new Set<string>();
  for (let from = 0; from < features.view.length; from += 96) {
    const row = features.view.subarray(from, from + 96);
    expect(row.filter((value) => value === 1).length).toBe(active);
    expect(row.filter((value) => value === 0).length).toBe(96 - active);
    for (const [i, value] of row.entries()) if (i % 32 >= 18) expect(value).toBe(0);
    rows.add(row.join());
  }
  expect(rows.size).toBe(features.view.length / 96);
  expect(build(1).features.view).toEqual(features.view);
  if (rate < 1) expect(build(2).features.view).not.toEqual(features.view);
});

test("what an alignment did to the rows is undone", () => {
  const codes = new StageCodes(team, layer, { classes: 4, rate: 0.3, seed: 3 });
  codes.write();
  const drawn = codes.features.view.slice();
  codes.features.view.fill(0.25);
  codes.write();
  expect(codes.features.view).toEqual(drawn);
});

test("a stage with too few codes is refused", () => {
  expect(distinctCodes({ classes: 3, width: 3, active: 1 }, "codes", 1)).toBeDefined();
  expect(distinctCodes({ classes: 4, width: 3, active: 1 }, "codes", 1)).toBeUndefined();
  expect(() => new StageCodes(team, layer, { classes: 2, rate: 1, seed: 1 })).toThrow(
    /perception\.stage2 has 54 features, of which 54 are 1 .* too few for 2 different/,
  );
});

describe.each(["mlp", "cnn"] as const)("%s", (kind) => {
  /** Losses of the hidden stages in a first step, all of whose units have this bias. */
  async function losses(bias: number, rule: SmallOptions["rule"]): Promise<number[]> {
    const options: SmallOptions = {
      network: {
        kind,
        networks: "perception",
        norm: false,
        pool: kind === "cnn" ? 2 : 0,
      },
      rule: { codes: "random", codeRate: 0.2, centred: false, weight: 3, ...rule },
    };
    const small = await smallPair(options);
    try {
      for (const { synapses, group } of small.pair.perception.slice(0, -1)) {
        const [units = 0] = synapses.plainShape("bias");
        synapses.pack("bias", new Float32Array(units).fill(bias), group.view("bias"));
      }
      const { stageLosses } = small.step(randomImages(small.pair, 5));
      expect(stageLosses[0], "no recall, so nothing is reconstructed").toBe(0);
      return stageLosses.slice(1, -1);
    } finally {
      await small.team.close();
    }
  }

  const widths = kind === "mlp" ? [21, 18, 17] : [5 * 4, 18 * 4];
  const active = widths.map((width) => Math.round(0.2 * width));

  test("a silent stage: mse is the share of ones, InfoNCE the logarithm of the classes, ReCo 1", async () => {
    for (const [k, loss] of (await losses(-1000, { loss: "mse" })).entries())
      expect(loss).toBeCloseTo((3 * active[k]!) / widths[k]!, 6);
    for (const loss of await losses(-1000, { loss: "infonce" })) expect(loss).toBeCloseTo(3 * Math.log(classes), 6);
    for (const loss of await losses(-1000, { loss: "reco" })) expect(loss).toBeCloseTo(3, 6);
  });

  test("a stage that always fires: the same cosine with every code", async () => {
    const mse = await losses(1000, { loss: "mse" });
    const reco = await losses(1000, { loss: "reco", lambda: 0.7 });
    for (const [k, width] of widths.entries()) {
      expect(mse[k]).toBeCloseTo((3 * (width - active[k]!)) / width, 6);
      const cosine = Math.sqrt(active[k]! / width);
      expect(reco[k]).toBeCloseTo(3 * ((1 - cosine) ** 2 + 0.7 * (classes - 1) * cosine ** 2), 5);
    }
    for (const loss of await losses(1000, { loss: "infonce" })) expect(loss).toBeCloseTo(3 * Math.log(classes), 6);
  });
});

test("a rule's codes follow its pair's seed", async () => {
  const options = (seed: number): SmallOptions => ({
    network: { kind: "mlp", networks: "perception", seed },
    rule: { codes: "random" },
  });
  const [one, other] = await Promise.all([smallPair(options(1)), smallPair(options(2))]);
  try {
    // The same nets: what is left to differ are the codes.
    const slots = [...other.pair.slots(false)];
    for (const [k, { read }] of [...one.pair.slots(false)].entries()) slots[k]!.write(read());
    const losses = [one, other].map(({ pair, step }) => step(randomImages(pair, 5)).stageLosses);
    expect(losses[1]!.at(-1)).toBe(losses[0]!.at(-1));
    for (const [k, loss] of losses[0]!.slice(1, -1).entries()) expect(losses[1]![k + 1]).not.toBe(loss);
  } finally {
    await Promise.all([one.team.close(), other.team.close()]);
  }
});
