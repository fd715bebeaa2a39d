/** Tasks in a pool: never more at once than allowed, each once, in order; none begun after a stop or a failure. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runPool } from "../../src/node/child.ts";

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await Promise.resolve();
};

describe("runPool", () => {
  it("runs each task once, in order, as many at once as it may and no more", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(9), { maxLength: 12 }),
        fc.integer({ min: 1, max: 5 }),
        async (lengths, limit) => {
          const begun: number[] = [];
          let [now, most] = [0, 0];
          await runPool(lengths, limit, async (length, index) => {
            begun.push(index);
            most = Math.max(most, ++now);
            await turns(length + 1);
            now--;
          });
          expect(begun).toEqual(lengths.map((_, index) => index));
          expect([now, most]).toEqual([0, Math.min(limit, lengths.length)]);
        },
      ),
    );
  });

  it("begins nothing after a stop, and waits for what is under way", async () => {
    const ended: number[] = [];
    let stopped = false;
    await runPool(
      [1, 2, 3, 4],
      2,
      async (task) => {
        await turns(5);
        stopped = true;
        ended.push(task);
      },
      () => stopped,
    );
    expect(ended).toEqual([1, 2]);
  });

  it("throws what a task throws, after the others under way have ended", async () => {
    const ended: number[] = [];
    const run = runPool([1, 2, 3], 2, async (task) => {
      if (task === 1) throw new Error("one");
      await turns(20);
      ended.push(task);
    });
    await expect(run).rejects.toThrow("one");
    expect(ended).toEqual([2]);
  });
});
