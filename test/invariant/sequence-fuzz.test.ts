/** Hostile text and series: whatever is cut off or flipped, a valid result or a typed error, and soon. */
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assembleSequence } from "../../src/data/sequence/assemble.ts";
import { parseSeries } from "../../src/data/sequence/read-series.ts";
import { BispikeError } from "../../src/errors.ts";
import { bytesOf, hdf5File, npyFile, zipFile } from "../support/series-files.ts";

const MILLISECONDS = 1000;

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const csv = `date,a,b\n${upTo(12)
  .map((n) => `2020-01-${n + 1},"${n}",${n / 4}`)
  .join("\n")}\n`;
const block = { items: ["a", "b"], values: Float64Array.from(upTo(24)) };
const hdf5 = await hdf5File({ df: { columns: ["a", "b"], times: upTo(12).map(BigInt), blocks: [block] } });

/** Name, valid bytes, and whether every part cut off must be an error. */
const FILES: readonly (readonly [string, Uint8Array, boolean])[] = [
  ["a.csv", bytesOf(csv), false],
  ["a.txt", bytesOf("1.5 2\n3 4\n5 6e1\n"), false],
  ["a.csv.gz", new Uint8Array(gzipSync(csv)), true],
  ["a.npy", npyFile([6, 2], upTo(12)), true],
  ["a.npz", zipFile({ "data.npy": npyFile([6, 2], upTo(12)), "b.npy": npyFile([1], [1]) }), true],
  ["a.h5", hdf5, true],
];

/** A typed error is an answer; anything else thrown is a fault. */
async function mustAnswer(work: () => Promise<void>): Promise<boolean> {
  const start = performance.now();
  let answered = true;
  try {
    await work();
  } catch (error) {
    if (!(error instanceof BispikeError)) throw error;
    expect(["data", "config"]).toContain(error.code);
    answered = false;
  }
  expect(performance.now() - start).toBeLessThan(MILLISECONDS);
  return answered;
}

async function read(bytes: Uint8Array, file: string): Promise<void> {
  const { columns, length, values, times, lines } = await parseSeries(bytes, file);
  expect(values.length).toBe(columns.length * length);
  expect(length).toBeGreaterThan(0);
  expect(new Set(columns).size).toBe(columns.length);
  if (times !== null) expect(times.length).toBe(length);
  if (lines !== null) expect(lines.length).toBe(length);
}

const flips = fc.array(
  fc.tuple(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.nat(7), fc.boolean()),
  { minLength: 1, maxLength: 4 },
);

describe.each(FILES)("%s", (file, valid, sealed) => {
  it("is valid whole, and answered when cut off anywhere", async () => {
    expect(await mustAnswer(() => read(valid, file))).toBe(true);
    const step = Math.max(1, Math.floor(valid.length / 200));
    for (let length = 0; length < valid.length; length += step) {
      const answered = await mustAnswer(() => read(valid.slice(0, length), file));
      if (sealed) expect(answered, `cut to ${length} bytes`).toBe(false);
    }
  });

  it("survives flipped bits", async () => {
    await fc.assert(
      fc.asyncProperty(flips, async (list) => {
        const bytes = Uint8Array.from(valid);
        for (const [place, bit, early] of list) {
          bytes[Math.floor(place * (early ? Math.min(valid.length, 200) : valid.length))]! ^= 1 << bit;
        }
        await mustAnswer(() => read(bytes, file));
      }),
      { numRuns: 200 },
    );
    // A library that keeps state must have survived too.
    expect(await mustAnswer(() => read(valid, file))).toBe(true);
  });

  it("survives bytes of nothing", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.nat(20), async (noise, kept) => {
        const bytes = Uint8Array.from([...valid.subarray(0, kept), ...noise]);
        await mustAnswer(() => read(bytes, file));
      }),
      { numRuns: 100 },
    );
  });
});

it("makes a whole set or a typed error of any table and any options", async () => {
  const cell = fc.oneof(
    fc.constantFrom("", "nan", "1e39", "x", '"', "2020-01-01", "0"),
    fc.double().map(String),
    fc.string(),
  );
  const rows = fc.array(fc.array(cell, { minLength: 1, maxLength: 3 }), { maxLength: 8 });
  const columns = fc.array(fc.oneof(fc.integer({ min: -1, max: 3 }), fc.constantFrom("a", "")), { maxLength: 2 });
  const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
  const options = fc.record({
    task: fc.constantFrom("regression" as const, "forecast" as const),
    window: fc.integer({ min: 0, max: 3 }),
    stride: optional(fc.integer({ min: 0, max: 3 })),
    trainPart: optional(fc.constantFrom(0, 0.5, 1, 2)),
    validation: optional(fc.constantFrom(0, 0.5, 1)),
    targets: optional(columns),
    columns: optional(columns),
    fill: optional(fc.constantFrom("interpolate" as const, "previous" as const)),
    header: optional(fc.boolean()),
    limit: optional(fc.integer({ min: 0, max: 5 })),
  });
  await fc.assert(
    fc.asyncProperty(rows, options, async (table, asked) => {
      const bytes = bytesOf(table.map((row) => row.join(",")).join("\n"));
      await mustAnswer(async () => {
        const { set, windows, about } = await assembleSequence(bytes, "a.csv", asked);
        if (set.inputs.kind !== "values" || set.targets.kind !== "values") throw new Error("expected values");
        expect(set.inputs.values.every(Number.isFinite)).toBe(true);
        expect(set.targets.values.every(Number.isFinite)).toBe(true);
        expect(set.inputs.values.length).toBe(about.length * set.inputs.width);
        for (const start of Object.values(windows).flatMap((starts) => [...starts])) {
          expect((start + asked.window) * set.targets.width).toBeLessThanOrEqual(set.targets.values.length);
        }
      });
    }),
    { numRuns: 400 },
  );
});

it("makes a whole text or a typed error of any bytes", async () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.string({ unit: "binary", maxLength: 60 }).map((text) => bytesOf(text)),
  );
  await fc.assert(
    fc.asyncProperty(bytes, fc.constantFrom("keep" as const, "lf" as const), async (content, newline) => {
      await mustAnswer(async () => {
        const { set } = await assembleSequence(content, "a.txt", { task: "next", window: 1, newline });
        if (set.inputs.kind !== "symbols") throw new Error("expected symbols");
        expect(Math.max(...set.inputs.symbols)).toBe(set.inputs.width - 1);
      });
    }),
    { numRuns: 400 },
  );
});
