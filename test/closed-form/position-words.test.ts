/** How far a training came, in words. */
import { expect, it } from "vitest";
import { describePosition } from "../../src/cli/commands/inspect-checkpoint.ts";

it.each([
  [{ step: 0, epoch: 0, batch: 0 }, "step 0, 0 epochs done"],
  [{ step: 6, epoch: 1, batch: 0 }, "step 6, 1 epoch done"],
  [{ step: 7, epoch: 1, batch: 1 }, "step 7, 1 epoch done and 1 batch of the next"],
  [{ step: 14, epoch: 2, batch: 2 }, "step 14, 2 epochs done and 2 batches of the next"],
])("%j: %s", (position, words) => {
  expect(describePosition(position)).toBe(words);
});
