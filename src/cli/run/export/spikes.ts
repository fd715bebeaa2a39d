/** `bispike export --format spikes`: recorded spike trains in NIR's format for data. */
import type { ExportFormat } from "./format.ts";
import { dataOptions, dtOption, indexOption, partOption } from "./options.ts";

export const spikesFormat: ExportFormat = {
  name: "spikes",
  describe: "the spikes of every stage of both networks for some images, in NIR's event format (HDF5)",
  options: [indexOption, partOption, ...dataOptions, dtOption],
  examples: ["runs/mnist-mlp-seed1 --format spikes --index 0..9 --out spikes.h5"],
  file: () => "spikes.h5",
  write: async (request) => {
    const { exportSpikes } = await import("./spikes-record.ts");
    return exportSpikes(request);
  },
};
