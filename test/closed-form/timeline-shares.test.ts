/** Where two threads' time goes, from the spans of a step. */
import { expect, test } from "vitest";
import { sharesOf } from "../../bench/timeline.mjs";

test("time in kernels, waiting for another thread, and between kernels", () => {
  const name = "emit" as const;
  const spans = [
    // Both work, the second for longer: 2 ms of waiting.
    { name, thread: 0, from: 1, to: 3 },
    { name, thread: 1, from: 1, to: 5 },
    // One item is the last thread's alone, twice: 2 ms and 1 ms of waiting.
    { name, thread: 1, from: 5, to: 7 },
    { name, thread: 1, from: 8, to: 9 },
    { name, thread: 0, from: 9, to: 10 },
    { name, thread: 1, from: 9, to: 10 },
  ];
  const { busy, waiting, between } = sharesOf(spans, 2, 10);
  expect(busy).toBeCloseTo(11 / 20, 12);
  expect(waiting).toBeCloseTo(5 / 20, 12);
  // The first millisecond and the one from 7 to 8.
  expect(between).toBeCloseTo(2 / 10, 12);
});
