/** What the training loop asks of an experiment and tells of it, from an experiment that learns nothing and writes everything down. */
import { describe, expect, it } from "vitest";
import { defaults } from "../../src/training/config.ts";
import type { Place, StepMoment, Trainable } from "../../src/training/trainable.ts";
import { learningRate, type Progress, type RunSink, trainExperiment } from "../../src/training/trainer.ts";

interface Kind {
  readonly report: { readonly counter: number };
  readonly step: StepMoment & { readonly kind: "step" };
  readonly epoch: { readonly kind: "epoch"; readonly step: number; readonly epoch: number };
  readonly checkpoint: Place;
}

interface Asked {
  readonly taken: readonly number[];
  readonly counter: number;
  readonly learningRates: { readonly perception: number; readonly recall: number };
}

const ITEMS = Int32Array.from({ length: 23 }, (_, k) => 100 + k);
const BATCH = 5;
const STEPS_PER_EPOCH = 5;
const EPOCHS = 3;
const TOTAL = STEPS_PER_EPOCH * EPOCHS;

/** Notes what it is asked for. `scores`: of the epochs' ends. */
function noting(scores: readonly (number | null)[] = [], settings: object = {}, items = ITEMS, batch = BATCH) {
  const stepsPerEpoch = Math.ceil(items.length / batch);
  const asked: Asked[] = [];
  const task: Trainable<Kind> = {
    train: {
      ...defaults.train,
      epochs: EPOCHS,
      batch,
      learningRate: 0.8,
      warmup: 3,
      recallLearningRate: 0.25,
      ...settings,
    },
    items,
    stepsPerEpoch,
    totalSteps: stepsPerEpoch * EPOCHS,
    batchAt: (k) => ({ from: k * batch, count: Math.min(batch, items.length - k * batch) }),
    step: (order, from, count, counter, learningRates) => {
      asked.push({ taken: [...order.subarray(from, from + count)], counter, learningRates });
      return { counter };
    },
    stepLine: (_report, moment) => ({ kind: "step", ...moment }),
    endEpoch: async (at) => ({ score: scores[at.epoch - 1] ?? null, line: { kind: "epoch", ...at } }),
    encode: (place, which) => new TextEncoder().encode(JSON.stringify({ ...place, which })),
    restore: (place) => place,
  };
  return { task, asked };
}

/** What a run told. */
async function told(experiment: ReturnType<typeof noting>, options: { resume?: Place; stopped?: () => boolean } = {}) {
  const progress: Progress[] = [];
  const lines: (Kind["step"] | Kind["epoch"])[] = [];
  const saved: (Place & { which: string })[] = [];
  const sink: RunSink<Kind> = {
    onStep: (_report, _line, at) => progress.push({ ...at, items: at.items.slice() }),
    onMetrics: (line) => lines.push(line),
    onCheckpoint: (_which, bytes) => saved.push(JSON.parse(new TextDecoder().decode(bytes))),
  };
  const result = await trainExperiment(experiment, { sink, ...options });
  return { progress, lines, saved, result };
}

it("every epoch takes every item once, in an order of its own, and says which items a step took", async () => {
  const experiment = noting();
  const { progress } = await told(experiment);
  const { asked } = experiment;
  expect(asked.map(({ counter }) => counter)).toEqual(Array.from({ length: TOTAL }, (_, k) => k));
  expect(progress.map(({ items }) => [...items])).toEqual(asked.map(({ taken }) => taken));
  const orders = Array.from({ length: EPOCHS }, (_, e) =>
    asked.slice(e * STEPS_PER_EPOCH, (e + 1) * STEPS_PER_EPOCH).flatMap(({ taken }) => taken),
  );
  for (const order of orders) expect(order.toSorted((a, b) => a - b)).toEqual([...ITEMS]);
  expect(new Set(orders.map(String)).size).toBe(EPOCHS);
});

it("recall's rate is its share of perception's, which follows the schedule", async () => {
  const experiment = noting();
  await told(experiment);
  for (const { counter, learningRates: rates } of experiment.asked) {
    expect(rates.perception).toBe(learningRate(experiment.task.train, counter, TOTAL));
    expect(rates.recall).toBe(rates.perception * 0.25);
  }
});

it("the time left runs out with the last step", async () => {
  const { progress } = await told(noting());
  const left = progress.map(({ secondsLeft }) => secondsLeft);
  expect(left.at(-1)).toBe(0);
  expect(left.slice(0, -1).every((seconds) => seconds > 0)).toBe(true);
  expect(progress.map(({ step, totalSteps }) => [step, totalSteps])).toEqual(left.map((_, k) => [k + 1, TOTAL]));
});

it.each([
  ["every step of a short epoch", 5, 1],
  ["every second one of 45 steps", 45, 2],
  ["every one of 39", 39, 1],
])("writes %s", async (_name, steps, every) => {
  const { lines } = await told(noting([], {}, new Int32Array(steps), 1));
  const written = lines.flatMap((line) => (line.kind === "step" ? [line.step] : []));
  const all = Array.from({ length: steps * EPOCHS }, (_, k) => k + 1);
  expect(written).toEqual(all.filter((step) => step % every === 0));
});

