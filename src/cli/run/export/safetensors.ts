/** `bispike export --format safetensors`: weights alone, in PyTorch's layout. */
import type { ExportFormat } from "./format.ts";

export const safetensorsFormat: ExportFormat = {
  name: "safetensors",
  describe: "the weights alone, in PyTorch's layout; bispike train --init starts from such a file",
  options: [],
  examples: ["runs/mnist-mlp-seed1 --format safetensors --out model.safetensors"],
  file: () => "weights.safetensors",
  write: async (request) => {
    const { exportWeights } = await import("./weights-file.ts");
    return exportWeights(request);
  },
};
