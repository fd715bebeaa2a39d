// @ts-check
/** Decisions a second: perception alone, norms by their running statistics, the class by the concept's spikes. */
import { contests, OURS } from "./contest.mjs";
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
    return contests(settings, "infer", settings.torch ? PEERS : []);
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
