/** Recall reconstructs from targets alone: those of a position and after it, whatever stands beside its window. */
import { afterEach, expect, test } from "vitest";
import type { SequenceSet } from "../../src/data/sequence/task.ts";
import type { SequenceBsd } from "../../src/problems/sequence.ts";
import { reconstructWindows } from "../../src/problems/sequence-reconstruct.ts";
import { type SmallLearner, type SmallLearnerOptions, smallLearner, trainABit } from "../support/small-learners.ts";

const WINDOW = 7;
const open: SmallLearner[] = [];
afterEach(async () => {
  for (const { team } of open.splice(0)) await team.close();
});

async function made(kind: SmallLearnerOptions["kind"], threads = 1): Promise<SmallLearner> {
  const small = await smallLearner({ rule: "bsd", kind, hidden: [23, 18], window: WINDOW, rows: 6, threads });
  open.push(small);
  trainABit(small);
  return small;
}

/** Reconstructed rows, [window * WINDOW + position]. */
function reconstructed({ learner }: SmallLearner, set: SequenceSet, starts: readonly number[]): string[] {
  const rows: string[] = [];
  reconstructWindows(learner as SequenceBsd, set, Int32Array.from(starts), (row, _, place) => {
    rows[place] = row.join();
  });
  return rows;
}

/** The side with every element before `end` that is not before `from` made another. */
function changed<Side extends SequenceSet["inputs"]>(side: Side, from: number, end: number): Side {
  if (side.kind === "symbols")
    return {
      ...side,
      symbols: side.symbols.map((symbol, n) => (n >= from && n < end ? (symbol + 1) % side.width : symbol)),
    };
  const inside = (at: number) => at >= from * side.width && at < end * side.width;
  return { ...side, values: side.values.map((value, at) => (inside(at) ? value + 1.7 : value)) };
}

const starts = [3, 40, 41, 90, 120, 200, 310, 77];

test.each(["symbols", "values"] as const)(
  "%s: no stimulus, no earlier target and no other window plays a part; later targets do",
  async (kind) => {
    const small = await made(kind);
    const { set } = small;
    const wanted = reconstructed(small, set, starts);
    expect(wanted).toHaveLength(starts.length * WINDOW);
    expect(new Set(wanted).size).toBeGreaterThan(10);
    expect(reconstructed(small, { ...set, inputs: changed(set.inputs, 0, 400) }, starts)).toEqual(wanted);
    expect(reconstructed(small, set, [90])).toEqual(wanted.slice(3 * WINDOW, 4 * WINDOW));
    // Window 0 begins at 3: its position 4 is element 7.
    const before = reconstructed(small, { ...set, targets: changed(set.targets, 3, 7) }, [3]);
    expect(before.slice(4)).toEqual(wanted.slice(4, WINDOW));
    expect(before.slice(0, 4)).not.toEqual(wanted.slice(0, 4));
    const after = reconstructed(small, { ...set, targets: changed(set.targets, 5, 10) }, [3]);
    expect(after.slice(0, 2)).not.toEqual(wanted.slice(0, 2));
  },
);

test("the same bytes for one and for two threads", async () => {
  const [one, two] = [await made("values"), await made("values", 2)];
  expect(reconstructed(two, two.set, starts)).toEqual(reconstructed(one, one.set, starts));
});
