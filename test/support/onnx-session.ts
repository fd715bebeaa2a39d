/** Runs exported graphs in onnxruntime-web: what another program makes of them. */
import type { InferenceSession, Tensor } from "onnxruntime-web";
import { afterAll } from "vitest";
import type { OnnxExport } from "../../src/formats/onnx.ts";
import type { Port } from "../../src/formats/onnx-graph.ts";
import { onnxRuntime } from "../../src/node/features.ts";

/** Values by name, row-major; int64 as numbers. */
export type Values = Readonly<Record<string, ArrayLike<number>>>;

export interface OnnxNet {
  /** Runs `images` images (or concepts). Checks that every output has the type and shape the export says. */
  run(images: number, feeds: Values): Promise<Record<string, Float32Array>>;
}

const sessions: InferenceSession[] = [];
afterAll(async () => {
  for (const session of sessions.splice(0)) await session.release();
});

export async function onnxNet({ bytes, inputs, outputs }: OnnxExport): Promise<OnnxNet> {
  const runtime = await onnxRuntime();
  const session = await runtime.InferenceSession.create(bytes, {
    executionProviders: ["wasm"],
    graphOptimizationLevel: "all",
  });
  sessions.push(session);
  const sizes = ({ dimensions }: Port, images: number) =>
    dimensions.map((size) => (size === "N" ? images : Number(size)));
  const tensor = (port: Port, images: number, values: ArrayLike<number>): Tensor => {
    const dims = sizes(port, images);
    if (port.element === "int64")
      return new runtime.Tensor("int64", BigInt64Array.from(Array.from(values), BigInt), dims);
    return new runtime.Tensor("float32", Float32Array.from(values), dims);
  };
  return {
    async run(images, feeds) {
      const given = Object.fromEntries(
        inputs.map((port) => {
          const values = feeds[port.name];
          if (!values) throw new Error(`no values for ${port.name}`);
          return [port.name, tensor(port, images, values)];
        }),
      );
      const results = await session.run(given);
      return Object.fromEntries(
        outputs.map((port) => {
          const result = results[port.name];
          const type = port.element === "float" ? "float32" : port.element;
          const expected = `${type} [${sizes(port, images)}]`;
          const came = `${result?.type} [${result?.dims}]`;
          if (!result || came !== expected) throw new Error(`${port.name}: expected ${expected}, got ${came}`);
          return [port.name, Float32Array.from(result.data as ArrayLike<number>, Number)];
        }),
      );
    },
  };
}
