/** `bispike export --format tensorboard`: a run's metrics as an event file. */
import type { ExportFormat } from "./format.ts";

export const tensorboardFormat: ExportFormat = {
  name: "tensorboard",
  describe: "the metrics of a finished or running run as an event file of scalars",
  options: [],
  examples: ["runs/mnist-mlp-seed1 --format tensorboard --out board/events.out.tfevents.mnist --force"],
  file: () => "events.out.tfevents.bispike",
  write: async (request) => {
    const { exportEvents } = await import("./tensorboard-events.ts");
    return exportEvents(request);
  },
};
