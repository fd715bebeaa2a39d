/** Latent spikes for given rates, statistics and images in between, against what can be said on paper. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { correlation } from "../../src/measure/similarity.ts";
import {
  CountStatistics,
  drawCorrelated,
  drawSpikes,
  evenTrains,
  interpolateRates,
  LatentStatistics,
  normalShare,
  prototypeRates,
  ratesOf,
  triangularRoot,
} from "../../src/problems/latent.ts";
import "../support/property-seed.ts";

const train = (rate: number, steps: number) => [...evenTrains([rate], 1, steps)].join("");

describe("even trains", () => {
  it("fire at the end of each period", () => {
    expect([0, 0.25, 0.5, 1].map((rate) => train(rate, 4))).toEqual(["0000", "0001", "0101", "1111"]);
    expect([3 / 8, 5 / 8].map((rate) => train(rate, 8))).toEqual(["00100101", "01011011"]);
  });

  it("round the rate to whole spikes", () => {
    expect([0.12, 0.13, 0.9].map((rate) => train(rate, 4))).toEqual(["0000", "0001", "1111"]);
  });

  it("lie as decode takes them: [row][step][neuron]", () => {
    expect([...evenTrains([0.5, 1, 0, 0.5], 2, 2)]).toEqual([0, 1, 1, 1, 0, 0, 0, 1]);
  });

  it("keep any count, with gaps that differ by one step at most", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.double({ min: 0, max: 1, noNaN: true }), (steps, rate) => {
        const spikes = evenTrains([rate], 1, steps);
        const fired = [...spikes.keys()].filter((t) => spikes[t] === 1);
        expect(fired).toHaveLength(Math.round(rate * steps));
        const gaps = fired.map((t, k) => t - (k === 0 ? -1 : fired[k - 1]!));
        if (gaps.length > 0) expect(Math.max(...gaps) - Math.min(...gaps)).toBeLessThanOrEqual(1);
        // The last spike closes the last period, so nothing is left over behind it.
        if (fired.length > 0) expect(fired.at(-1)).toBe(steps - 1);
        expect(ratesOf(spikes, 1, steps)[0]).toBeCloseTo(Math.round(rate * steps) / steps, 12);
      }),
    );
  });

  it("refuse what is no rate", () => {
    for (const rate of [-0.1, 1.1, Number.NaN])
      expect(() => evenTrains([rate], 1, 4)).toThrow(/expected firing rates from 0 to 1/);
    expect(() => evenTrains([0, 0, 0], 2, 4)).toThrow(/rates for 2 neurons a row, got 3/);
  });
});

/** Two classes of two neurons and two steps: class 0 has images 10 01 and 11 00, class 2 has 01 01. */
function statistics(): LatentStatistics {
  const made = new LatentStatistics(3, 2, 2);
  made.add(Uint8Array.of(1, 0, 0, 1, 0, 1, 0, 1), [0, 2]);
  made.add(Uint8Array.of(1, 1, 0, 0), [0]);
  return made;
}

describe("statistics of classes", () => {
  it("are shares of images at each step, whatever the batches", () => {
    const made = statistics();
    expect([...made.images]).toEqual([2, 0, 1]);
    expect([...made.probabilities(0)]).toEqual([1, 0.5, 0, 0.5]);
    expect([...made.probabilities(2)]).toEqual([0, 1, 0, 1]);
    expect(() => made.probabilities(1)).toThrow(/class 1: there is no image/);
  });

  it("take in no image of another class or size, nor those that came with it", () => {
    const made = statistics();
    expect(() => made.add(Uint8Array.of(1, 0, 0, 1, 1, 1, 1, 1), [0, 3])).toThrow(/label 1: expected 0 to 2/);
    expect(() => made.add(Uint8Array.of(1, 0, 0), [0])).toThrow(/expected 1 x 4 spikes, got 3/);
    expect([...made.images]).toEqual([2, 0, 1]);
  });

  it("prototypes are their means over time", () => {
    expect([...prototypeRates(statistics(), [2, 0])]).toEqual([0, 1, 0.5, 0.5]);
    expect(() => prototypeRates(statistics(), [1])).toThrow(/class 1: there is no image/);
  });

  it("drawn: never where p = 0, always where p = 1, as often as p says between, the same for the same seed", () => {
    const p = Float64Array.of(0, 1, 0.3);
    const samples = 4000;
    const drawn = drawSpikes(p, samples, 7, "a");
    const share = (n: number) => drawn.filter((_, i) => i % 3 === n).reduce((sum, s) => sum + s, 0) / samples;
    expect([share(0), share(1)]).toEqual([0, 1]);
    // Four standard deviations of the mean of 4000 draws.
    expect(Math.abs(share(2) - 0.3)).toBeLessThan(4 * Math.sqrt((0.3 * 0.7) / samples));
    expect(drawSpikes(p, 10, 7, "a")).toEqual(drawn.subarray(0, 30));
    expect(drawSpikes(p, samples, 8, "a")).not.toEqual(drawn);
    expect(drawSpikes(p, samples, 7, "b")).not.toEqual(drawn);
  });
});

