/** What is measured of a sequence does not depend on how many windows are perceived at once. */
import { expect, it } from "vitest";
import { assembleSequence } from "../../src/data/sequence/assemble.ts";
import { Team } from "../../src/engine/team.ts";
import { evaluateSequence } from "../../src/measure/sequence.ts";
import { resolveSequenceConfig } from "../../src/training/config.ts";
import { sequenceRequest } from "../../src/training/data-sources.ts";
import { createSequenceExperiment } from "../../src/training/experiment.ts";
import { bytesOf } from "../support/series-files.ts";
import { smallText } from "../support/small-sequence-run.ts";

it("firing rates and scores of a text, in batches of which the last is smaller", async () => {
  const team = await Team.create({ maximumPages: 2048 });
  const of = async (batch: number) => {
    const config = resolveSequenceConfig({
      ...{ task: "next-character", data: { text: "small.txt", window: 6 } },
      ...{ network: { hidden: [12, 8], steps: 3, threshold: { perception: 0.2 } }, train: { batch } },
    });
    const sequence = await assembleSequence(bytesOf(smallText()), "small.txt", sequenceRequest(config));
    const { learner } = createSequenceExperiment(team, config, sequence);
    // 11 windows.
    const range = { from: 0, to: 66 };
    return { batch: learner.maxRows, measured: await evaluateSequence(learner, sequence.set, sequence.about, range) };
  };
  const [whole, parts] = [await of(16), await of(4)];
  expect([whole.batch, parts.batch]).toEqual([16, 4]);
  const { rates, ...scores } = parts.measured;
  expect(whole.measured).toMatchObject(scores);
  expect(Math.min(...rates), "these nets are to fire").toBeGreaterThan(0);
  for (const [k, rate] of rates.entries()) expect(rate).toBeCloseTo(whole.measured.rates[k]!, 10);
  await team.close();
});
