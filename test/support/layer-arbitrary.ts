/** Random layer cases: odd sizes, channels beside the tile width, silent and saturated inputs. */
import fc from "fast-check";
import type { LayerCase } from "./layer-case.ts";

const channels = fc.constantFrom(1, 2, 5, 15, 16, 17, 33);
/** Inputs of linear layers: also more than the 128 that tables are made for at a time. */
const inputs = fc.oneof({ weight: 6, arbitrary: channels }, fc.constantFrom(129, 160, 261));

const common = {
  bias: fc.boolean(),
  images: fc.integer({ min: 1, max: 5 }),
  room: fc.integer({ min: 0, max: 2 }),
  steps: fc.integer({ min: 1, max: 9 }),
  density: fc.constantFrom(0, 0.1, 0.3, 0.7, 1),
  seed: fc.nat(),
};

const plain = { upsample: false, pool: false, stride: 1, padding: 0 };

/** Linear layers; real inputs go to one pixel only. */
export const linearCases: fc.Arbitrary<LayerCase> = fc
  .record({
    ...common,
    source: fc.constantFrom("real" as const, "held" as const, "spikes" as const),
    product: fc.constantFrom("auto" as const, "events" as const, "table" as const),
    input: fc.record({
      height: fc.integer({ min: 1, max: 2 }),
      width: fc.integer({ min: 1, max: 3 }),
      channels: inputs,
    }),
    output: fc.record({ height: fc.integer({ min: 1, max: 2 }), width: fc.integer({ min: 1, max: 3 }), channels }),
  })
  .map((c) => ({
    ...c,
    ...plain,
    kind: "linear",
    output: c.source === "real" ? { ...c.output, height: 1, width: 1 } : c.output,
  }));

/** How a convolution's windows lie. */
type Windows = Pick<LayerCase, "upsample" | "pool" | "stride" | "padding">;

/** Output pixels on a side of `size`; what is left of it decides whether the case exists. */
export function side(size: number, { upsample, pool, stride, padding }: Windows): number {
  const out = Math.floor(((upsample ? 2 * size : size) + 2 * padding - 3) / stride) + 1;
  return pool ? out >> 1 : out;
}

/** Products of a case; bounded, because the reference is a plain loop. */
const products = (c: Omit<LayerCase, "kind">): number =>
  c.images * c.steps * c.input.channels * c.output.channels * c.output.height * c.output.width * 36;

/** Convolutions that have an output pixel. */
export const convCases: fc.Arbitrary<LayerCase> = fc
  .record({
    ...common,
    source: fc.constantFrom("real" as const, "held" as const, "spikes" as const, "spikes" as const),
    input: fc.record({ height: fc.integer({ min: 1, max: 7 }), width: fc.integer({ min: 1, max: 7 }), channels }),
    output: fc.record({ height: fc.constant(1), width: fc.constant(1), channels }),
    upsample: fc.boolean(),
    pool: fc.boolean(),
    stride: fc.integer({ min: 1, max: 2 }),
    padding: fc.integer({ min: 0, max: 2 }),
  })
  .map((c) => (c.source === "real" ? { ...c, upsample: false } : c))
  .map((c) => ({ ...c, output: { ...c.output, height: side(c.input.height, c), width: side(c.input.width, c) } }))
  .filter((c) => c.output.height > 0 && c.output.width > 0 && products(c) < 400_000)
  .map((c) => ({ ...c, kind: "conv" }));

/** Max-pooled convolutions that pooling leaves rows or columns out of, of one tile of channels, a pair of tiles, and a pair and one. */
export const pooledCases: fc.Arbitrary<LayerCase> = fc
  .record({
    height: fc.integer({ min: 8, max: 13 }),
    width: fc.integer({ min: 8, max: 13 }),
    channels: fc.constantFrom(1, 16, 20, 32, 40, 49),
    units: fc.constantFrom(1, 15, 16, 17, 48),
    upsample: fc.boolean(),
    stride: fc.constantFrom(1, 1, 2),
    padding: fc.integer({ min: 0, max: 2 }),
    // All silent: every pooled pixel's winner is the first of its four.
    density: fc.constantFrom(0, 0.3, 0.3),
    seed: fc.nat(),
  })
  .map(({ height, width, channels, units, ...rest }) => {
    const windows = { ...rest, pool: true };
    const output = { height: side(height, windows), width: side(width, windows), channels: units };
    const sizes = { input: { height, width, channels }, output, images: 2, steps: 2, room: 1 };
    return { ...windows, ...sizes, kind: "conv", source: "spikes", bias: false };
  });

/** Neurons of any setting. */
export const neurons = fc.record({
  norm: fc.boolean(),
  tau: fc.constantFrom(1, 1.5, 2, 3),
  theta: fc.constantFrom(0.3, 0.6, 1),
  alpha: fc.constantFrom(1, 2, 3),
  cells: fc.integer({ min: 0, max: 3 }),
  pooling: fc.constantFrom("mean" as const, "energy" as const),
});
