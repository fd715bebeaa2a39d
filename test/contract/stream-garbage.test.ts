/**
 * A stream may run for months, so what it leaves to the garbage collector is kept small: V8 widens its young generation, and lets old garbage lie, by how much of it there is. Bytes are the
 * heap's growth over some elements and a learning step, which no collection makes smaller in the median.
 */
import { expect, test } from "vitest";
import { SequenceStream } from "../../src/problems/sequence-stream.ts";
import { randomSequence, sequenceRates, smallBsd } from "../support/small-recurrent.ts";

const EVERY = 16;
const MEASURED = 200;

test("an element leaves little garbage behind", async () => {
  const ends = { inputs: { kind: "symbols", width: 7 }, targets: { kind: "symbols", width: 7 } } as const;
  const network = { hidden: [320], window: EVERY, maxRows: 1, ...ends };
  const { team, learner } = await smallBsd({ network });
  try {
    const { inputs, targets } = randomSequence(network, EVERY);
    if (inputs.kind !== "symbols" || targets.kind !== "symbols") throw new Error("symbols were asked for");
    const stream = new SequenceStream(learner, { every: EVERY, learningRates: sequenceRates });
    const grown: number[] = [];
    for (let k = 0; k < 2 * MEASURED; k++) {
      const before = process.memoryUsage().heapUsed;
      for (let n = 0; n < EVERY; n++) {
        stream.perceive(inputs.symbols[n]!);
        stream.tell(targets.symbols[n]!);
      }
      // The first ones run as they are written, before they are compiled.
      if (k >= MEASURED) grown.push(process.memoryUsage().heapUsed - before);
    }
    const [median = Number.NaN] = grown.sort((a, b) => a - b).slice(MEASURED / 2);
    expect(median / EVERY).toBeGreaterThan(0);
    expect(median / EVERY).toBeLessThan(7000);
  } finally {
    await team.close();
  }
});
