/** Decisions by the largest output. */
import { expect, test } from "vitest";
import { placeOfLargest } from "../../src/engine/elementary.ts";

test("the place of the largest, counted from where one begins; the first of equal ones", () => {
  const rows = Float32Array.of(0, 9, 3, 3, 1, 9, -2, -1);
  expect(placeOfLargest(rows)).toBe(1);
  expect(placeOfLargest(rows, 2)).toBe(3);
  expect(placeOfLargest(rows, 2, 3), "equal ones").toBe(0);
  expect(placeOfLargest(rows, 6, 2), "all negative").toBe(1);
  expect(placeOfLargest(rows, 4, 1), "one class").toBe(0);
});
