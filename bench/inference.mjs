// @ts-check
/** Decisions a second: perception alone, norms by their running statistics, the class by the concept's spikes. */
import { ImageSource } from "./batches.mjs";
import { compete, OURS } from "./contest.mjs";
import { netsOf } from "./nets.mjs";
import { figure, rates, table } from "./table.mjs";

/** @typedef {import("./contest.mjs").ContestRow} InferenceResult */

/** BSD's perception is backprop's: two ways to run it. */
const PEERS = [
  { name: "PyTorch", script: "backprop_torch.py" },
  { name: "PyTorch, step by step", script: "backprop_loop_torch.py" },
];
/** How many times faster than the fastest peer inference is to be. */
export const INFERENCE_TARGET = 8;

/** @type {import("./section.mjs").Section<InferenceResult>} */
export const inference = {
  open(settings) {
    const source = new ImageSource(settings.cifar);
    const parts = netsOf(settings.quick).flatMap((net) =>
      settings.threads.map((threads) => ({
        key: `${net.title}, ${threads} threads`,
        measure: async () => {
          const batches = await source.batches(net);
          const files = await source.write(batches, net.family);
          const peers = settings.torch ? PEERS : [];
          const { rounds, turn } = net.effort;
          return compete({
            ...{ job: "infer", net, batches, files, threads, peers, python: settings.python },
            ...{ rounds: settings.repeat ?? rounds, turn },
          });
        },
      })),
    );
    return { parts, close: () => source.close() };
  },

  report(results) {
    const rows = results.map((r) => [
      r.net,
      String(r.threads),
      r.name,
      figure((1000 * r.batch) / r.medianMs),
      figure(r.medianMs),
      r.name === OURS ? "1" : `${figure(r.ratio)}×`,
      r.name === OURS ? "–" : r.ratioRange.map(figure).join(" to "),
      rates(r.perceptionRates),
    ]);
    const head = ["net", "threads", "who", "images/s", "batch, ms", "against ours", "by round", "perception rates"];
    const about =
      "Perception of batches of 128 images, decided by the concept's spikes; PyTorch in eval mode under no_grad, its time folded " +
      "into the batch, or step by step. Rates are those of the newest training step. Medians.";
    return ["## Inference", about, table(head, rows)].join("\n\n");
  },
};
