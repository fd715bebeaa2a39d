/** Streams: a net that sees one element at a time answers as it does a whole window, and learns from the elements just seen as it does from a window that follows the same ones. */
import { describe, expect, test } from "vitest";
import { NORM_MOMENTUM } from "../../src/nets/norm.ts";
import { SequenceStream } from "../../src/problems/sequence-stream.ts";
import { drawParameters } from "../support/sequence-twin.ts";
import { randomSequence, sequenceRates, smallBsd } from "../support/small-recurrent.ts";

const WINDOW = 6;
const LENGTH = 18;

const ends = {
  symbols: { kind: "symbols", width: 7 },
  values: { kind: "values", width: 3 },
} as const;

type Kind = keyof typeof ends;

async function built(kind: Kind) {
  const network = { window: WINDOW, maxRows: 1, inputs: ends[kind], targets: ends[kind] };
  const made = await smallBsd({ network });
  drawParameters(made.learner, 6);
  return { ...made, set: randomSequence(network, LENGTH) };
}

/** Element n of one end. */
function elementOf(
  elements: ReturnType<typeof randomSequence>["inputs" | "targets"],
  n: number,
): number | Float32Array {
  if (elements.kind === "symbols") return elements.symbols[n]!;
  return elements.values.subarray(n * elements.width, (n + 1) * elements.width);
}

const tensorsOf = ({ learner }: Awaited<ReturnType<typeof built>>) =>
  Object.fromEntries([...learner.slots(true)].map(({ name, read }) => [name, [...read()]]));

describe.each(["symbols", "values"] as const)("%s", (kind) => {
  test("answers are, bit for bit, those of the same elements as one window; a reset begins anew", async () => {
    const made = await built(kind);
    const { team, learner, pair, set } = made;
    try {
      learner.load(set, Int32Array.of(4), 0, 1);
      const { view, stride } = learner.predict();
      const { width } = pair.options.targets;
      const whole = Array.from({ length: WINDOW }, (_, n) => [...view.subarray(n * stride, n * stride + width)]);
      const before = tensorsOf(made);
      const stream = new SequenceStream(learner);
      for (let pass = 0; pass < 2; pass++) {
        const answers = Array.from({ length: WINDOW }, (_, n) => [...stream.perceive(elementOf(set.inputs, 4 + n))]);
        expect(answers).toEqual(whole);
        // Without the reset, the second pass would go on from the first one's last element.
        stream.reset();
      }
      stream.perceive(elementOf(set.inputs, 9));
      expect([...stream.perceive(elementOf(set.inputs, 4))]).not.toEqual(whole[0]);
      expect(tensorsOf(made)).toEqual(before);
    } finally {
      await team.close();
    }
  });

  test("learning steps are those of windows that follow each other", async () => {
    const every = 4;
    const streamed = await built(kind);
    const windowed = await built(kind);
    try {
      const stream = new SequenceStream(streamed.learner, { every, learningRates: sequenceRates });
      windowed.learner.statistics = "running";
      const { pair, learner, set } = windowed;
      let states: Uint16Array[] | undefined;
      for (let from = 0; from + every <= LENGTH; from += every) {
        for (let n = from; n < from + every; n++) {
          stream.perceive(elementOf(set.inputs, n));
          stream.tell(elementOf(set.targets, n));
        }
        // What the stream kept are the spikes of its own answers, by the weights before the step.
        learner.loadPositions(set, Int32Array.of(from), 0, 1, every);
        const start = () => {
          pair.reset(every, 1);
          for (const [k, state] of (states ?? []).entries()) pair.perception[k]!.window!.resume(state, every, 1);
        };
        start();
        for (const layer of pair.perception) layer.forward({ positions: every, rows: 1 }, { train: false });
        const next = pair.perception.map((layer) => layer.window!.state(every, 1));
        start();
        // Its norms know something, as those of a net that was opened.
        const report = learner.stepFromHere(sequenceRates, Number.POSITIVE_INFINITY);
        states = next;
        expect(stream.report).toEqual(report);
        expect(tensorsOf(streamed)).toEqual(tensorsOf(windowed));
      }
      expect(learner.optimiser.steps).toBe(Math.floor(LENGTH / every));
    } finally {
      await Promise.all([streamed.team.close(), windowed.team.close()]);
    }
  });

  test("elements whose targets were not told are not learned from, and break the window", async () => {
    const { team, learner, set } = await built(kind);
    try {
      const stream = new SequenceStream(learner, { every: 3, learningRates: sequenceRates });
      const { steps } = learner.optimiser;
      const see = (n: number) => stream.perceive(elementOf(set.inputs, n));
      const tell = (n: number) => stream.tell(elementOf(set.targets, n));
      for (const n of [0, 1]) {
        see(n);
        tell(n);
      }
      see(2);
      // 2 was not told: 3 begins a new window.
      for (const n of [3, 4]) {
        see(n);
        tell(n);
        expect(learner.optimiser.steps).toBe(steps);
      }
      see(5);
      tell(5);
      expect(learner.optimiser.steps).toBe(steps + 1);
      expect(stream.report!.positions).toBe(3);
      expect(() => tell(6)).toThrow(/one target an element/);
    } finally {
      await team.close();
    }
  });
});

