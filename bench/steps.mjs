// @ts-check
/** Time of a whole training step of trained nets, and where it goes. */
import { installedDataset, makeBatches } from "./batches.mjs";
import { NETS } from "./nets.mjs";
import { median } from "./statistics.mjs";
import { figure, rates, table } from "./table.mjs";
import { startTrainee } from "./trainee.mjs";

/**
 * @typedef {object} KernelShare
 * @property {string} kernel name, or "outside kernels"
 * @property {number} calls a step
 * @property {number} ms a step
 * @property {number} percent of the step
 */

/**
 * @typedef {object} StepResult
 * @property {string} net
 * @property {string} dataset
 * @property {number} threads
 * @property {number} medianMs
 * @property {number} fastestMs
 * @property {number} imagesPerSecond by the median
 * @property {readonly number[]} perceptionRates firing rate of each hidden stage in the newest step
 * @property {readonly number[]} recallRates
 * @property {number} arenaMiB memory of the network, its batch and its optimiser
 * @property {readonly KernelShare[]} profile slowest first
 */

const TIMED = 60;
const QUICK_TIMED = 5;
/** Steps the profile is taken over, after the timed ones: looking at the clock for every kernel is not free. */
const PROFILED = 20;

/**
 * @param {import("./settings.mjs").Settings} settings
 * @returns {Promise<StepResult[]>}
 */
export async function measureSteps(settings) {
  const dataset = await installedDataset();
  const results = [];
  for (const net of NETS) {
    const batches = makeBatches(dataset, net.side);
    for (const threads of settings.threads) results.push(await measure(net, batches, threads, settings));
  }
  return results;
}

/**
 * @param {import("./nets.mjs").Net} net
 * @param {import("./batches.mjs").Batches} batches
 * @param {number} threads
 * @param {import("./settings.mjs").Settings} settings
 * @returns {Promise<StepResult>}
 */
async function measure(net, batches, threads, { quick, repeat }) {
  const trainee = await startTrainee(net, batches, threads, quick ? net.quickPretrain : net.pretrain);
  const { team } = trainee;
  try {
    const times = trainee.train(repeat ?? (quick ? QUICK_TIMED : TIMED));
    const medianMs = median(times);
    const { perceptionRates, recallRates, images } = trainee.report();
    return {
      net: net.title,
      dataset: batches.dataset,
      threads,
      medianMs,
      fastestMs: Math.min(...times),
      imagesPerSecond: (1000 * images) / medianMs,
      perceptionRates,
      recallRates,
      arenaMiB: team.arena.used / 2 ** 20,
      profile: profileOf(trainee, quick ? QUICK_TIMED : PROFILED),
    };
  } finally {
    await team.close();
  }
}

/**
 * @param {import("./trainee.mjs").Trainee} trainee
 * @param {number} steps
 * @returns {KernelShare[]}
 */
function profileOf({ team, train }, steps) {
  team.startProfile();
  const total = train(steps).reduce((sum, ms) => sum + ms, 0);
  const kernels = team.profile();
  const inside = kernels.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  /** @type {(kernel: string, calls: number, ms: number) => KernelShare} */
  const share = (kernel, calls, ms) => ({ kernel, calls: calls / steps, ms: ms / steps, percent: (100 * ms) / total });
  return [
    ...kernels.map(({ name, calls, milliseconds }) => share(name, calls, milliseconds)),
    share("outside kernels", 0, total - inside),
  ].toSorted((a, b) => b.ms - a.ms);
}

/**
 * @param {readonly StepResult[]} results
 * @returns {string}
 */
export function stepReport(results) {
  const rows = results.map((r) => [
    r.net,
    String(r.threads),
    figure(r.medianMs),
    figure(r.imagesPerSecond),
    rates(r.perceptionRates),
    rates(r.recallRates),
    figure(r.arenaMiB),
  ]);
  const head = ["net", "threads", "step, ms", "images/s", "perception rates", "recall rates", "arena MiB"];
  const profiles = results.map(({ net, threads, profile }) => {
    const lines = profile.map(({ kernel, calls, ms, percent }) => [
      kernel,
      calls > 0 ? String(calls) : "–",
      ms.toFixed(3),
      percent.toFixed(1),
    ]);
    const title = `### ${net}, ${threads} thread${threads === 1 ? "" : "s"}`;
    return `${title}\n\n${table(["kernel", "calls a step", "ms a step", "%"], lines)}`;
  });
  const data = results[0]?.dataset ?? "";
  const about = `Batch 128, T = 4, class prototypes, InfoNCE on centred firing rates, AdamW; ${data}. Medians.`;
  return ["## Training steps", about, table(head, rows), ...profiles].join("\n\n");
}
