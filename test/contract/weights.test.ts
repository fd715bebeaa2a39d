/** Files of weights in PyTorch's layout: names, order, round trip, refusals. */
import { describe, expect, it } from "vitest";
import { decodeSafetensors, encodeSafetensors, type Tensor } from "../../src/formats/safetensors.ts";
import { decodeWeights, encodeWeights, loadWeights, plainWeights } from "../../src/formats/weights.ts";
import { smallModel } from "../support/small-model.ts";

const shape = { height: 8, width: 8, channels: 2 };
const cnn = { network: { kind: "cnn", hidden: [5, 18] }, shape } as const;

describe("weights for other frameworks", () => {
  it("are named and shaped as PyTorch's: kernels [out, in, 3, 3], a norm's weight and running statistics", async () => {
    const { team, model } = await smallModel(cnn);
    const ours = new Map([...model.slots(false)].map((slot) => [slot.name, slot]));
    const tensors = plainWeights(model.slots(false));
    const shapes = Object.fromEntries([...tensors].map(([name, tensor]) => [name, tensor.shape]));
    expect(shapes).toMatchObject({
      "perception.stage2.weight": [5, 2, 3, 3],
      "perception.stage2.norm.weight": [5],
      "perception.stage2.norm.running_var": [5],
      "perception.stage3.weight": [18, 5, 3, 3],
      "perception.stage4.weight": [3, 72],
      "perception.stage4.bias": [3],
      "recall.stage3.weight": [72, 3],
      "recall.stage2.weight": [5, 18, 3, 3],
      "recall.stage1.weight": [2, 5, 3, 3],
    });
    const kernel = ours.get("perception.stage3.weight")!.read();
    const theirs = tensors.get("perception.stage3.weight")!.data as Float32Array;
    for (const [out, input, y, x] of [
      [0, 0, 0, 0],
      [17, 4, 2, 1],
      [3, 2, 1, 2],
    ] as const)
      expect(theirs[((out * 5 + input) * 3 + y) * 3 + x]).toBe(kernel[((out * 3 + y) * 3 + x) * 5 + input]);
    expect(tensors.get("perception.stage2.norm.running_mean")!.data).toEqual(
      ours.get("perception.stage2.norm.mean")!.read(),
    );
    await team.close();
  });

  it("go into another net of the same shape and come back the same bytes; remarks stay", async () => {
    const { team, model } = await smallModel(cnn);
    const bytes = encodeWeights(model.slots(false), { config: "{}" });
    const other = await smallModel({ ...cnn, seed: 6 });
    expect(encodeWeights(other.model.slots(false), { config: "{}" })).not.toEqual(bytes);
    decodeWeights(bytes, "a.safetensors", other.model.slots(false));
    expect(encodeWeights(other.model.slots(false), { config: "{}" })).toEqual(bytes);
    const { metadata } = decodeSafetensors(bytes);
    expect(Object.fromEntries(metadata)).toEqual({
      ...{ kind: "bispike-weights", format: "pt", flatten_order: "height, width, channel", config: "{}" },
    });
    await team.close();
    await other.team.close();
  });

  it("that do not fit change nothing", async () => {
    const { team, model } = await smallModel();
    const before = encodeWeights(model.slots(false));
    const good = plainWeights(model.slots(false));
    const changed = (name: string, tensor?: Tensor) => {
      const tensors = new Map(good);
      if (tensor) tensors.set(name, tensor);
      else tensors.delete(name);
      return () => loadWeights(model.slots(false), { tensors });
    };
    const f32 = (size: number[], value: number): Tensor => {
      return { dtype: "F32", shape: size, data: new Float32Array(size.reduce((a, b) => a * b, 1)).fill(value) };
    };
    expect(changed("perception.stage2.weight")).toThrow(/tensor perception\.stage2\.weight is missing/);
    expect(changed("__proto__", f32([1], 0))).toThrow(/tensor __proto__: the network has none of that name/);
    expect(changed("perception.stage2.weight", f32([15, 21], 0))).toThrow(
      /expected F32 \[21, 15\], got F32 \[15, 21\]/,
    );
    expect(changed("perception.stage2.norm.bias", { dtype: "F64", shape: [21], data: new Float64Array(21) })).toThrow(
      /got F64/,
    );
    expect(changed("perception.stage2.weight", f32([21, 15], Number.NaN))).toThrow(
      /value 0 is NaN, not a finite number/,
    );
    expect(changed("perception.stage2.norm.running_var", f32([21], -1))).toThrow(/expected variances/);
    const halves = encodeSafetensors([["w", { dtype: "BF16", shape: [2], data: new Uint8Array(4) }]]);
    expect(() => decodeWeights(halves, "a.safetensors", model.slots(false))).toThrow(/^a\.safetensors: tensor w/);
    expect(encodeWeights(model.slots(false))).toEqual(before);
    await team.close();
  });
});
