/** `bispike export --format card`: a model card. */
import { Option } from "commander";
import type { ExportFormat } from "./format.ts";

export const cardFormat: ExportFormat = {
  name: "card",
  describe: "a model card for Hugging Face: README.md of a finished run, from what its files say",
  options: [new Option("--license <id>", "card: licence of the weights, such as mit (default: none is stated)")],
  examples: ["runs/mnist-mlp-seed1 --format card --license mit --out runs/mnist-mlp-seed1/README.md"],
  file: () => "README.md",
  write: async (request) => {
    const { exportCard } = await import("./card-run.ts");
    return exportCard(request);
  },
};
