/**
 * `bispike/onnx`: trained image models as ONNX graphs, which many runtimes read. Runs in browsers too, under a strict content security policy.
 *
 * @example
 * import { openModel } from "bispike/node";
 * import { perceptionOnnx } from "bispike/onnx";
 *
 * const { model, team } = await openModel("runs/mnist-mlp-seed1");
 * const { bytes, inputs, outputs } = perceptionOnnx(model); // pixels [N, 1, 28, 28] to decision [N], cosines and drives [N, 10]
 * await team.close();
 *
 * @module bispike/onnx
 */

export type { OnnxExport, OnnxExportOptions, OnnxMode } from "./formats/onnx.ts";
export { type OnnxRecallOptions, perceptionOnnx, recallOnnx } from "./formats/onnx.ts";
export type { Dimension, Element, Port } from "./formats/onnx-graph.ts";
export { IR_VERSION, OPSET } from "./formats/onnx-graph.ts";
