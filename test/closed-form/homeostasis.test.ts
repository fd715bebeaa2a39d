/** Homeostasis of a pair: what a stage's loss has more, and the pull on each neuron, from firing rates counted spike by spike. Of a convolution a neuron is a channel. */
import { describe, expect, test } from "vitest";
import type { Layer } from "../../src/nets/layer.ts";
import { pixelsOf } from "../../src/nets/shape.ts";
import type { StepReport } from "../../src/rules/rule.ts";
import { classes, randomImages, type SmallOptions, type SmallPair, smallPair } from "../support/small-pair.ts";

const IMAGES = 5;
const STEPS = 4;
/** Below most neurons' rates: some are pulled, some are not. */
const TARGET = 0.12;
const WEIGHT = 7;

/** Firing rate of each channel over `rows` images or recalls. */
function ratesOf({ output, synapses: { shape } }: Layer, rows: number): number[] {
  const pixels = pixelsOf(shape);
  return Array.from({ length: shape.channels }, (_, channel) => {
    let spikes = 0;
    for (let row = 0; row < rows; row++)
      for (let t = 0; t < STEPS; t++)
        for (let pixel = 0; pixel < pixels; pixel++) if (output!.fired(row, t, pixel, channel)) spikes++;
    return spikes / (rows * STEPS * pixels);
  });
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const excess = (rate: number): number => Math.max(0, rate - TARGET);

/** A first step, and the pair it left. */
async function stepped<T>(options: SmallOptions, read: (made: SmallPair, report: StepReport) => T): Promise<T> {
  const made = await smallPair(options);
  try {
    return read(made, made.step(randomImages(made.pair, IMAGES)));
  } finally {
    await made.team.close();
  }
}

describe.each(["mlp", "cnn"] as const)("%s", (kind) => {
  describe.each(["prototypes", "literal"] as const)("%s", (rivals) => {
    const options = (weight: number): SmallOptions => ({
      network: { kind, threshold: { perception: 0.3, recall: 0.3 } },
      rule: { rivals, homeostasis: { weight, rate: TARGET } },
    });
    const recalls = rivals === "prototypes" ? classes : IMAGES;

    test("both networks' neurons above the rate cost their excess squared, and are pulled by it", async () => {
      const free = await stepped(options(0), (_, { stageLosses }) => stageLosses);
      await stepped(options(WEIGHT), ({ pair }, { stageLosses, perceptionRates, recallRates, dead }) => {
        for (const [k, { stage, perception, recall }] of [...pair.hiddenStages()].entries()) {
          const rates = { perception: ratesOf(perception, IMAGES), recall: ratesOf(recall, recalls) };
          const cost = (of: readonly number[]) => WEIGHT * mean(of.map((rate) => excess(rate) ** 2));
          const wanted = cost(rates.perception) + cost(rates.recall);
          expect(stageLosses[stage - 1]! - free[stage - 1]!, `stage ${stage}`).toBeCloseTo(wanted, 10);
          expect(perceptionRates[k]).toBeCloseTo(mean(rates.perception), 12);
          expect(recallRates[k]).toBeCloseTo(mean(rates.recall), 12);
          expect(dead[k]).toBe(mean(rates.perception.map((rate) => Number(rate === 0))));
          for (const [layer, own, rows] of [
            [perception, rates.perception, IMAGES],
            [recall, rates.recall, recalls],
          ] as const) {
            const spikes = rows * STEPS * pixelsOf(layer.synapses.shape);
            const pulled = own.map((rate) => (2 * WEIGHT * excess(rate)) / (own.length * spikes));
            for (const [channel, pull] of pulled.entries())
              expect(layer.regularisation.view[channel]! / (pull || 1), `${layer.name} ${channel}`).toBeCloseTo(
                pull ? 1 : 0,
                5,
              );
            expect(
              pulled.some((pull) => pull > 0),
              `${layer.name}: this test is to pull`,
            ).toBe(true);
          }
        }
      });
    });
  });
});
