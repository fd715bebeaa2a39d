/** Elements one by one are the same net as elements in windows: the same bytes, the same learning, the same memory. */
import { afterEach, describe, expect, test } from "vitest";
import type { SequenceBsd } from "../../src/problems/sequence.ts";
import { resumePerception, stepperOf } from "../../src/problems/sequence-stepper.ts";
import { SequenceStream } from "../../src/problems/sequence-stream.ts";
import {
  elementOf,
  SMALL_RULES,
  type SmallLearner,
  type SmallLearnerOptions,
  smallLearner,
  trainABit,
} from "../support/small-learners.ts";
import { stateOf } from "../support/small-sequence.ts";

const open: SmallLearner[] = [];
afterEach(async () => {
  for (const { team } of open.splice(0)) await team.close();
});

async function made(options: SmallLearnerOptions): Promise<SmallLearner> {
  const small = await smallLearner(options);
  open.push(small);
  return small;
}

/** Outputs of windows at these starts, [row][position] of `targets.width` floats. */
function predicted({ learner, set }: SmallLearner, starts: readonly number[]): number[][][] {
  const { window } = learner;
  learner.load(set, Int32Array.from(starts), 0, starts.length);
  const { view, stride } = learner.predict();
  const row = (n: number, b: number) => {
    const at = (n * starts.length + b) * stride;
    return [...view.subarray(at, at + set.targets.width)];
  };
  return starts.map((_, b) => Array.from({ length: window }, (_, n) => row(n, b)));
}

/** The same element by element, from silence. */
function stepped({ learner, set }: SmallLearner, starts: readonly number[]): number[][][] {
  const stepper = stepperOf(learner);
  return starts.map((start) => {
    stepper.reset();
    return Array.from({ length: learner.window }, (_, n) => [...stepper.next(elementOf(set.inputs, start + n))]);
  });
}

describe.each(SMALL_RULES)("%s: a stepper's outputs are a window's, bit for bit", (rule) => {
  for (const kind of ["symbols", "values"] as const) {
    for (const hidden of [[37], [21, 34]]) {
      test(`${kind}, stages of ${hidden.join(" and ")}, one row and many`, async () => {
        const small = await made({ rule, kind, hidden, window: 9, rows: 20 });
        trainABit(small);
        const starts = Array.from({ length: 20 }, (_, b) => 3 + 11 * b);
        const wanted = stepped(small, starts);
        expect(predicted(small, starts)).toEqual(wanted);
        expect(predicted(small, [starts[4]!])).toEqual([wanted[4]]);
        // Outputs differ between elements and rows: equal bytes mean something.
        expect(new Set(wanted.flat().map(String)).size).toBeGreaterThan(100);
      });
    }
  }
});

test("bit for bit also where neurons fire so often that a batch's products would be taken from tables", async () => {
  for (const norm of [true, false]) {
    const options = {
      rule: "bsd",
      kind: "values",
      hidden: [40, 40],
      window: 16,
      rows: 64,
      threshold: 0.02,
      norm,
    } as const;
    const small = await made(options);
    trainABit(small, 1);
    const starts = Array.from({ length: 64 }, (_, b) => 5 * b);
    expect(predicted(small, starts).flat(2).join()).toBe(stepped(small, starts).flat(2).join());
    const { pair } = small.learner as SequenceBsd;
    const rates = pair.perception[1]!.rates();
    expect(rates.reduce((a, b) => a + b, 0) / rates.length).toBeGreaterThan(0.3);
  }
});

describe("an element that does not fit is refused and changes nothing", () => {
  test.each(SMALL_RULES)("%s", async (rule) => {
    const [symbols, values] = [
      await made({ rule, kind: "symbols", hidden: [18], window: 4, rows: 2 }),
      await made({ rule, kind: "values", hidden: [18], window: 4, rows: 2 }),
    ];
    const bad: [SmallLearner, readonly unknown[]][] = [
      [symbols, [11, -1, 0.5, Number.NaN, [0], undefined]],
      [
        values,
        [
          3,
          [1, 2],
          new Float32Array(12),
          Float32Array.from({ length: 11 }, (_, i) => (i === 7 ? Number.NaN : 0)),
          undefined,
        ],
      ],
      [values, [Array.from({ length: 11 }, (_, i) => (i === 2 ? Number.POSITIVE_INFINITY : 0))]],
    ];
    for (const [small, elements] of bad) {
      const [stepper, other] = [stepperOf(small.learner), stepperOf(small.learner)];
      stepper.next(elementOf(small.set.inputs, 0));
      for (const element of elements)
        expect(() => stepper.next(element as number)).toThrow(expect.objectContaining({ code: "usage" }));
      other.next(elementOf(small.set.inputs, 0));
      const wanted = [...other.next(elementOf(small.set.inputs, 1))];
      // The net's own rows were used by both; what counts is each stepper's state.
      expect([...stepper.next(elementOf(small.set.inputs, 1))]).toEqual(wanted);
    }
  });
});

test.each(SMALL_RULES)("%s: memory does not grow over 10,000 elements", async (rule) => {
  const small = await made({ rule, kind: "symbols", hidden: [16], window: 4, rows: 2 });
  const stepper = stepperOf(small.learner);
  stepper.next(0);
  const { used } = small.team.arena;
  for (let n = 0; n < 10_000; n++) stepper.next(n % 11);
  expect(small.team.arena.used).toBe(used);
});

