/** Layers may share one room for their gradients: BSD uses a layer's up before it makes the next one's. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { ParameterGroup } from "../../src/nets/parameters.ts";
import { AdamW } from "../../src/rules/optimiser.ts";
import { randomImages, smallPair } from "../support/small-pair.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 256 });
});
afterAll(() => team.close());

test("layers that share their gradients' room train to the same bytes, and cannot be clipped by the norm of all", async () => {
  const trained = async (keepGradients: boolean) => {
    const { team: own, pair, step } = await smallPair({ network: { kind: "mlp", keepGradients } });
    try {
      for (let k = 0; k < 4; k++) step(randomImages(pair, 6, k), k);
      return pair.layers.map(({ group }) => Float32Array.from(group.parameters.view));
    } finally {
      await own.close();
    }
  };
  expect(await trained(false)).toEqual(await trained(true));
  const shared = ["a", "b"].map((name) => new ParameterGroup(team, name, { weight: 16 }, "shared"));
  expect(() => shared[0]!.gradients).toThrow("no room");
  ParameterGroup.shareGradients(team, shared);
  const options = { weightDecay: 0, clip: 1 };
  expect(() => new AdamW(team, { ...options, clipScope: "stage" }, shared)).not.toThrow();
  expect(() => new AdamW(team, { ...options, clipScope: "global" }, shared)).toThrow(/keepGradients/);
});
