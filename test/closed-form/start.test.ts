/** What nets are drawn as: weights and biases uniform within 1 / sqrt(fan-in), each block from a stream of its own; norms that change nothing, and moments of 0. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Team } from "../../src/engine/team.ts";
import type { Slot, Stateful } from "../../src/nets/parameters.ts";
import { RULES, smallRule } from "../support/image-rules.ts";
import { smallAutoencoder } from "../support/small-autoencoder.ts";
import { smallLearner } from "../support/small-learners.ts";
import { smallPair } from "../support/small-pair.ts";
import { smallBsd } from "../support/small-recurrent.ts";
import { smallRival } from "../support/small-rival.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 4096 });
});
afterAll(() => team.close());

/** How far a block of weights, and the bias beside it, may lie from 0. */
type Bound = (slot: Slot) => number;
const byFanIn: Bound = ({ shape }) => 1 / Math.sqrt(shape.slice(1).reduce((a, b) => a * b, 1));

/** Values that norms begin with. */
const NORM: Readonly<Record<string, number>> = { gamma: 1, beta: 0, mean: 0, variance: 1 };

function expectStart(net: Stateful, boundOf: Bound = byFanIn): void {
  const slots = [...net.slots(true)];
  const draws = new Map<string, string>();
  for (const slot of slots) {
    const { name } = slot;
    const values = slot.read();
    const kind = name.slice(name.lastIndexOf(".") + 1);
    const [layer] = name.split(/\.(?=[a-z]+$)/);
    if (name.startsWith("optimiser.")) expect(values.every((value) => value === 0)).toBe(true);
    else if (kind in NORM)
      expect(
        values.every((value) => value === NORM[kind]),
        name,
      ).toBe(true);
    else {
      const beside = ["weight", "recurrent"].map((block) => `${layer}.${block}`);
      const weights = kind === "bias" ? slots.find((other) => beside.includes(other.name))! : slot;
      const bound = boundOf(weights);
      const shares = values.map((value) => value / bound);
      const most = shares.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
      expect(most, name).toBeLessThanOrEqual(1 + 1e-6);
      // 0.6^n of all draws of n numbers stay below.
      if (values.length > 40) expect(most, name).toBeGreaterThan(0.6);
      const begins = String(Array.from(shares.subarray(0, 3), (share) => share.toFixed(4)));
      expect(draws.get(begins), `begins as ${name} does`).toBeUndefined();
      draws.set(begins, name);
    }
  }
}

/** Checks what a support function made, and closes its team. */
async function made<T extends { team: Team }>(build: Promise<T>, net: (built: T) => Stateful, bound?: Bound) {
  const built = await build;
  try {
    expectStart(net(built), bound);
  } finally {
    await built.team.close();
  }
}

describe.each(["mlp", "cnn"] as const)("%s", (kind) => {
  test.each([true, false])("perception and recall, norm %s", (norm) =>
    made(smallPair({ network: { kind, norm } }), ({ rule }) => rule),
  );

  test("what local losses' classifiers begin as", () =>
    made(smallRival({ name: "local-losses", kind }), ({ rule }) => rule));

  test("learned error weights", () =>
    made(
      smallPair({ network: { kind, keepDrives: true }, rule: { errorDepth: 1, errorWeights: "learned" } }),
      ({ rule }) => rule,
    ));

  test("autoencoders", () => made(smallAutoencoder({ network: { kind } }), ({ rule }) => rule));

  test.each(RULES)("%s's net and what it has beside it", (name) => {
    // What meets in one of dll's errors are the errors above.
    const above: Bound = ({ shape }) => 1 / Math.sqrt(shape.slice(0, -1).reduce((a, b) => a * b, 1));
    const bound: Bound = (slot) => (name === "dll" && slot.name.startsWith("feedback") ? above : byFanIn)(slot);
    expectStart(smallRule(team, name, { kind }), bound);
  });
});

test("recurrent pairs of symbols, of which one at a time is heard: within 1", () =>
  made(
    smallBsd(),
    ({ learner }) => learner,
    (slot) => (slot.name === "perception.stage2.weight" ? 1 : byFanIn(slot)),
  ));

test("recurrent pairs of values", () =>
  made(
    smallBsd({ network: { inputs: { kind: "values", width: 7 }, targets: { kind: "values", width: 3 } } }),
    ({ learner }) => learner,
  ));

test.each(["backprop-ann", "predictive-coding", "dll"] as const)("%s's non-spiking net, of symbols", (rule) =>
  made(
    smallLearner({ rule, kind: "symbols", hidden: [13, 17], window: 3, rows: 2 }),
    ({ learner }) => learner,
    (slot) => (slot.name === "perception.stage2.input" ? 1 : byFanIn(slot)),
  ),
);
