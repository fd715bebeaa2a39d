/** Recurrent pairs: the same bytes whatever the number of threads, and again in the same process. */
import { expect, test } from "vitest";
import {
  randomSequence,
  type SmallSequenceOptions,
  sequenceRates,
  smallBackprop,
  smallBsd,
  startsOf,
} from "../support/small-recurrent.ts";

const makers = { bsd: smallBsd, backprop: smallBackprop };

/** Everything four steps leave behind: losses, tensors with their moments, gradients, and predictions. */
async function trained(rule: keyof typeof makers, options: SmallSequenceOptions): Promise<Record<string, unknown>> {
  const { team, pair, learner } = await makers[rule](options);
  try {
    const { window, maxRows } = pair.options;
    const losses: (readonly number[])[] = [];
    for (let step = 0; step < 4; step++) {
      // The last windows are fewer than there is room for.
      const rows = step === 3 ? maxRows - 1 : maxRows;
      learner.load(randomSequence(pair.options, window * maxRows, step), startsOf(maxRows, window), 0, rows);
      losses.push(learner.step(sequenceRates).stageLosses);
    }
    const gradients = pair.layers.map(({ group }) => [...group.gradients.view]);
    const { view } = learner.predict();
    const tensors = [...learner.slots(true)].map(({ name, read }) => [name, [...read()]]);
    return { losses, gradients, predictions: [...view], ...Object.fromEntries(tensors) };
  } finally {
    await team.close();
  }
}

const symbols = { kind: "symbols", width: 20 } as const;
const values = { kind: "values", width: 5 } as const;
const cases = (["bsd", "backprop"] as const).flatMap((rule) =>
  [
    { name: "symbols", network: { inputs: symbols, targets: symbols } },
    { name: "values", network: { inputs: values, targets: values } },
    { name: "no norm, recall of one element", network: { norm: false, recurrentRecall: false } },
    { name: "more rows than take a step together", network: { maxRows: 37, window: 3, hidden: [40] } },
  ].map((c) => ({ rule, ...c })),
);

test.each(cases)("$rule, $name: 1 to 3 threads", async ({ rule, network }) => {
  const alone = await trained(rule, { network });
  expect(Object.keys(alone).length).toBeGreaterThan(10);
  expect((alone.losses as number[][]).flat().every(Number.isFinite)).toBe(true);
  for (const threads of [1, 2, 3])
    expect(await trained(rule, { network, threads }), `${threads} threads`).toEqual(alone);
});

test("another seed gives other bytes", async () => {
  const [one, other] = [await trained("bsd", {}), await trained("bsd", { network: { seed: 12 } })];
  expect(one.losses).not.toEqual(other.losses);
});
