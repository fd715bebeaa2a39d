/** Tests of significance against published tables and examples, and against values that SciPy 1.17 and mpmath (40 digits) gave. */
import { describe, expect, it } from "vitest";
import { incompleteBeta, logGamma, pairedT, signedRank, twoSidedT } from "../../src/measure/statistics.ts";

/** |actual / expected - 1|: tails need as many digits as the middle. */
const relative = (actual: number, expected: number) => Math.abs(actual / expected - 1);

it.each([
  [0.1, 2.252712651734206],
  [0.5, 0.5723649429247001],
  [1.5, -0.12078223763524522],
  [5, 3.1780538303479458],
  [10.3, 13.482036786138359],
  [171.2, 707.60092684767],
])("log gamma of %d", (x, expected) => {
  expect(relative(logGamma(x), expected)).toBeLessThan(1e-13);
});

it.each([
  [0.5, 0.5, 0.1, 0.20483276469913345],
  [10, 0.5, 0.99, 0.6579281751567844],
  [0.5, 10, 0.01, 0.3420718248432155],
  [50, 60, 0.4, 0.12470685834310036],
  [500, 0.5, 0.999, 0.31731044730971714],
  [3.7, 1.2, 0.2, 0.003654530433491212],
])("I(%d, %d) at %d", (a, b, x, expected) => {
  // The front factor is the exponential of a difference of logarithms of gammas, up to some 3000 for a = 500.
  expect(relative(incompleteBeta(a, b, x), expected)).toBeLessThan(1e-11);
});

/** Critical values of t at two-sided 5 % and 1 %, as textbooks print them: three decimals. */
it.each([
  [1, 12.706, 63.657],
  [2, 4.303, 9.925],
  [3, 3.182, 5.841],
  [4, 2.776, 4.604],
  [5, 2.571, 4.032],
  [9, 2.262, 3.25],
  [10, 2.228, 3.169],
  [30, 2.042, 2.75],
  [120, 1.98, 2.617],
])("critical values of t with %d degrees of freedom", (degrees, five, one) => {
  for (const [t, p] of [
    [five, 0.05],
    [one, 0.01],
  ] as const) {
    expect(twoSidedT(t - 0.0005, degrees)).toBeGreaterThan(p);
    expect(twoSidedT(t + 0.0005, degrees)).toBeLessThan(p);
  }
});

it.each([
  [0.01, 3, 0.992649111412852],
  [0.5, 4, 0.6433299631818633],
  [2.5, 9, 0.033861827682985735],
  [2.5, 1000, 0.012578567801090807],
  [12.7, 4, 0.00022140907155096572],
  [12.7, 30, 1.3358175050038502e-13],
  [12.7, 1000, 2.2777600304967154e-34],
  [300, 9, 2.585841384038834e-19],
  [300, 30, 1.0019335007160198e-53],
])("P(|T| > %d) with %d degrees of freedom", (t, degrees, expected) => {
  expect(relative(twoSidedT(t, degrees), expected)).toBeLessThan(1e-11);
});

describe("Hollander and Wolfe's depression scores", () => {
  const first = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3];
  const second = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
  it("signed rank", () => {
    expect(signedRank(first, second)).toEqual({ n: 9, plus: 40, p: 0.0390625, leastP: 1 / 256 });
    expect(signedRank(second, first)).toMatchObject({ plus: 5, p: 0.0390625 });
  });
  it("paired t", () => {
    const { t, p, degrees } = pairedT(first, second)!;
    expect(degrees).toBe(8);
    expect(relative(t!, 3.0353754156485917)).toBeLessThan(1e-12);
    expect(relative(p!, 0.016176627434908088)).toBeLessThan(1e-11);
  });
});
