/** How an epoch is cut into batches: every item once, none too many at once, and none alone that need not be. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evenBatch, fullBatch } from "../../src/problems/problem.ts";

describe.each([
  ["full", (k: number, items: number, size: number) => fullBatch(k, items, size)],
  ["even", (k: number, items: number, size: number) => evenBatch(k, items, Math.ceil(items / size))],
])("%s batches", (_, batchAt) => {
  const cut = (items: number, size: number) =>
    Array.from({ length: Math.ceil(items / size) }, (_, k) => batchAt(k, items, size));

  it("follow each other from the first item to the last, of the size at most, and none of them empty", () => {
    const count = fc.integer({ min: 1, max: 400 });
    fc.assert(
      fc.property(count, fc.integer({ min: 1, max: 130 }), (items, size) => {
        let from = 0;
        for (const batch of cut(items, size)) {
          expect(batch.from).toBe(from);
          expect(batch.count).toBeGreaterThan(0);
          expect(batch.count).toBeLessThanOrEqual(size);
          from += batch.count;
        }
        expect(from).toBe(items);
      }),
    );
  });

  it("leave no item alone where three fit in a batch", () => {
    const size = fc.integer({ min: 3, max: 130 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), size, (batches, most) => {
        for (const { count } of cut(batches * most + 1, most)) expect(count).toBeGreaterThan(1);
      }),
    );
  });
});

it("full batches are full but for the last two where one item would be left", () => {
  const counts = (items: number) =>
    Array.from({ length: Math.ceil(items / 4) }, (_, k) => fullBatch(k, items, 4).count);
  expect(counts(12)).toEqual([4, 4, 4]);
  expect(counts(10)).toEqual([4, 4, 2]);
  expect(counts(13)).toEqual([4, 4, 2, 3]);
  expect(counts(5)).toEqual([2, 3]);
  expect(counts(1)).toEqual([1]);
});
