/** The course of the learning rate at its ends and in between, where its formula is a number known by heart. */
import { describe, expect, it } from "vitest";
import { learningRate } from "../../src/training/trainer.ts";

const STEPS = 24;
const train = (schedule: "cosine" | "constant", warmup: number) => ({ learningRate: 0.8, schedule, warmup });
const courseOf = (schedule: "cosine" | "constant", warmup: number, steps = STEPS) =>
  Array.from({ length: steps }, (_, step) => learningRate(train(schedule, warmup), step, steps));

describe.each(["cosine", "constant"] as const)("%s", (schedule) => {
  it("warms up by equal parts of the peak: the first step has one, the last of the warm-up all of it", () => {
    expect(courseOf(schedule, 4).slice(0, 5)).toEqual([0.2, 0.4, 0.8 * 0.75, 0.8, 0.8]);
  });

  it("without a warm-up begins at the peak", () => {
    expect(courseOf(schedule, 0)[0]).toBe(0.8);
  });

  it("warms up for as long as it is told where the training is shorter", () => {
    expect(courseOf(schedule, 40, 10)).toEqual(Array.from({ length: 10 }, (_, n) => (0.8 * (n + 1)) / 40));
  });
});

it("constant: the peak at every step after the warm-up", () => {
  expect(courseOf("constant", 4).slice(4)).toEqual(new Array(STEPS - 4).fill(0.8));
});

it.each([0, 4, 12])("cosine after a warm-up of %i: half the peak halfway, three quarters after a third", (warmup) => {
  const course = courseOf("cosine", warmup, warmup + 12).slice(warmup);
  const expected = [1, 0.75, 0.5, 0.25].map((share) => 0.8 * share);
  for (const [k, value] of expected.entries()) expect(course[[0, 4, 6, 8][k]!]).toBeCloseTo(value, 14);
  // The rate would be 0 at the step after the last.
  expect(course[11]).toBeCloseTo(0.4 * (1 - Math.cos(Math.PI / 12)), 14);
  expect(course).toEqual(course.toSorted((a, b) => b - a));
});
