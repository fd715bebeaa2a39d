// @ts-check
/** The same training steps in PyTorch: BSD by autograd, and surrogate-gradient backpropagation through the perception network alone. */
import { contests, OURS } from "./contest.mjs";
import { figure, rates, table } from "./table.mjs";

/** @typedef {import("./contest.mjs").ContestRow} PeerResult */

export const PEERS = [
  { name: "BSD in PyTorch", script: "bsd_torch.py" },
  { name: "backprop in PyTorch", script: "backprop_torch.py" },
  { name: "backprop, step by step", script: "backprop_loop_torch.py" },
];

/** @type {import("./section.mjs").Section<PeerResult>} */
export const peers = {
  // Ours alone is what the steps section measures.
  open(settings) {
    if (!settings.torch) return { parts: [], close: async () => {} };
    return contests(settings, "step", PEERS);
  },

  report(results) {
    const rows = results.map((r) => [
      r.net,
      String(r.threads),
      r.name,
      figure(r.medianMs),
      figure(r.fastestMs),
      r.name === OURS ? "1" : `${figure(r.ratio)}×`,
      r.name === OURS ? "–" : r.ratioRange.map(figure).join(" to "),
      rates(r.perceptionRates),
    ]);
    const head = ["net", "threads", "who", "step, ms", "fastest", "against ours", "by round", "perception rates"];
    const torch = results.find((r) => r.torch !== null)?.torch ?? "";
    const about =
      `The same recipe and batches in PyTorch ${torch}, in turns with ours; medians, and their ratio (above 1: ours is faster). ` +
      "Backprop trains perception alone, BSD trains both networks; step by step is backprop as a Python loop over time. " +
      "Ours is pre-trained, as its time depends on firing rates; the peers, whose time does not, are trained for fewer steps. " +
      "PyTorch runs with the fastest of its thread settings: see the JSON file, and bench/peers/environment.mjs.";
    return ["## Peers", about, table(head, rows)].join("\n\n");
  },
};