test("a net that was opened goes on from what its norms know; one that has learned nothing takes the first window's word", async () => {
  /** Running means of perception's first stage before and after one element is learned from, at a rate of 0. */
  const streamed = async (opened: boolean) => {
    const { team, learner, pair, set } = await built("symbols");
    try {
      const { norm, synapses } = pair.perception[0]!;
      const neurons = synapses.shape.channels;
      // As they lie at the start.
      for (const { norm: own } of [...pair.perception, ...pair.recall]) {
        own.runningMean.view.fill(0);
        own.runningVariance.view.fill(1);
      }
      if (opened) norm.runningMean.view.fill(3, 0, neurons);
      const means = () => [...norm.runningMean.view.subarray(0, neurons)];
      const before = means();
      const stream = new SequenceStream(learner, { every: 1, learningRates: { perception: 0, recall: 0 } });
      stream.perceive(elementOf(set.inputs, 0));
      stream.tell(elementOf(set.targets, 0));
      return { before, after: means() };
    } finally {
      await team.close();
    }
  };
  // Nothing precedes the element, so its drive is the same in both.
  const fresh = await streamed(false);
  expect(fresh.after.some((mean) => Math.abs(mean) > 0.1)).toBe(true);
  const { before, after } = await streamed(true);
  for (const [u, mean] of after.entries())
    expect(mean).toBeCloseTo((1 - NORM_MOMENTUM) * before[u]! + NORM_MOMENTUM * fresh.after[u]!, 5);
});

test("a step that fails is not tried for ever", async () => {
  const { team, learner, pair, set } = await built("symbols");
  try {
    const stream = new SequenceStream(learner, { every: 1, learningRates: sequenceRates });
    const weight = pair.conceptDrive.group.view("weight");
    const kept = weight.slice();
    stream.perceive(elementOf(set.inputs, 0));
    weight.fill(Number.NaN);
    expect(() => stream.tell(elementOf(set.targets, 0))).toThrow(/the loss is NaN/);
    weight.set(kept);
    const { steps } = learner.optimiser;
    stream.perceive(elementOf(set.inputs, 1));
    stream.tell(elementOf(set.targets, 1));
    expect(learner.optimiser.steps).toBe(steps + 1);
    expect(stream.report!.positions).toBe(1);
  } finally {
    await team.close();
  }
});

test("what a stream cannot use is refused by name", async () => {
  const { team, learner } = await built("symbols");
  const real = await built("values");
  try {
    expect(() => new SequenceStream(learner, { every: WINDOW + 1, learningRates: sequenceRates })).toThrow(
      /every: expected 0 to 6/,
    );
    expect(() => new SequenceStream(learner, { every: 1.5, learningRates: sequenceRates })).toThrow(/every/);
    expect(() => new SequenceStream(learner, { every: 2 })).toThrow(/learningRates/);
    const stream = new SequenceStream(learner, { every: 1, learningRates: sequenceRates });
    for (const bad of [7, -1, 1.5, Number.NaN, [1]])
      expect(() => stream.perceive(bad)).toThrow(/expected a symbol from 0 to 6/);
    stream.perceive(3);
    expect(() => stream.tell(7)).toThrow(/target: expected a symbol from 0 to 6/);
    // The stream goes on learning: the same element's target can still be told.
    const { steps } = learner.optimiser;
    stream.tell(6);
    expect(learner.optimiser.steps).toBe(steps + 1);
    const values = new SequenceStream(real.learner, { every: 1, learningRates: sequenceRates });
    expect(() => values.perceive([1, 2])).toThrow(/row of 3 values, got 2/);
    expect(() => values.perceive(1)).toThrow(/row of 3 values, got a number/);
    expect(() => values.perceive([1, 2, Number.NaN])).toThrow(/element: expected finite values, got NaN at 2/);
    values.perceive([1, 2, 3]);
    expect(() => values.tell([1, 2, Number.POSITIVE_INFINITY])).toThrow(
      /target: expected finite values, got Infinity at 2/,
    );
  } finally {
    await Promise.all([team.close(), real.team.close()]);
  }
});
