/** Rivals are refused a pair that was not made for them: they would learn from drives and winners that are not there, without a word. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Team } from "../../src/engine/team.ts";
import type { PairOptions } from "../../src/nets/pair.ts";
import { defaults } from "../../src/training/config.ts";
import { spikingRule } from "../../src/training/nets-and-rules.ts";
import { smallRivalPair } from "../support/small-rival.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 4096 });
});
afterAll(() => team.close());

const NAMES = ["backprop", "feedback-alignment", "direct-feedback-alignment", "local-losses", "r-stdp"] as const;

function make(name: (typeof NAMES)[number], network: Partial<PairOptions>) {
  const pair = smallRivalPair(team, { name, kind: "mlp", network });
  return spikingRule(pair, { rule: defaults.rule, train: defaults.train, name });
}

describe("a pair that keeps no drives", () => {
  it.each(["backprop", "feedback-alignment", "direct-feedback-alignment", "r-stdp"] as const)(
    "is refused by %s",
    (name) => {
      expect(() => make(name, { keepDrives: false })).toThrow(
        expect.objectContaining({
          code: "usage",
          message: expect.stringMatching(/^rule: expected a pair with keepDrives true/),
        }),
      );
    },
  );

  it("will do for local losses, which learn stage by stage", () => {
    expect(() => make("local-losses", { keepDrives: false })).not.toThrow();
  });
});

describe("a pair of random target codes", () => {
  it("is refused by r-stdp, whose winner is one neuron", () => {
    expect(() => make("r-stdp", { target: "random" })).toThrow(
      expect.objectContaining({
        code: "usage",
        message: expect.stringMatching(/^rule: expected a pair with target one-hot, got random/),
      }),
    );
  });

  it.each(NAMES.slice(0, 4))("will do for %s", (name) => {
    expect(() => make(name, { target: "random" })).not.toThrow();
  });
});