describe("interpolation", () => {
  it("goes straight from end to end", () => {
    const rates = interpolateRates([0, 1, 0.5], [1, 1, 0], 5);
    expect([...rates]).toEqual([0, 1, 0.5, 0.25, 1, 0.375, 0.5, 1, 0.25, 0.75, 1, 0.125, 1, 1, 0]);
  });

  it("stays within 0..1, so that trains can be made of it", () => {
    const rate = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(rate, rate, fc.integer({ min: 2, max: 50 }), (from, to, frames) => {
        const rates = interpolateRates([from], [to], frames);
        expect([rates[0], rates.at(-1)]).toEqual([from, to]);
        expect(() => evenTrains(rates, 1, 8)).not.toThrow();
      }),
    );
  });

  it("needs two frames and ends of one width", () => {
    expect(() => interpolateRates([0], [1], 1)).toThrow(/at least 2 frames, got 1/);
    expect(() => interpolateRates([0], [1, 1], 2)).toThrow(/got 1 and 2 neurons/);
  });
});

describe("correlated draws", () => {
  it("Phi is that of the tables", () => {
    for (const [x, share] of [
      [0, 0.5],
      [1, 0.8413447461],
      [-1, 0.1586552539],
      [1.96, 0.9750021049],
      [-3, 0.001349898],
    ] as const)
      expect(Math.abs(normalShare(x) - share)).toBeLessThan(7.5e-8);
    expect([normalShare(-50), normalShare(50)]).toEqual([0, 1]);
  });

  it("the triangular root multiplies back, also of a matrix without full rank", () => {
    // 4 neurons from 2 independent causes; the last one always as the first.
    const factors = [1, 0, 0.6, 0.8, 0, 1, 1, 0];
    const matrix = Float64Array.from({ length: 16 }, (_, i) => {
      const [n, m] = [Math.floor(i / 4), i % 4];
      return factors[2 * n]! * factors[2 * m]! + factors[2 * n + 1]! * factors[2 * m + 1]!;
    });
    const root = triangularRoot(matrix, 4);
    for (let i = 0; i < 16; i++) {
      const [n, m] = [Math.floor(i / 4), i % 4];
      let sum = 0;
      for (let k = 0; k < 4; k++) sum += root[n * 4 + k]! * root[m * 4 + k]!;
      expect(Math.abs(sum - matrix[i]!)).toBeLessThan(1e-12);
      if (m > n) expect(root[i]).toBe(0);
    }
  });

  /** Neuron 0 fires 0 to 4 times at random, neuron 1 as often, neuron 2 as often as it does not, neuron 3 on its own, neuron 4 always twice. */
  function observed(): CountStatistics {
    const made = new CountStatistics(5, 4);
    const stream = new RandomStream(1, "counts");
    for (let image = 0; image < 1000; image++) {
      const [own, other] = [stream.below(5), stream.below(5)];
      made.add(
        evenTrains(
          [own, own, 4 - own, other, 2].map((count) => count / 4),
          5,
          4,
        ),
      );
    }
    return made;
  }

  it("statistics are those of the counts", () => {
    const made = observed();
    const r = made.correlations();
    expect([r[1], r[2], r[4], r[24]].map((value) => Math.round(1e9 * value!) / 1e9)).toEqual([1, -1, 0, 1]);
    expect(Math.abs(r[3]!)).toBeLessThan(4 / Math.sqrt(1000));
    const shares = made.distribution();
    expect([...shares.subarray(20)]).toEqual([0, 0, 1, 1, 1]);
    expect(shares[4]).toBe(1);
  });

  it("keep each neuron's distribution, and which neurons fire together", () => {
    const made = observed();
    const samples = 2000;
    const spikes = drawCorrelated(made, samples, 3, "class 0");
    const counts = ratesOf(spikes, 5, 4).map((rate) => 4 * rate);
    const of = (n: number) => counts.filter((_, i) => i % 5 === n);
    expect(new Set(of(4))).toEqual(new Set([2]));
    expect(of(1)).toEqual(of(0));
    expect(correlation(of(0), of(2))).toBeLessThan(-0.9);
    expect(Math.abs(correlation(of(0), of(3)))).toBeLessThan(0.1);
    const shares = made.distribution();
    for (let k = 0; k < 4; k++) {
      const drawn = of(3).filter((count) => count <= k).length / samples;
      expect(Math.abs(drawn - shares[15 + k]!)).toBeLessThan(4 * Math.sqrt(0.25 / samples));
    }
    expect(drawCorrelated(made, 5, 3, "class 0")).toEqual(spikes.subarray(0, 100));
  });

  it("refuse a class without images and a latent too wide", () => {
    expect(() => drawCorrelated(new CountStatistics(2, 4), 1, 1, "class 1")).toThrow(/class 1: there is no image/);
    expect(() => new CountStatistics(2049, 4)).toThrow(/at most 2048 neurons, got 2049/);
  });
});
