/** What trainers and commands expect of the rules on non-spiking nets of images: reports, learning, scores, tensors, errors, threads. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Team } from "../../src/engine/team.ts";
import type { AnnImageLearner } from "../../src/rules/ann-images.ts";
import { CLASSES, loadImages, RULES, smallRule } from "../support/image-rules.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 8192 });
});
afterAll(() => team.close());

const RATES = { perception: 0.01, recall: 0.01 };
const OPTIMISER = { weightDecay: 0.01, clip: 1, clipScope: "stage" } as const;

/** Rules with a loss at every stage. */
const mirrored = (rule: string) => rule === "ccl" || rule === "bsd-ann";

const cases = RULES.flatMap((rule) => (["mlp", "cnn"] as const).map((kind) => ({ rule, kind })));

function state(learner: AnnImageLearner): Map<string, Float32Array> {
  return new Map([...learner.slots(true)].map((slot) => [slot.name, slot.read()]));
}

describe.each(cases)("$rule $kind", ({ rule, kind }) => {
  const build = (on: Team, seed = 1) => smallRule(on, rule, { kind, seed }, OPTIMISER);

  test("the report: a loss at the top, and a stage's own where the rule has one; no spikes", () => {
    const learner = build(team);
    const labels = loadImages(learner, 9);
    const report = learner.step({ labels, counter: 0 }, RATES);
    expect(report.stageLosses.length).toBe(4);
    expect(report.loss).toBeCloseTo(
      report.stageLosses.reduce((sum, loss) => sum + loss, 0),
      9,
    );
    for (const own of report.stageLosses.slice(0, 3)) expect(own > 0).toBe(mirrored(rule));
    expect(report.stageLosses[3]).toBeGreaterThan(0.5);
    expect(report).toMatchObject({ images: 9, perceptionRates: [], recallRates: [], dead: [] });
    expect(learner.maxImages).toBe(12);
  });

  test("it learns to name images it has not seen", () => {
    const learner = build(team);
    const first = learner.step({ labels: loadImages(learner, 12, 50), counter: 0 }, RATES);
    // Seven rectified units, compared by direction, and a read-out that follows them: bsd-ann takes longer.
    const steps = rule === "bsd-ann" ? 150 : 60;
    for (let step = 1; step < steps; step++)
      learner.step({ labels: loadImages(learner, 12, 50 + step), counter: step }, RATES);
    const labels = loadImages(learner, 12, 7);
    const { view, stride } = learner.scores(12);
    const decided = Array.from(labels, (_, b) => {
      const row = [...view.subarray(b * stride, b * stride + CLASSES)];
      return row.indexOf(Math.max(...row));
    });
    expect(decided.filter((label, b) => label === labels[b]).length).toBeGreaterThanOrEqual(11);
    const last = learner.step({ labels, counter: steps }, RATES);
    expect(last.stageLosses[3]).toBeLessThan(first.stageLosses[3]! / 2);
    expect(last.correct).toBeGreaterThanOrEqual(11);
  });

  test("rates of 0 leave every weight as it is", () => {
    const learner = build(team);
    const weights = [...learner.slots(false)].filter(({ name }) => !/mean|variance/.test(name));
    const before = weights.map((slot) => slot.read());
    learner.step({ labels: loadImages(learner, 6), counter: 0 }, { perception: 0, recall: 0 });
    expect(weights.map((slot) => slot.read())).toEqual(before);
  });

  test("tensors written into another learner: the same scores, and the same step", () => {
    const one = build(team);
    const labels = loadImages(one, 7);
    for (let step = 0; step < 3; step++) one.step({ labels, counter: step }, RATES);
    const other = build(team, 2);
    const saved = state(one);
    expect([...other.slots(true)].map(({ name }) => name)).toEqual([...saved.keys()]);
    for (const slot of other.slots(true)) slot.write(saved.get(slot.name)!);
    other.optimiser.steps = one.optimiser.steps;
    loadImages(other, 7);
    expect(other.scores(7).view).toEqual(one.scores(7).view);
    expect(other.step({ labels, counter: 3 }, RATES)).toEqual(one.step({ labels, counter: 3 }, RATES));
    expect(state(other)).toEqual(state(one));
    const fewer = new Set([...one.slots(false)].map(({ name }) => name));
    expect([...fewer].some((name) => name.startsWith("optimiser"))).toBe(false);
    expect([...fewer].some((name) => name.startsWith("feedback"))).toBe(false);
    expect([...saved.keys()].some((name) => name.startsWith("feedback"))).toBe(rule === "dll" || mirrored(rule));
  });

  test("an image alone has the same scores as in a batch", () => {
    const learner = build(team);
    learner.step({ labels: loadImages(learner, 12), counter: 0 }, RATES);
    const { stride } = learner.scores(12);
    const together = learner.scores(12).view.slice();
    const { stimulus, stimulusWidth: width } = learner;
    stimulus.view.copyWithin(0, 4 * width, 5 * width);
    expect(learner.scores(1).view).toEqual(together.subarray(4 * stride, 5 * stride));
  });

  test("a loss that is no number names its stage", () => {
    const learner = build(team);
    const labels = loadImages(learner, 4);
    learner.stimulus.view[3] = Number.NaN;
    const stage = mirrored(rule) ? 1 : 4;
    expect(() => learner.step({ labels, counter: 0 }, RATES)).toThrow(`stage ${stage}: the loss is NaN`);
  });
});
