/** Random stacks of layers for backprop: convolutions of any stride, pooling and upsampling, full connections to flat populations and planes, a read-out. */
import fc from "fast-check";
import { flat, type Shape } from "../../src/nets/shape.ts";

export type StackStage =
  | { readonly kind: "linear"; readonly shape: Shape }
  | {
      readonly kind: "conv";
      readonly channels: number;
      readonly stride: number;
      readonly padding: number;
      readonly pool: boolean;
      readonly upsample: boolean;
    };

export interface StackCase {
  readonly input: Shape;
  /** The last is read out. */
  readonly stages: readonly StackStage[];
  readonly images: number;
  /** Images there is room for beyond those shown. */
  readonly room: number;
  readonly steps: number;
  readonly norm: boolean;
  readonly tau: number;
  readonly alpha: number;
  readonly seed: number;
}

/** Shape of a stage's outputs, undefined where no pixel is left. */
export function shapeAfter(stage: StackStage, below: Shape): Shape | undefined {
  if (stage.kind === "linear") return stage.shape;
  const side = (size: number) => {
    const out = Math.floor(((stage.upsample ? 2 * size : size) + 2 * stage.padding - 3) / stage.stride) + 1;
    return stage.pool ? out >> 1 : out;
  };
  const shape = { height: side(below.height), width: side(below.width), channels: stage.channels };
  return shape.height > 0 && shape.width > 0 ? shape : undefined;
}

const channels = fc.constantFrom(1, 2, 3, 5, 16, 17);
const side = fc.integer({ min: 1, max: 3 });
const plane = fc.record({ height: side, width: side, channels });
const stage: fc.Arbitrary<StackStage> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("conv" as const),
      channels,
      stride: fc.integer({ min: 1, max: 2 }),
      padding: fc.integer({ min: 0, max: 2 }),
      pool: fc.boolean(),
      upsample: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: channels.map((n) => ({ kind: "linear" as const, shape: flat(n) })) },
  { weight: 1, arbitrary: plane.map((shape) => ({ kind: "linear" as const, shape })) },
);

/** Whether every stage has an output, and the plain loops stay short. The first stage reads real values: it convolves them as they are, or connects them to a flat population. */
function possible({ input, stages, images, steps }: StackCase): boolean {
  const first = stages[0]!;
  if (first.kind === "linear" ? first.shape.height * first.shape.width > 1 : first.upsample) return false;
  let below = input;
  let work = 0;
  for (const one of stages) {
    const shape = shapeAfter(one, below);
    if (!shape || shape.height > 9 || shape.width > 9) return false;
    const perUnit = one.kind === "conv" ? 36 * below.channels : below.height * below.width * below.channels;
    work += images * steps * shape.height * shape.width * shape.channels * perUnit;
    below = shape;
  }
  return work < 600_000;
}

export const stackCases: fc.Arbitrary<StackCase> = fc
  .record({
    input: fc.record({
      height: fc.integer({ min: 1, max: 6 }),
      width: fc.integer({ min: 1, max: 6 }),
      channels: fc.constantFrom(1, 3, 17),
    }),
    stages: fc.array(stage, { minLength: 2, maxLength: 5 }),
    images: fc.integer({ min: 2, max: 4 }),
    room: fc.integer({ min: 0, max: 2 }),
    steps: fc.integer({ min: 1, max: 5 }),
    norm: fc.boolean(),
    tau: fc.constantFrom(1, 1.5, 2, 3),
    alpha: fc.constantFrom(1, 2, 3),
    seed: fc.nat(),
  })
  .filter(possible);
