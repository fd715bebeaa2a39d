/** Successive halving on results made up for it: who goes on follows by hand. */
import { describe, expect, it } from "vitest";
import { chooseCandidates, keptOf } from "../../src/cluster/sweep.ts";

const settings = { epochs: [1, 2], eta: 2 };
/** The test part says the opposite of the validation part. */
const run = (validation: number) => ({ validationAccuracy: validation, testAccuracy: 1 - validation });

describe("successive halving", () => {
  it("keeps the better ones by the validation part, not by the test part", () => {
    const runs = new Map([0.2, 0.9, 0.4, 0.6, 0.1].map((value, k) => [k, [run(value)]]));
    expect(chooseCandidates(runs, settings)).toEqual({
      ...{ figure: "validationAccuracy", better: "higher", kept: [1, 2, 3] },
      standings: [1, 3, 2, 0, 4].map((k) => ({ candidate: k, mean: runs.get(k)![0]!.validationAccuracy })),
    });
  });

  it("takes the mean over the seeds, and of equals the earlier", () => {
    const runs = new Map([
      [0, [run(0.9), run(0)]],
      [1, [run(0.5), run(0.5)]],
      [2, [run(0.75), run(0.25)]],
    ]);
    expect(chooseCandidates(runs, { ...settings, eta: 3 }).kept).toEqual([1]);
  });

  it("drops candidates that failed, even where fewer go on than might", () => {
    const runs = new Map([
      [0, [run(0.9), null]],
      [1, [run(0.1), run(0.1)]],
      [2, [null, null]],
    ]);
    expect(chooseCandidates(runs, settings).kept).toEqual([1]);
    expect(() => chooseCandidates(new Map([[0, [null]]]), settings)).toThrow(/no candidate has finished/);
    // The places are those of all candidates: of five with one that failed three go on.
    const five = new Map([0.1, 0.5, 0.4, 0.3, null].map((value, k) => [k, [value === null ? null : run(value)]]));
    expect(chooseCandidates(five, settings).kept).toEqual([1, 2, 3]);
  });

  it("takes the lower error, and the figure it is told", () => {
    const runs = new Map([0.3, 0.1].map((mse, k) => [k, [{ validation: { mse, bits: 2 - k, rate: mse } }]]));
    expect(chooseCandidates(runs, settings)).toMatchObject({ figure: "validation.mse", better: "lower", kept: [1] });
    const drawn = new Map([0.3, 0.1].map((validationMse, k) => [k, [{ validationMse }]]));
    expect(chooseCandidates(drawn, settings)).toMatchObject({ figure: "validationMse", better: "lower", kept: [1] });
    expect(chooseCandidates(runs, { ...settings, figure: "validation.rate", better: "higher" }).kept).toEqual([0]);
    expect(() => chooseCandidates(runs, { ...settings, figure: "validation.mae" })).toThrow(/validation\.mae/);
  });

  it("knows which way each kind of figure is better, unless it is told", () => {
    const runs = (validation: (k: number) => object) =>
      new Map([0, 1].map((k) => [k, [{ validation: validation(k) }]]));
    const of = (figure: string, more = {}) => {
      const [, ...path] = figure.split(".");
      const nested = (k: number) => path.toReversed().reduce<unknown>((inner, key) => ({ [key]: inner }), k) as object;
      return chooseCandidates(runs(nested), { ...settings, ...more, figure }).better;
    };
    expect(
      ["validation.accuracy", "validation.perception.psnr", "validation.perception.ssim"].map((name) => of(name)),
    ).toEqual(["higher", "higher", "higher"]);
    expect(["validation.bits", "validation.mse", "validation.perception.mse"].map((name) => of(name))).toEqual([
      "lower",
      "lower",
      "lower",
    ]);
    expect([of("validation.mse", { better: "higher" }), of("validation.accuracy", { better: "lower" })]).toEqual([
      "higher",
      "lower",
    ]);
  });

  it("ceil(n / eta) go on", () => {
    expect([keptOf(9, 3), keptOf(10, 3), keptOf(2, 3)]).toEqual([3, 4, 1]);
  });
});