it("lets others work between any two steps, with a checkpoint of that moment, and while an epoch's end is measured, without", async () => {
  const experiment = noting();
  const { task } = experiment;
  const moments: (Place | undefined)[] = [];
  const measured: Trainable<Kind> = {
    ...task,
    endEpoch: async (at, seconds, pause) => {
      await pause!();
      return task.endEpoch(at, seconds);
    },
  };
  await trainExperiment(
    { task: measured },
    {
      pauseMilliseconds: 0,
      pause: async (moment) => {
        moments.push(moment && JSON.parse(new TextDecoder().decode(moment.encode())));
      },
    },
  );
  const epoch = (e: number) => [
    ...Array.from({ length: STEPS_PER_EPOCH }, (_, k) => ({
      ...{ step: STEPS_PER_EPOCH * e + k + 1, epoch: e, batch: k + 1, best: null, which: "last" },
    })),
    undefined,
  ];
  expect(moments).toEqual([...epoch(0), ...epoch(1), ...epoch(2)]);
});

it("counts the seconds of sessions before, but no session's pace with another's", async () => {
  const experiment = noting();
  const lines: Kind["step"][] = [];
  const left: number[] = [];
  const started = performance.now();
  const result = await trainExperiment(experiment, {
    secondsBefore: 1e6,
    sink: {
      onStep: (_report, line, { secondsLeft }) => {
        lines.push(line);
        left.push(secondsLeft);
      },
    },
  });
  const here = (performance.now() - started) / 1000;
  for (const [k, { seconds, batchesPerSecond }] of lines.entries()) {
    expect(seconds).toBeGreaterThanOrEqual(1e6);
    expect(seconds).toBeLessThanOrEqual(1e6 + here);
    // At least as fast as if the last step had come at the very end.
    expect(batchesPerSecond).toBeGreaterThanOrEqual((k + 1) / here);
    expect(left[k]).toBeLessThanOrEqual(here * TOTAL);
  }
  expect(result.seconds).toBeGreaterThanOrEqual(1e6);
});

describe("checkpoints", () => {
  const ends = (best: (Place["best"] | null)[]) =>
    best.map((own, e) => ({ step: 5 * (e + 1), epoch: e + 1, best: own }));

  it("the best is of the best epoch, the later of two; the last of every epoch knows it", async () => {
    const { saved, result } = await told(noting([0.5, 0.7, 0.7]));
    const [first, second, third] = [1, 2, 3].map((epoch) => ({ score: [0.5, 0.7, 0.7][epoch - 1]!, epoch }));
    const wanted = ends([first!, second!, third!]).flatMap((at) => [
      { ...at, batch: 0, which: "best" },
      { ...at, batch: 0, which: "last" },
    ]);
    expect(saved).toEqual(wanted);
    expect(result).toMatchObject({ finished: true, step: TOTAL, best: third });
  });

  it("a worse epoch leaves the best as it is, and what was held out of nothing has none", async () => {
    const worse = await told(noting([0.9, 0.1, 0.2]));
    expect(worse.saved.map(({ which }) => which)).toEqual(["best", "last", "last", "last"]);
    expect(worse.result.best).toEqual({ score: 0.9, epoch: 1 });
    const none = await told(noting([null, null, null]));
    expect(none.saved.map(({ which, best }) => [which, best])).toEqual(new Array(3).fill(["last", null]));
  });

  it("with no wait between them every step but an epoch's last is saved, and the end of that", async () => {
    const { saved } = await told(noting([], { checkpointSeconds: 0 }));
    expect(saved.map(({ step, batch }) => [step, batch])).toEqual(
      Array.from({ length: TOTAL }, (_, k) => [k + 1, (k + 1) % STEPS_PER_EPOCH]),
    );
  });

  it("a run that is stopped saves where it stands, and does what is left when it is resumed", async () => {
    const whole = noting();
    await told(whole);
    const first = noting();
    const { saved, result } = await told(first, { stopped: () => first.asked.length === 7 });
    expect(result).toMatchObject({ finished: false, step: 7 });
    const { which: _, ...place } = saved.at(-1)!;
    expect(place).toEqual({ step: 7, epoch: 1, batch: 2, best: null });
    const rest = noting();
    await told(rest, { resume: place });
    expect([...first.asked, ...rest.asked]).toEqual(whole.asked);
  });

  it.each([
    ["of a step that its epoch and batch do not make", { step: 8, epoch: 1, batch: 2, best: null }],
    ["beyond its epoch", { step: 6, epoch: 0, batch: 6, best: null }],
  ])("one %s is refused", async (_name, resume) => {
    const { step, epoch, batch } = resume;
    await expect(told(noting(), { resume })).rejects.toThrow(
      `the checkpoint stands at step ${step}, batch ${batch} of epoch ${epoch + 1}, which does not fit 5 batches an epoch`,
    );
  });
});
