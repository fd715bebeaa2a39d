/** Options of BSD that one problem had work in all of them: losses, blocks, bands, recall by its voltages, and networks that stay as they are drawn. */
import { expect, test } from "vitest";
import { frequencyDefaults } from "../../src/losses/bands.ts";
import type { HiddenOptions } from "../../src/rules/bsd.ts";
import { smallAutoencoder } from "../support/small-autoencoder.ts";
import { randomImages, smallPair } from "../support/small-pair.ts";
import { randomSequence, sequenceRates, smallBsd, startsOf } from "../support/small-recurrent.ts";

interface Tensor {
  readonly name: string;
  read(): Float32Array;
}

const problems = {
  classify: async (rule: Partial<HiddenOptions>) => {
    const { team, pair, rule: learner, step } = await smallPair({ network: { kind: "cnn", pool: 2 }, rule });
    return { team, learner, step: () => step(randomImages(pair, 6)) };
  },
  autoencode: async (rule: Partial<HiddenOptions>) => {
    const { team, rule: learner, show, step } = await smallAutoencoder({ network: { kind: "cnn" }, rule });
    show(6);
    return { team, learner, step: () => step(6) };
  },
  sequence: async (rule: Partial<HiddenOptions>) => {
    const { team, pair, learner } = await smallBsd({ rule: rule as object });
    learner.load(randomSequence(pair.options, 40), startsOf(4, 5), 0, 4);
    return { team, learner, step: () => learner.step(sequenceRates) };
  },
};

const frequency = { ...frequencyDefaults, on: true };
const rules: [string, Partial<HiddenOptions>][] = [
  ["blocks of bands", { rivals: "literal", block: 4, frequency, loss: "reco" }],
  ["margin and dots in bands", { rivals: "masked", frequency, loss: "infonce", affinity: "dots", margin: 1 }],
  ["mse, recall by its membranes", { rivals: "literal", loss: "mse", recallFeatures: "membrane", features: "rate" }],
];

test.each(Object.keys(problems).flatMap((problem) => rules.map(([name, rule]) => [problem, name, rule] as const)))(
  "%s learns with %s",
  async (problem, _name, rule) => {
    const { team, learner, step } = await problems[problem as keyof typeof problems](rule);
    try {
      const before = tensorsOf(learner.slots(false));
      const { stageLosses } = step();
      expect(stageLosses.every((loss) => Number.isFinite(loss) && loss !== 0)).toBe(true);
      expect(changed(before, tensorsOf(learner.slots(false)))).toEqual([...before.keys()].sort());
    } finally {
      await team.close();
    }
  },
);

test.each(Object.keys(problems))(
  "%s: a frozen network stays as it was drawn, but for perception's read-out",
  async (problem) => {
    for (const freeze of ["perception", "recall"] as const) {
      const { team, learner, step } = await problems[problem as keyof typeof problems]({ freeze });
      try {
        const before = tensorsOf(learner.slots(false));
        const { stageLosses } = step();
        const frozen = new RegExp(freeze === "recall" ? "^recall" : `^perception.stage(?!${stageLosses.length}\\b)`);
        const moved = changed(before, tensorsOf(learner.slots(false)));
        expect(moved).toEqual([...before.keys()].filter((name) => !frozen.test(name)).sort());
      } finally {
        await team.close();
      }
    }
  },
);

/** What is learned: running statistics are no weights. */
function tensorsOf(slots: Iterable<Tensor>): Map<string, Float32Array> {
  const learned = [...slots].filter(({ name }) => !/norm\.(mean|variance)$/.test(name));
  return new Map(learned.map(({ name, read }) => [name, read()]));
}

function changed(before: ReadonlyMap<string, Float32Array>, after: ReadonlyMap<string, Float32Array>): string[] {
  return [...before]
    .flatMap(([name, values]) => (after.get(name)!.some((x, i) => x !== values[i]) ? [name] : []))
    .sort();
}
