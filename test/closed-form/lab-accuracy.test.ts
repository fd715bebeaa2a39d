/** What the lab's accuracy chart shows, by hand. */
import { signal } from "@preact/signals";
import { expect, test } from "vitest";
import { accuracies } from "../../lab/src/draw/accuracy.ts";
import type { Run } from "../../lab/src/state/run.ts";

function run(steps: readonly number[], ends: readonly number[]): Pick<Run, "lines" | "epochs"> {
  const lines = steps.map((step) => ({ step, accuracy: step === steps[0] ? 1 : 0 })) as Run["lines"];
  return { lines, epochs: signal(ends.map((step, k) => ({ step, epoch: k + 1, validationAccuracy: 0.5 }))) };
}

test("an epoch's accuracy is shown whether or not its last batch is among those kept", () => {
  const [steps, batches, held] = accuracies([run([2, 4], [3, 4])]);
  expect(steps).toEqual([2, 3, 4]);
  expect(batches).toEqual([1, undefined, 0.9]);
  expect(held).toEqual([undefined, 0.5, 0.5]);
});

test("two runs share their steps", () => {
  const [steps, ...lines] = accuracies([run([1], []), run([2], [2])]);
  expect(steps).toEqual([1, 2]);
  expect(lines).toEqual([
    [1, undefined],
    [undefined, undefined],
    [undefined, 1],
    [undefined, 0.5],
  ]);
});
