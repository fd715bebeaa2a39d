/**
 * Weights alone, for other frameworks: a safetensors file of named tensors in PyTorch's layout, row-major:
 *
 *   <layer>.weight [out, in] or [out, in, 3, 3]   <layer>.bias [out]   <layer>.norm.{weight, bias, running_mean, running_var}
 *
 * Where full connections read or write planes their units are in the order height, width, channel, as in checkpoints: x.permute(0, 2, 3, 1).flatten(1) of a batch of planes.
 */
import { BispikeError } from "../errors.ts";
import type { Slot } from "../nets/parameters.ts";
import { importSlots } from "../training/state.ts";
import { decodeSafetensors, encodeSafetensors, type SafetensorsFile, type Tensor } from "./safetensors.ts";

/** What files of weights call themselves in their metadata. */
export const WEIGHTS_KIND = "bispike-weights";

/** Our names of a norm's parts and PyTorch's. */
const NORM_NAMES: readonly (readonly [ours: string, theirs: string])[] = [
  ["gamma", "weight"],
  ["beta", "bias"],
  ["mean", "running_mean"],
  ["variance", "running_var"],
];

function outerName(name: string): string {
  const [, ours, theirs] = NORM_NAMES.map(
    ([ours, theirs]) => [name.endsWith(`.norm.${ours}`), ours, theirs] as const,
  ).find(([found]) => found) ?? [false, "", ""];
  return name.slice(0, name.length - ours.length) + theirs;
}

/** [out][3][3][in] to [out][in][3][3], or back. */
function turned(values: Float32Array, shape: readonly number[], inward: boolean): Float32Array {
  const [out = 0, height = 0, width = 0, inputs = 0] = shape;
  const taps = height * width;
  const result = new Float32Array(values.length);
  for (let o = 0; o < out; o++) {
    const block = o * taps * inputs;
    for (let tap = 0; tap < taps; tap++) {
      for (let i = 0; i < inputs; i++) {
        const [ours, theirs] = [block + tap * inputs + i, block + i * taps + tap];
        if (inward) result[ours] = values[theirs]!;
        else result[theirs] = values[ours]!;
      }
    }
  }
  return result;
}

function outerShape(shape: readonly number[]): number[] {
  const [out = 0, height = 0, width = 0, inputs = 0] = shape;
  return shape.length === 4 ? [out, inputs, height, width] : [...shape];
}

/**
 * All that a net has learned, and its norms' running statistics, as tensors of PyTorch's layout.
 *
 * @param slots of a model or learner, without the optimiser's moments
 * @example
 * const tensors = plainWeights(model.slots(false)); // "perception.stage2.weight", ...
 */
export function plainWeights(slots: Iterable<Slot>): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const { name, shape, read } of slots) {
    const values = read();
    const data = shape.length === 4 ? turned(values, shape, false) : values;
    tensors.set(outerName(name), { dtype: "F32", shape: outerShape(shape), data });
  }
  return tensors;
}

/**
 * Bytes of a file of weights. Equal weights and remarks give equal bytes.
 *
 * @param about further metadata, such as the configuration as JSON
 * @param slots of a model or learner, without the optimiser's moments
 * @example
 * writeFileSync("weights.safetensors", encodeWeights(model.slots(false)));
 */
export function encodeWeights(
  slots: Iterable<Slot>,
  about: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const metadata = { ...about, kind: WEIGHTS_KIND, format: "pt", flatten_order: "height, width, channel" };
  return encodeSafetensors(plainWeights(slots), metadata);
}

/**
 * Puts weights into a net. Nothing is written unless there is a tensor for each of the net's, of its shape, and no other.
 *
 * @throws BispikeError "checkpoint" that names the tensor
 * @example
 * loadWeights(model.slots(false), decodeSafetensors(bytes));
 */
export function loadWeights(slots: Iterable<Slot>, file: Pick<SafetensorsFile, "tensors">): void {
  const { tensors } = file;
  const all = [...slots];
  const known = new Map(all.map((slot) => [outerName(slot.name), slot]));
  const strange = [...tensors.keys()].find((name) => !known.has(name));
  if (strange !== undefined) {
    const names = [...known.keys()].slice(0, 4).join(", ");
    throw new BispikeError(
      "checkpoint",
      `tensor ${strange}: the network has none of that name; its tensors are ${names}, ...`,
    );
  }
  const ours = new Map<string, Tensor>();
  for (const [name, slot] of known) {
    const tensor = tensors.get(name);
    if (!tensor) throw new BispikeError("checkpoint", `tensor ${name} is missing; are the weights of another network?`);
    const shape = outerShape(slot.shape);
    if (tensor.dtype !== "F32" || tensor.shape.join() !== shape.join()) {
      throw new BispikeError(
        "checkpoint",
        `tensor ${name}: expected F32 [${shape.join(", ")}], got ${tensor.dtype} [${tensor.shape.join(", ")}]`,
      );
    }
    if (slot.name.endsWith(".norm.variance") && tensor.data.some((value) => !(value >= 0)))
      throw new BispikeError("checkpoint", `tensor ${name}: expected variances, which are not negative`);
    const data = slot.shape.length === 4 ? turned(tensor.data, slot.shape, true) : tensor.data;
    ours.set(slot.name, { dtype: "F32", shape: [...slot.shape], data });
  }
  importSlots(all, ours);
}

/**
 * Reads a file of weights into a net.
 *
 * @param source file name for error messages
 * @throws BispikeError "checkpoint" as `decodeSafetensors` and `loadWeights`
 * @example
 * decodeWeights(readFileSync("weights.safetensors"), "weights.safetensors", model.slots(false));
 */
export function decodeWeights(bytes: Uint8Array, source: string, slots: Iterable<Slot>): void {
  try {
    loadWeights(slots, decodeSafetensors(bytes));
  } catch (cause) {
    if (cause instanceof BispikeError) throw new BispikeError(cause.code, `${source}: ${cause.message}`, { cause });
    throw cause;
  }
}
