// @ts-check
/** The same training steps in PyTorch: BSD by autograd, and surrogate-gradient backpropagation through the perception network alone. */
import { ImageSource } from "./batches.mjs";
import { compete, OURS } from "./contest.mjs";
import { netsOf } from "./nets.mjs";
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
    const source = new ImageSource(settings.cifar);
    const parts = netsOf(settings.quick).flatMap((net) =>
      settings.threads.map((threads) => ({
        key: `${net.title}, ${threads} threads`,
        measure: async () => {
          const batches = await source.batches(net);
          const files = await source.write(batches, net.family);
          const { rounds, turn } = net.effort;
          return compete({
            ...{ job: "step", net, batches, files, threads, peers: PEERS, python: settings.python },
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
