/** The work of stages and where it is cut, counted by hand. */
import { describe, expect, it } from "vitest";
import { balancedCuts, stageWork } from "../../src/cluster/balance.ts";
import { type Part, PartTrainee } from "../../src/cluster/part.ts";
import type { StepReport } from "../../src/rules/rule.ts";

describe("the work of a stage is perception's weights into it and recall's, times the places they are used at", () => {
  it("fully connected", () => {
    const image = { height: 2, width: 3, channels: 1 };
    // 6 pixels, 5 and 7 units, 4 classes: recall draws from 5; each hidden stage has both; the concept is perceived.
    expect(stageWork({ kind: "mlp", hidden: [5, 7] }, image, 4)).toEqual([5 * 6, 6 * 5 + 7 * 5, 5 * 7 + 4 * 7, 7 * 4]);
  });

  it("convolutional: perception convolves before it pools, recall after it upsamples", () => {
    const image = { height: 5, width: 7, channels: 3 };
    // Padded to 8 x 8; 4 channels of 4 x 4, 6 of 2 x 2; 10 classes.
    const [stimulus, between, top] = [9 * 3 * 4 * 64, 9 * 4 * 6 * 16, 6 * 4 * 10];
    expect(stageWork({ kind: "cnn", hidden: [4, 6] }, image, 10)).toEqual([
      stimulus,
      stimulus + between,
      between + top,
      top,
    ]);
  });
});

it.each([
  [[4, 1, 1, 2], 2, true, [2]],
  [[4, 1, 1, 2], 2, false, [1]],
  [[1, 1, 1, 5, 1, 1], 3, true, [3, 4]],
  [[1, 2, 3], 1, true, []],
  // Of equals the first.
  [[1, 1, 0, 1, 1], 2, true, [2]],
] as const)("%j in %i parts (1 and 2 together: %s) is cut after %j", (work, parts, direct, cuts) => {
  expect(balancedCuts(work, parts, direct)).toEqual(cuts);
});

it("there are no more parts than stages, where two stay together one less", () => {
  expect(() => balancedCuts([1, 1, 1], 3, true)).toThrow(
    /^expected 1 to 2 parts of 3 stages \(1 and 2 stay together\), got 3/,
  );
  expect(balancedCuts([1, 1, 1], 3, false)).toEqual([1, 2]);
});

it("a part's epoch is the mean over its images: a smaller last batch counts less", () => {
  const part = { config: { train: { batch: 16 } }, trainIndices: new Int32Array(20), range: { first: 2, last: 3 } };
  const trainee = new PartTrainee(part as unknown as Part);
  const report = (stageLosses: number[], correct: number, dead: number[], images: number) =>
    trainee.add({ stageLosses, correct, dead, images } as unknown as StepReport);
  report([9, 1, 2, 9], 8, [0.5, 0.25], 16);
  report([9, 3, 5, 9], 2, [1, 0.5], 4);
  const { losses, correct, dead } = trainee.epoch;
  const close = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 12));
  expect(losses).toEqual(close([1.4, 2.6]));
  expect([correct, ...dead]).toEqual(close([0.5, 0.6, 0.3]));
});
