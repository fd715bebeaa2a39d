/** `bispike export --format onnx`: a network as an ONNX graph. */
import { Option } from "commander";
import type { ExportFormat } from "./format.ts";
import { networkOption } from "./options.ts";

/** All steps in one run of the graph, or one step a run with the membranes going in and out. */
const MODES = ["unrolled", "step"] as const;

export const onnxFormat: ExportFormat = {
  name: "onnx",
  describe: "a network as an ONNX graph of standard operators, norm folded into the weights",
  options: [
    networkOption,
    new Option(
      "--mode <mode>",
      "onnx: all time steps in one run, or one a run, membranes in and out (default: unrolled)",
    ).choices(MODES),
    new Option(
      "--concept <start>",
      "onnx: what recall starts from, the index of a class or the concept's spikes (default: class)",
    ).choices(["class", "code"]),
    new Option("--spikes", "onnx: also give every stage's spikes"),
  ],
  examples: [
    "runs/mnist-mlp-seed1 --format onnx",
    "runs/mnist-cnn-seed1 --format onnx --network recall --mode step --out recall-step.onnx",
  ],
  file: ({ network = "perception" }) => `${network}.onnx`,
  write: async (request) => {
    const { exportOnnx } = await import("./onnx-model.ts");
    return exportOnnx(request);
  },
};
