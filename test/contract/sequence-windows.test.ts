/** Windows a net has no place for are refused, by nets of either kind, and good ones are laid position by position. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SequenceSet, TextSummary } from "../../src/data/sequence/task.ts";

import { gatherSymbols, gatherValues } from "../../src/data/sequence/windows.ts";
import { Team } from "../../src/engine/team.ts";
import { resolveSequenceConfig } from "../../src/training/config.ts";
import { createSequenceLearner } from "../../src/training/nets-and-rules.ts";

const all = { from: 0, to: 10 };
const setOf = (symbols: number[], width = 3): SequenceSet => ({
  name: "abc",
  inputs: { kind: "symbols", width, symbols: Uint16Array.from(symbols) },
  targets: { kind: "symbols", width, symbols: Uint16Array.from(symbols).subarray(1) },
  parts: { train: all, validation: all, test: all },
});
const good = [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1];

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 1024 });
});
afterAll(() => team.close());

describe.each(["bsd", "backprop", "dll"])("%s", (rule) => {
  const learner = () => {
    const config = resolveSequenceConfig({
      ...{ task: "next-character", data: { text: "abc", window: 4 }, network: { hidden: [5], steps: 2 } },
      ...{ rule: { name: rule }, train: { batch: 2 } },
    });
    return createSequenceLearner(team, config, { kind: "text", alphabet: ["a", "b", "c"] } as unknown as TextSummary);
  };

  it.each([
    [
      "another width",
      setOf(good, 4),
      [0],
      "shape",
      /the net's inputs are symbols of width 3, the sequence's are symbols of/,
    ],
    ["more windows than rows", setOf(good), [0, 1, 2], "usage", /expected 1 to 2 of 3 windows, got 3 from window 0 on/],
    ["no windows", setOf(good), [], "usage", /expected 1 to 2 of 0 windows, got 0/],
    ["a window past the last target", setOf(good), [7], "usage", /a window of 4 at position 7 leaves the 10 positions/],
    ["a window before the first", setOf(good), [-1], "usage", /a window of 4 at position -1/],
    [
      "a symbol too many",
      setOf([0, 1, 3, 0, 1, 2]),
      [0],
      "data",
      /expected symbols below 3, got 3 in the inputs at position 2/,
    ],
  ] as const)("refuses %s", (_what, set, starts, code, message) => {
    expect(() => learner().load(set, Int32Array.from(starts), 0, starts.length)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  it("takes those that fit", () => {
    const net = learner();
    net.load(setOf(good), Int32Array.of(9, 0, 6), 1, 2);
    expect(net.step({ perception: 0.01, recall: 0.01 }).positions).toBe(8);
  });
});

it("position n of window b comes to row n * windows + b", () => {
  const run = { starts: Int32Array.of(7, 1, 3), from: 1, count: 2, window: 3 };
  const symbols = Uint16Array.of(10, 11, 12, 13, 14, 15);
  const name = { set: "x", side: "inputs" } as const;
  const out = gatherSymbols({ kind: "symbols", width: 20, symbols }, run, new Uint16Array(6), name);
  expect([...out]).toEqual([11, 13, 12, 14, 13, 15]);
  const values = Float32Array.from({ length: 12 }, (_, i) => i);
  const rows = gatherValues({ kind: "values", width: 2, values }, run, new Float32Array(18).fill(-1), 3);
  expect([...rows]).toEqual([2, 3, -1, 6, 7, -1, 4, 5, -1, 8, 9, -1, 6, 7, -1, 10, 11, -1]);
});
