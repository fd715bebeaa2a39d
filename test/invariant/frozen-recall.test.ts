/** A recall of sequences that learns at a rate of 0 keeps all that it could learn, and perception learns from it as before; only its norms go on observing its drives, as statistics are no weights. */
import { expect, test } from "vitest";
import { randomSequence, smallBsd, startsOf } from "../support/small-recurrent.ts";

async function stepped(recall: number) {
  const { team, pair, learner } = await smallBsd();
  try {
    const tensors = () => new Map([...learner.slots(true)].map(({ name, read }) => [name, String(read())]));
    const before = tensors();
    learner.load(randomSequence(pair.options, 20), startsOf(4, 5), 0, 4);
    learner.step({ perception: 0.01, recall });
    const after = tensors();
    return { after, moved: [...after.keys()].filter((name) => after.get(name) !== before.get(name)) };
  } finally {
    await team.close();
  }
}

test("at a rate of 0 its running statistics alone move, and perception as beside one that learns", async () => {
  const [frozen, free] = await Promise.all([stepped(0), stepped(0.01)]);
  const ofRecall = (names: readonly string[]) => names.filter((name) => /(^|\.)recall\./.test(name));
  const statistics = ["recall.stage2", "recall.stage3"].flatMap((layer) =>
    ["mean", "variance"].map((kind) => `${layer}.norm.${kind}`),
  );
  expect(ofRecall(frozen.moved).toSorted()).toEqual(statistics.toSorted());
  expect(ofRecall(free.moved).length).toBeGreaterThan(10);
  for (const [name, values] of frozen.after)
    if (/(^|\.)perception\./.test(name) || statistics.includes(name)) expect(values, name).toBe(free.after.get(name));
});
