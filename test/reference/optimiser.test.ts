/** AdamW and clipping (kernels `adamw`, `sumSquares`) against the float64 reference, over several steps; lengths around the kernels' block of 2048. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { ParameterGroup } from "../../src/nets/parameters.ts";
import { AdamW } from "../../src/rules/optimiser.ts";
import { type AdamwState, adamwDefaults, adamwStart, adamwStep } from "./adamw.ts";
import { worstGap } from "./close.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 4096 });
});
afterAll(() => team.close());

const norm = (x: ArrayLike<number>): number => Math.sqrt(Array.from(x).reduce((sum, value) => sum + value ** 2, 0));

/** What clipping multiplies a gradient of this norm with (PyTorch's clip_grad_norm_). */
const clipping = (clip: number, length: number): number => (clip > 0 ? Math.min(1, clip / (length + 1e-6)) : 1);

const lengths = fc.constantFrom(16, 48, 2048, 2064, 4112);
const cases = fc.record({
  lengths: fc.array(lengths, { minLength: 1, maxLength: 3 }),
  clip: fc.constantFrom(0, 0.5, 1e6),
  clipScope: fc.constantFrom("stage" as const, "global" as const),
  weightDecay: fc.constantFrom(0, 0.01, 0.3),
  learningRate: fc.constantFrom(1e-3, 3e-2),
  seed: fc.nat(),
});

test("six steps of every group, clipped by its own norm or by all of them", () => {
  fc.assert(
    fc.property(cases, ({ lengths, clip, clipScope, weightDecay, learningRate, seed }) => {
      const random = new RandomStream(seed, "optimiser");
      const groups = lengths.map((length, i) => new ParameterGroup(team, `g${i}`, { weight: length }));
      for (const group of groups) random.fillUniform(group.parameters.view, -1, 1);
      const optimiser = new AdamW(team, { weightDecay, clip, clipScope }, groups);
      let states = groups.map(({ parameters }) => adamwStart(Float64Array.from(parameters.view)));
      const options = { ...adamwDefaults, learningRate, weightDecay };
      for (let step = 0; step < 6; step++) {
        optimiser.begin();
        // From far below the clip to far above it.
        const size = 10 ** (3 * random.uniform() - 2);
        for (const group of groups) random.fillUniform(group.gradients.view, -size, size);
        const norms = groups.map(({ gradients }) => norm(gradients.view));
        for (const group of groups) optimiser.update(group, learningRate);
        optimiser.finish();
        states = states.map((state, i): AdamwState => {
          const factor = clipping(clip, clipScope === "stage" ? norms[i]! : norm(norms));
          return adamwStep(
            state,
            Float64Array.from(groups[i]!.gradients.view, (g) => g * factor),
            options,
          );
        });
      }
      expect(optimiser.steps).toBe(6);
      for (const [i, { parameters, firstMoment, secondMoment }] of groups.entries()) {
        const { parameter, first, second } = states[i]!;
        expect(worstGap(parameters.view, parameter).gap).toBeLessThan(2e-6);
        expect(worstGap(firstMoment.view, first).gap / norm(first)).toBeLessThan(1e-6);
        expect(worstGap(secondMoment.view, second).gap / norm(second)).toBeLessThan(1e-6);
      }
    }),
    { numRuns: 40 },
  );
});

test("sumSquares: one sum a block, the last one short", () => {
  const x = team.arena.f32(2048 + 20);
  new RandomStream(1, "squares").fillUniform(x.view, -1, 1);
  const out = team.arena.f64(3);
  out.view.fill(-1);
  team.run("sumSquares", 2, { length: x.view.length, x: x.at, out: out.at });
  expect(out.view[0]! / norm(x.view.subarray(0, 2048)) ** 2).toBeCloseTo(1, 6);
  expect(out.view[1]! / norm(x.view.subarray(2048)) ** 2).toBeCloseTo(1, 6);
  expect(out.view[2]).toBe(-1);
});

test("a rate of 0 leaves parameters and moments as they are", () => {
  const group = new ParameterGroup(team, "frozen", { weight: 16 });
  group.parameters.view.fill(0.5);
  group.gradients.view.fill(1);
  const optimiser = new AdamW(team, { weightDecay: 0.1, clip: 1, clipScope: "stage" }, [group]);
  optimiser.begin();
  optimiser.update(group, 0);
  optimiser.finish();
  expect([...group.parameters.view, ...group.firstMoment.view]).toEqual([...Array(16).fill(0.5), ...Array(16).fill(0)]);
});

test("a gradient that is not finite is an error that names the group", () => {
  const group = new ParameterGroup(team, "perception.stage2", { weight: 16 });
  group.gradients.view[3] = Number.POSITIVE_INFINITY;
  const optimiser = new AdamW(team, { weightDecay: 0, clip: 1, clipScope: "stage" }, [group]);
  optimiser.begin();
  expect(() => optimiser.update(group, 0.1)).toThrow(/perception\.stage2/);
});
