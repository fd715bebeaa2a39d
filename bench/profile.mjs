// @ts-check
/** Where a training step's time goes, kernel by kernel, and how near each kernel is to a limit of the machine. */
import { boundOf, costOf, noCost, sumOf } from "./cost.mjs";
import { machineLimits } from "./limits.mjs";
import { table } from "./table.mjs";

/**
 * @typedef {object} KernelShare
 * @property {string} kernel name, or "outside kernels"
 * @property {number} calls a step
 * @property {number} ms a step
 * @property {number} percent of the step
 * @property {Work | null} work of a step; null where it is not known
 */

/**
 * @typedef {object} Work
 * @property {number} adds float32 additions at the least
 * @property {number} bytes moved at the least
 * @property {string | null} limit the machine's limit that is nearest; null with more than one thread, as limits are one core's
 * @property {number | null} percentOfLimit share of it that is reached: the least time the limit allows over the time taken
 */

/** @typedef {readonly KernelShare[]} Profile slowest first */

/**
 * @param {import("./trainee.mjs").Trainee} trainee
 * @param {number} steps taken for it, apart from the timed ones: looking at the clock for every kernel is not free
 * @returns {Promise<Profile>}
 */
export async function profileOf(trainee, steps) {
  const { team } = trainee;
  team.startProfile();
  const total = trainee.train(steps).reduce((sum, ms) => sum + ms, 0);
  const kernels = team.profile();
  const works = await workOfStep(trainee);
  const inside = kernels.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  /** @type {(kernel: string, calls: number, ms: number) => KernelShare} */
  const share = (kernel, calls, ms) => ({
    ...{ kernel, calls: calls / steps, ms: ms / steps, percent: (100 * ms) / total },
    work: workOf(works.get(kernel), ms / steps),
  });
  return [
    ...kernels.map(({ name, calls, milliseconds }) => share(name, calls, milliseconds)),
    share("outside kernels", 0, total - inside),
  ].toSorted((a, b) => b.ms - a.ms);
}

/**
 * @typedef {object} Sum of a kernel's calls in one step
 * @property {import("./cost.mjs").Cost} cost
 * @property {Map<string, number>} bounds least times by limit, ms; empty with several threads
 */

/**
 * Costs are counted in a step of their own, as counting takes time.
 *
 * @param {import("./trainee.mjs").Trainee} trainee
 * @returns {Promise<Map<string, Sum | undefined>>} undefined: a call's cost is not known
 */
async function workOfStep(trainee) {
  const { team } = trainee;
  const limits = team.threads === 1 ? await machineLimits() : undefined;
  /** @type {Map<string, Sum | undefined>} */
  const sums = new Map();
  team.startProfile((name, items, args) => {
    const cost = costOf(name, items, args, new Int32Array(team.arena.memory.buffer));
    const before = sums.has(name) ? sums.get(name) : { cost: noCost(), bounds: new Map() };
    if (!cost || !before) {
      sums.set(name, undefined);
      return;
    }
    const { bounds } = before;
    if (limits) {
      const { limit, ms } = boundOf(cost, limits);
      bounds.set(limit, (bounds.get(limit) ?? 0) + ms);
    }
    sums.set(name, { cost: sumOf(before.cost, cost), bounds });
  });
  trainee.train(1);
  // Without an observer again.
  team.startProfile();
  return sums;
}

/**
 * @param {Sum | undefined} sum
 * @param {number} ms the calls took
 * @returns {Work | null}
 */
function workOf(sum, ms) {
  if (!sum) return null;
  const { adds, bytes } = sum.cost;
  const bounds = [...sum.bounds].toSorted((a, b) => b[1] - a[1]);
  const least = bounds.reduce((total, [, bound]) => total + bound, 0);
  const known = bounds.length > 0;
  return { adds, bytes, limit: bounds[0]?.[0] ?? null, percentOfLimit: known ? (100 * least) / ms : null };
}

/**
 * @param {Profile} profile
 * @param {number} [named] kernels with a line of their own; the rest share one
 */
export function profileReport(profile, named = profile.length) {
  const rest = profile.slice(named);
  const sum = (/** @type {"calls" | "ms" | "percent"} */ what) => rest.reduce((total, share) => total + share[what], 0);
  /** @type {KernelShare} */
  const others = {
    ...{ kernel: `${rest.length} others`, calls: sum("calls"), ms: sum("ms"), percent: sum("percent") },
    work: null,
  };
  const shown = rest.length > 0 ? [...profile.slice(0, named), others] : profile;
  const rows = shown.map(({ kernel, calls, ms, percent, work }) => [
    kernel,
    calls > 0 ? String(calls) : "–",
    ms.toFixed(3),
    percent.toFixed(1),
    work ? (work.adds / 1e6).toFixed(1) : "–",
    work ? (work.bytes / 1e6).toFixed(1) : "–",
    work?.limit ?? "–",
    work?.percentOfLimit ? `${work.percentOfLimit.toFixed(0)} %` : "–",
  ]);
  const head = [
    "kernel",
    "calls a step",
    "ms a step",
    "%",
    "additions, millions",
    "MB moved",
    "nearest limit",
    "reached",
  ];
  return table(head, rows);
}
