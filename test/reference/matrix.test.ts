/** `multiply` against plain float64 loops: odd shapes, both transposes, strides past the width, bases, scales; whole numbers must be exact. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { multiply } from "../../src/engine/matrix.ts";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { spawnThread } from "../../src/node/threads.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 8192 });
});
afterAll(() => team.close());

interface Case {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly transposed: "a" | "b" | undefined;
  readonly base: "none" | "own" | "row";
  readonly scale: number;
  /** Floats past the width of each matrix's rows. */
  readonly spare: number;
  readonly whole: boolean;
  readonly seed: number;
}

/** Sizes on both sides of the kernel's blocks: 2 rows, 128 rows, 16 columns, a depth of 256. */
const cases: fc.Arbitrary<Case> = fc.record({
  rows: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(64, 127, 128, 129, 257)),
  columns: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(65, 96)),
  depth: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(65, 255, 256, 257, 515)),
  transposed: fc.constantFrom("a" as const, "b" as const, undefined),
  base: fc.constantFrom("none" as const, "own" as const, "row" as const),
  scale: fc.constantFrom(1, -0.25),
  spare: fc.constantFrom(0, 1, 7),
  whole: fc.boolean(),
  seed: fc.nat(),
});

/** The engine's result, [rows][columns + spare], and the exact one with the sum of the terms' sizes. */
function run(on: Team, { rows, columns, depth, transposed, base, scale, spare, whole, seed }: Case) {
  const random = new RandomStream(seed, "matrix");
  const region = (length: number) => {
    const made = on.arena.f32(length);
    if (whole) for (let i = 0; i < length; i++) made.view[i] = random.below(7) - 3;
    else random.fillUniform(made.view, -1, 1);
    return made;
  };
  const aStride = (transposed === "a" ? rows : depth) + spare;
  const bStride = (transposed === "b" ? depth : columns) + spare;
  const cStride = columns + spare;
  const a = region((transposed === "a" ? depth : rows) * aStride);
  const b = region((transposed === "b" ? columns : depth) * bStride);
  const c = region(rows * cStride);
  const row = region(columns);
  const before = c.view.slice();
  multiply(on, {
    ...{ rows, columns, depth, scale },
    a: { at: a.at, stride: aStride },
    b: { at: b.at, stride: bStride },
    c: { at: c.at, stride: cStride },
    ...(transposed ? { transposed } : {}),
    ...(base === "none" ? {} : { base: base === "own" ? "own" : row.at }),
  });
  const expected = Float64Array.from(before);
  const sizes = new Float64Array(before.length);
  for (let m = 0; m < rows; m++) {
    for (let n = 0; n < columns; n++) {
      const start = base === "own" ? before[m * cStride + n]! : base === "row" ? row.view[n]! : 0;
      let sum = 0;
      let size = 0;
      for (let k = 0; k < depth; k++) {
        const left = a.view[transposed === "a" ? k * aStride + m : m * aStride + k]!;
        const right = b.view[transposed === "b" ? n * bStride + k : k * bStride + n]!;
        sum += left * right;
        size += Math.abs(left * right);
      }
      expected[m * cStride + n] = start + scale * sum;
      sizes[m * cStride + n] = Math.abs(start) + Math.abs(scale) * size;
    }
  }
  return { actual: c.view, expected, sizes };
}

test("any shape, transpose, base and scale; columns past the last stay as they were", () => {
  fc.assert(
    fc.property(cases, (one) => {
      const { actual, expected, sizes } = run(team, one);
      for (let i = 0; i < expected.length; i++) {
        const allowed = one.whole ? 0 : 2e-6 * sizes[i]!;
        expect(Math.abs(actual[i]! - expected[i]!), `element ${i}`).toBeLessThanOrEqual(allowed);
      }
    }),
    { numRuns: 60 },
  );
});

describe("threads", () => {
  const shared = {
    rows: 259,
    columns: 65,
    depth: 300,
    base: "none",
    scale: 1,
    spare: 3,
    whole: false,
    seed: 4,
  } as const;
  test.each(["a", "b", undefined] as const)("transposed %s: the same bytes for 1 to 3", async (transposed) => {
    const alone = run(team, { ...shared, transposed }).actual.slice();
    for (const threads of [2, 3]) {
      const others = await Team.create({ threads, spawn: spawnThread, maximumPages: 256 });
      try {
        expect(run(others, { ...shared, transposed }).actual).toEqual(alone);
      } finally {
        await others.close();
      }
    }
  });
});