describe("learning while inferring", () => {
  const rates = { perception: 0.01, recall: 0.01 };
  const stream = async (kind: "symbols" | "values", hidden: readonly number[] = [22]) => {
    const small = await made({ rule: "bsd", kind, hidden, window: 8, rows: 3 });
    trainABit(small);
    return { ...small, learner: small.learner as SequenceBsd };
  };

  test.each(["symbols", "values"] as const)(
    "%s: weights move at every fifth target and at no other moment",
    async (kind) => {
      const { learner, set } = await stream(kind);
      const sequence = new SequenceStream(learner, { every: 5, learningRates: rates });
      let before = stateOf(learner);
      for (let n = 0; n < 17; n++) {
        sequence.perceive(elementOf(set.inputs, n));
        expect(stateOf(learner), `element ${n}`).toEqual(before);
        sequence.tell(elementOf(set.targets, n));
        const after = stateOf(learner);
        if (n % 5 === 4) expect(after, `target ${n}`).not.toEqual(before);
        else expect(after, `target ${n}`).toEqual(before);
        before = after;
      }
    },
  );

  test.each([
    ["symbols", [22]],
    ["values", [22]],
    ["symbols", [19, 26]],
  ] as const)(
    "%s, %j: its second step is one of BSD on those elements, from the state before them",
    async (kind, hidden) => {
      const [one, other] = [await stream(kind, hidden), await stream(kind, hidden)];
      const { set } = one;
      const sequence = new SequenceStream(one.learner, { every: 5, learningRates: rates });
      const window = (learner: SequenceBsd, from: number, before: readonly Uint16Array[] | undefined) => {
        learner.loadPositions(set, Int32Array.of(from), 0, 1, 5);
        learner.pair.reset(5, 1);
        resumePerception(learner.pair, before, 5);
        learner.statistics = "running";
        return learner.stepFromHere(rates);
      };
      const past = (learner: SequenceBsd, from: number) => {
        const stepper = stepperOf(learner) as unknown as { next(e: unknown): void; state: readonly Uint16Array[] };
        for (let n = 0; n < from; n++) stepper.next(elementOf(set.inputs, n));
        return stepper.state;
      };
      // The state before the second window comes from the weights that were there when its elements were seen.
      const state = past(other.learner, 5);
      const reports = [window(other.learner, 0, undefined), window(other.learner, 5, state)];
      for (let n = 0; n < 10; n++) {
        sequence.perceive(elementOf(set.inputs, n));
        sequence.tell(elementOf(set.targets, n));
        if (n === 4) expect(sequence.report).toEqual(reports[0]);
      }
      expect(sequence.report).toEqual(reports[1]);
      expect(stateOf(one.learner)).toEqual(stateOf(other.learner));
    },
  );

  test("after a reset it answers as a new stream of the same weights, and learns on", async () => {
    const { learner, set } = await stream("symbols");
    const sequence = new SequenceStream(learner, { every: 4, learningRates: rates });
    const go = (from: number, count: number) => {
      const answers: number[][] = [];
      for (let n = from; n < from + count; n++) {
        answers.push([...sequence.perceive(elementOf(set.inputs, n))]);
        sequence.tell(elementOf(set.targets, n));
      }
      return answers;
    };
    go(0, 6);
    sequence.reset();
    const fresh = new SequenceStream(learner);
    const wanted = [20, 21, 22].map((n) => [...fresh.perceive(elementOf(set.inputs, n))]);
    expect(go(20, 3)).toEqual(wanted);
    const before = stateOf(learner);
    go(23, 1);
    expect(stateOf(learner)).not.toEqual(before);
  });

  test("a target that was not told leaves its window out; a wrong one is refused and can be told again", async () => {
    const { learner, set } = await stream("values");
    const sequence = new SequenceStream(learner, { every: 3, learningRates: rates });
    const before = stateOf(learner);
    for (const target of [0, 1]) {
      sequence.perceive(elementOf(set.inputs, target));
      sequence.tell(elementOf(set.targets, target));
    }
    sequence.perceive(elementOf(set.inputs, 2));
    for (const wrong of [4, [1], [Number.NaN, 0]])
      expect(() => sequence.tell(wrong)).toThrow(expect.objectContaining({ code: "usage" }));
    sequence.perceive(elementOf(set.inputs, 3));
    sequence.tell(elementOf(set.targets, 3));
    expect(() => sequence.tell(elementOf(set.targets, 3))).toThrow(/one target an element/);
    expect(stateOf(learner)).toEqual(before);
    for (const n of [4, 5]) {
      sequence.perceive(elementOf(set.inputs, n));
      sequence.tell(elementOf(set.targets, n));
    }
    expect(stateOf(learner)).not.toEqual(before);
  });

  test("memory does not grow over 10,000 elements", async () => {
    const { learner, set, team } = await stream("symbols", [16]);
    const sequence = new SequenceStream(learner, { every: 8, learningRates: { perception: 1e-4, recall: 1e-4 } });
    const go = (count: number) => {
      for (let n = 0; n < count; n++) {
        sequence.perceive(elementOf(set.inputs, n % 300));
        sequence.tell(elementOf(set.targets, n % 300));
      }
    };
    go(8);
    const { used } = team.arena;
    go(10_000);
    expect(team.arena.used).toBe(used);
  });
});
