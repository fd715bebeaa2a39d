/** Voltage traces of the reference neuron that can be checked by hand, and its gradient over two steps. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { heaviside, lifBackward, lifForward, smoothTwin } from "../reference/lif.ts";

const neuron = { theta: 0.6, tau: 2 };

/** One neuron under the given drives. */
const run = (drive: number[], options: { theta: number; tau: number; reset?: number } = neuron) => {
  const { membrane, spikes } = lifForward(Float64Array.from(drive), 1, options);
  return { membrane: [...membrane], spikes: [...spikes] };
};

describe("forward", () => {
  test("constant drive 1: charges to 0.75 in two steps, fires, starts over", () => {
    expect(run([1, 1, 1, 1])).toEqual({ membrane: [0.5, 0.75, 0.5, 0.75], spikes: [0, 1, 0, 1] });
  });

  test("below threshold: the membrane halves its distance to the drive at each step", () => {
    expect(run([0.5, 0.5, 0.5, 0])).toEqual({ membrane: [0.25, 0.375, 0.4375, 0.21875], spikes: [0, 0, 0, 0] });
  });

  test("reaching the threshold exactly is firing", () => {
    expect(run([1.2, 1.2])).toEqual({ membrane: [0.6, 0.6], spikes: [1, 1] });
  });

  test("inhibition holds the membrane below rest; it is not clipped", () => {
    expect(run([-1, 2])).toEqual({ membrane: [-0.5, 0.75], spikes: [0, 1] });
  });

  test("rest and reset lie at V_reset", () => {
    // From -1: H = -1 + (3 + 0)/2 = 0.5 stays below; then 0.5 + (3 - 1.5)/2 = 1.25 fires and falls back to -1.
    expect(run([3, 3, 3], { theta: 0.6, tau: 2, reset: -1 })).toEqual({
      membrane: [0.5, 1.25, 0.5],
      spikes: [0, 1, 0],
    });
  });

  test("neurons of a layer do not see each other", () => {
    const { spikes } = lifForward(Float64Array.from([1, 0.5, 1.2, 1, 0.5, 1.2]), 3, neuron);
    expect([...spikes]).toEqual([0, 0, 1, 1, 0, 1]);
  });

  test("under constant drive X the period is the least n with X (1 - (1 - 1/tau)^n) >= theta", () => {
    const drives = fc.double({ min: 0.65, max: 3, noNaN: true });
    fc.assert(
      fc.property(drives, fc.double({ min: 1.1, max: 4, noNaN: true }), (drive, tau) => {
        const exact = Math.log(1 - 0.6 / drive) / Math.log(1 - 1 / tau);
        fc.pre(Math.abs(exact - Math.round(exact)) > 1e-9);
        const period = Math.ceil(exact);
        const { spikes } = run(new Array(3 * period).fill(drive), { theta: 0.6, tau });
        expect(spikes).toEqual(spikes.map((_, t) => ((t + 1) % period === 0 ? 1 : 0)));
      }),
    );
  });

  test("a frozen reset takes the place of the spikes fired, which are still reported", () => {
    const { membrane, spikes } = lifForward(
      Float64Array.from([1, 1, 1]),
      1,
      neuron,
      heaviside,
      Float64Array.of(1, 0, 0),
    );
    expect([...membrane]).toEqual([0.5, 0.5, 0.75]);
    expect([...spikes]).toEqual([0, 0, 1]);
  });
});

describe("backward", () => {
  const slope = (h: number): number => 1 / (1 + (Math.PI * (h - 0.6)) ** 2);
  const backward = (drive: number[], gradSpikes: number[], gradMembrane: number[]) => {
    const trace = lifForward(Float64Array.from(drive), 1, neuron);
    return [...lifBackward(Float64Array.from(gradSpikes), Float64Array.from(gradMembrane), trace, 1, neuron)];
  };

  test("a silent first step passes half of the second step's error back", () => {
    const [first, second] = backward([0.5, 1], [0, 1], [0, 0]);
    expect(second).toBeCloseTo(slope(0.625) / 2, 15);
    expect(first).toBeCloseTo(slope(0.625) / 4, 15);
  });

  test("a spike cuts the past off, because the reset forgets it", () => {
    const [first, second] = backward([2, 1], [0, 1], [0, 0]);
    expect(second).toBeCloseTo(slope(0.5) / 2, 15);
    expect(first).toBe(0);
  });

  test("the membrane's own gradient skips the surrogate", () => {
    expect(backward([0.5, 0.5], [0, 0], [1, 1])).toEqual([0.75, 0.5]);
  });

  test("the twin's slope is the derivative of the twin, and at the threshold both are what the method says", () => {
    expect(smoothTwin.spike(0)).toBe(0.5);
    expect(heaviside.slope(0)).toBe(1);
    for (const x of [-3, -0.4, 0, 0.1, 2]) {
      const difference = (smoothTwin.spike(x + 1e-6) - smoothTwin.spike(x - 1e-6)) / 2e-6;
      expect(difference).toBeCloseTo(smoothTwin.slope(x), 8);
      expect(heaviside.slope(x)).toBe(smoothTwin.slope(x));
    }
  });

  test("the slope stays finite and positive far from the threshold", () => {
    for (let x = -100; x <= 100; x++) expect(heaviside.slope(x)).toBeGreaterThan(0);
  });
});
