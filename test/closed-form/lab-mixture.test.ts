/** Concepts between two concepts: who fires, counted. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { recallMixture } from "../../lab/src/worker/draw.ts";
import { mixedTrains, ROWS } from "../../lab/src/worker/mixture.ts";
import { imageBytes } from "../../src/data/dataset.ts";
import { recallImages } from "../../src/measure/recall.ts";
import { type TargetCode, targetCode } from "../../src/nets/target-codes.ts";
import { smallModel } from "../support/small-model.ts";

const codes = { "one-hot": targetCode("one-hot", 10, 0, 1), random: targetCode("random", 10, 24, 1) };
const train = ({ bits, width }: TargetCode, label: number) => [...bits.subarray(label * width, (label + 1) * width)];
/** In how many recalls each neuron fires. */
const fired = (code: TargetCode, a: number, b: number, share: number) => {
  const counts = new Array<number>(code.width).fill(0);
  for (const { bits, count } of mixedTrains(code, { a, b, share }))
    for (const [n, bit] of bits.entries()) counts[n]! += bit * count;
  return counts;
};
const label = fc.integer({ min: 0, max: 9 });
const share = fc.double({ min: 0, max: 1, noNaN: true });

describe.each(["one-hot", "random"] as const)("%s codes", (coding) => {
  const code = codes[coding];

  it("at the ends, and between a class and itself, is one train in all recalls: the class's own", () => {
    for (const [a, b, s, whose] of [
      [3, 8, 0, 3],
      [3, 8, 1, 8],
      [5, 5, 0.4, 5],
    ] as const) {
      const trains = mixedTrains(code, { a, b, share: s });
      expect(trains.map(({ bits, count }) => [[...bits], count])).toEqual([[train(code, whose), ROWS]]);
    }
  });

  it("between them, each neuron fires as often as (1 - s) A + s B says", () => {
    fc.assert(
      fc.property(label, label, share, (a, b, s) => {
        const [ofA, ofB] = [train(code, a), train(code, b)];
        for (const [n, count] of fired(code, a, b, s).entries()) {
          const expected = ROWS * ((1 - s) * ofA[n]! + s * ofB[n]!);
          expect(Math.abs(count - expected)).toBeLessThanOrEqual(0.5 + 1e-9);
        }
      }),
    );
  });

  it("has as many recalls in all, each train once", () => {
    fc.assert(
      fc.property(label, label, share, (a, b, s) => {
        const trains = mixedTrains(code, { a, b, share: s });
        expect(trains.reduce((sum, { count }) => sum + count, 0)).toBe(ROWS);
        expect(new Set(trains.map(({ bits }) => bits.join())).size).toBe(trains.length);
      }),
    );
  });

  it("neurons both fire for always fire, those neither fires for never do", () => {
    const [ofA, ofB] = [train(code, 1), train(code, 2)];
    for (const { bits } of mixedTrains(code, { a: 1, b: 2, share: 0.5 }))
      for (const [n, bit] of bits.entries()) if (ofA[n] === ofB[n]) expect(bit).toBe(ofA[n]);
  });
});

it("one-hot, half way: neurons change over each by themselves, so some recalls hold both concepts", () => {
  const trains = mixedTrains(codes["one-hot"], { a: 0, b: 1, share: 0.5 });
  const kinds = new Map(trains.map(({ bits, count }) => [`${bits[0]}${bits[1]}`, count]));
  expect([...kinds.keys()].sort()).toEqual(["00", "01", "10", "11"]);
  expect(kinds.get("11")).toBe(kinds.get("00"));
});

it.each([
  [{ a: 10, b: 0, share: 0 }, "mixture: expected classes from 0 to 9, got 10"],
  [{ a: 0, b: -1, share: 0 }, "mixture: expected classes from 0 to 9, got -1"],
  [{ a: 0, b: 1.5, share: 0 }, "mixture: expected classes from 0 to 9, got 1.5"],
  [{ a: 0, b: 1, share: 1.01 }, "mixture: expected a share from 0 to 1, got 1.01"],
  [{ a: 0, b: 1, share: Number.NaN }, "mixture: expected a share from 0 to 1, got NaN"],
])("refuses %o", (mixture, message) => {
  expect(() => mixedTrains(codes["one-hot"], mixture)).toThrow(message);
});

describe("recalled", () => {
  const meansOf = (size: number) => Float32Array.from({ length: 3 * size }, (_, i) => ((i * 37) % 101) / 100);

  it.each([
    ["one-hot codes", { network: {} }],
    ["random codes, more trains than recall runs at once", { network: { target: "random", targetSize: 24 } as const }],
    [
      "a cnn, in colour",
      { network: { kind: "cnn", hidden: [3, 4] } as const, shape: { height: 3, width: 5, channels: 3 } },
    ],
  ])("at the ends, %s: what recall draws of the classes themselves", async (_, options) => {
    const { team, model } = await smallModel(options);
    try {
      const size = imageBytes(model.data.shape);
      const means = meansOf(size);
      const { images } = recallImages(model, means);
      for (const [c, s] of [
        [0, 0],
        [2, 1],
      ] as const) {
        const { picture, concept } = recallMixture(model, means, { a: 0, b: 2, share: s })!;
        for (const [i, value] of picture.entries())
          expect(Math.abs(value - 255 * images[c * size + i]!), `pixel ${i} of ${c}`).toBeLessThan(0.51);
        expect([...concept]).toEqual(train(model.pair.target, c).map((bit) => 255 * bit));
      }
      const half = recallMixture(model, means, { a: 0, b: 2, share: 0.5 })!;
      expect(half.picture).not.toEqual(recallMixture(model, means, { a: 0, b: 2, share: 0 })!.picture);
      expect(half.stages.map(({ length }) => length)).toEqual(
        Array.from(model.pair.hiddenStages(), ({ recall }) => {
          const { height, width, channels } = recall.output!.shape;
          return height * width * channels;
        }),
      );
    } finally {
      await team.close();
    }
  });

  it("is nothing where there is perception alone", async () => {
    const { team, model } = await smallModel({ networks: "perception" });
    try {
      expect(recallMixture(model, meansOf(15), { a: 0, b: 1, share: 0.5 })).toBeNull();
    } finally {
      await team.close();
    }
  });
});
