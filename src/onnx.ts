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

export { IR_VERSION, OPSET } from "./export/onnx/encode.ts";
export type { Dimension, Element, Port } from "./export/onnx/graph.ts";
export { perceptionOnnx } from "./export/onnx/model.ts";
export type { OnnxExport, OnnxExportOptions, OnnxMode } from "./export/onnx/options.ts";
export { type OnnxRecallOptions, recallOnnx } from "./export/onnx/recall.ts";
