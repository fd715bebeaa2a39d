/** `bispike export --format npz`: weights, or what the stages make of images, for NumPy. */
import { Option } from "commander";
import type { ExportFormat } from "./format.ts";
import { dataOptions, indexOption, partOption } from "./options.ts";

export const npzFormat: ExportFormat = {
  name: "npz",
  describe: "weights, or firing rates of every stage for images with their labels, for NumPy",
  options: [
    new Option(
      "--contents <what>",
      "npz: weights (default), or rates: perception's firing rates, labels and decisions",
    ).choices(["weights", "rates"]),
    indexOption,
    partOption,
    ...dataOptions,
  ],
  examples: [
    "runs/mnist-mlp-seed1 --format npz",
    "runs/mnist-mlp-seed1 --format npz --contents rates --part heldout --out rates.npz",
  ],
  file: ({ contents = "weights" }) => `${contents}.npz`,
  write: async (request) => {
    const { exportNpz } = await import("./npz-arrays.ts");
    return exportNpz(request);
  },
};
