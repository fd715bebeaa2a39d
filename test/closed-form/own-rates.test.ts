/**
 * Which learning rate each group of parameters learns at: from moments of 0 AdamW's first step moves a parameter by its rate, whatever the gradient, but for gradients next to nothing. So the
 * parameter that moved most tells the rate.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Team } from "../../src/engine/team.ts";
import type { PairOptions } from "../../src/nets/pair.ts";
import type { ParameterGroup } from "../../src/nets/parameters.ts";
import type { BsdOptions } from "../../src/problems/classify.ts";
import type { ImageDll } from "../../src/rules/dll.ts";
import type { LocalLosses } from "../../src/rules/local-losses.ts";
import type { MirroredNets } from "../../src/rules/mirrored-nets.ts";
import { loadImages, RULES, smallRule } from "../support/image-rules.ts";
import { randomImages, smallPair } from "../support/small-pair.ts";
import { show, smallRival } from "../support/small-rival.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 4096 });
});
afterAll(() => team.close());

const RATES = { perception: 0.01, recall: 0.03 };
const OPTIMISER = { weightDecay: 0, clip: 0 };

/** Largest way any parameter of a group goes in a step. */
function ways(groups: readonly ParameterGroup[], step: () => void): Record<string, number> {
  const before = groups.map(({ parameters }) => parameters.view.slice());
  step();
  return Object.fromEntries(
    groups.map(({ name, parameters }, k) => [
      name,
      parameters.view.reduce((most, value, i) => Math.max(most, Math.abs(value - before[k]![i]!)), 0),
    ]),
  );
}

function expectRates(found: Record<string, number>, rateOf: (name: string) => number): void {
  for (const [name, way] of Object.entries(found)) expect(way / rateOf(name), name).toBeCloseTo(1, 2);
}

const variants: [name: string, rule: Partial<BsdOptions>, network: Partial<PairOptions>][] = [
  ["as the method has it", {}, {}],
  ["not detached", { detached: false }, { keepDrives: true }],
  ["errors that reach one stage by recall", { errorDepth: 1 }, { keepDrives: true }],
  [
    "errors that reach all stages by learned error weights",
    { errorDepth: 9, errorWeights: "learned" },
    { keepDrives: true },
  ],
  ["perception frozen, not detached", { detached: false, freeze: "perception" }, { keepDrives: true }],
];

describe.each(["mlp", "cnn"] as const)("%s", (kind) => {
  test.each(variants)("bsd, %s: each network at its own rate", async (_name, rule, network) => {
    const small = await smallPair({ network: { kind, ...network }, rule, optimiser: OPTIMISER });
    try {
      const { pair } = small;
      const images = randomImages(pair, 6);
      show(pair, images);
      const learning = pair.layers.filter(
        (layer) => rule.freeze !== "perception" || layer === pair.conceptDrive || pair.recall.includes(layer),
      );
      const found = ways(
        learning.map(({ group }) => group),
        () => small.rule.step({ labels: Uint16Array.from(images.labels), counter: 0 }, RATES),
      );
      expectRates(found, (name) => (name.startsWith("recall") ? RATES.recall : RATES.perception));
    } finally {
      await small.team.close();
    }
  });

  test.each(["backprop", "feedback-alignment", "direct-feedback-alignment", "local-losses", "r-stdp"] as const)(
    "%s: all at perception's, r-stdp's hidden stages at their share of it",
    async (name) => {
      const rival = await smallRival({ name, kind, train: OPTIMISER });
      try {
        const { pair, rule, config } = rival;
        const images = randomImages(pair, 6);
        show(pair, images);
        const beside = name === "local-losses" ? (rule as LocalLosses).classifiers : [];
        const groups = [...pair.perception, ...beside.map(({ parameters }) => parameters)].map(({ group }) => group);
        const found = ways(groups, () => rule.step({ labels: Uint16Array.from(images.labels), counter: 0 }, RATES));
        const share = name === "r-stdp" ? config.rule.stdp.hidden : 1;
        expectRates(found, (of) => (of === pair.conceptDrive.name ? 1 : share) * RATES.perception);
      } finally {
        await rival.team.close();
      }
    },
  );

  test.each(RULES)("%s: the net at perception's, feedback at recall's, dll's at its share of perception's", (name) => {
    const rule = smallRule(team, name, { kind });
    const labels = loadImages(rule, 9);
    const beside = name === "dll" ? (rule as ImageDll).feedback : ((rule as MirroredNets).feedback?.layers ?? []);
    const found = ways(
      [...rule.net.layers, ...beside].map(({ group }) => group),
      () => rule.step({ labels, counter: 0 }, RATES),
    );
    const down = name === "dll" ? 0.1 * RATES.perception : RATES.recall;
    expectRates(found, (of) => (of.startsWith("feedback") ? down : RATES.perception));
  });
});
