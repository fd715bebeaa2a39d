/** `bispike export --format nir`: a network as a NIR graph. */
import { Option } from "commander";
import type { ExportFormat } from "./format.ts";
import { dtOption, networkOption } from "./options.ts";

export const nirFormat: ExportFormat = {
  name: "nir",
  describe:
    "a fully connected network as a graph that Norse, snnTorch, Lava and others read, norm folded into the weights",
  options: [
    networkOption,
    dtOption,
    new Option(
      "--comparison <sign>",
      "nir: neurons fire at v >= v_threshold (default), or write thresholds for v >",
    ).choices([">=", ">"]),
    new Option("--readout <kind>", "nir, perception: the concept's spikes (default), membrane, or drive").choices([
      "spikes",
      "membrane",
      "drive",
    ]),
    new Option("--until <end>", "nir, autoencoders: the redrawn image (default), or the latent's spikes").choices([
      "image",
      "latent",
    ]),
  ],
  examples: [
    "runs/mnist-mlp-seed1 --format nir",
    "runs/mnist-mlp-seed1 --format nir --network recall --dt 1e-3 --comparison '>'",
  ],
  file: ({ network = "perception" }) => `${network}.nir`,
  write: async (request) => {
    const { exportNir } = await import("./nir-graph.ts");
    return exportNir(request);
  },
};
