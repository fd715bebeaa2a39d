// @ts-check
/** Speed of the products over spikes, as if they were dense: 2 x rows x inputs x outputs / time. */
import { EARLIER_PROCESSOR, earlierFigure } from "./earlier.mjs";
import { kernelCases } from "./kernel-cases.mjs";
import { spawnThread, Team } from "./library.mjs";
import { nothingToClose } from "./section.mjs";
import { median, timeInTurns } from "./statistics.mjs";
import { figure, table } from "./table.mjs";

/**
 * @typedef {object} KernelResult
 * @property {string} kernel
 * @property {string} size
 * @property {number | null} rate firing rate of the inputs; null where they are real numbers
 * @property {number} threads
 * @property {number} medianMs
 * @property {number} fastestMs
 * @property {number} gflops dense-equivalent, by the median
 * @property {number | null} earlierGflops figure of the prototype on one core, where there is one and this is one thread
 * @property {number | null} percentOfEarlier
 */

/** Fewer runs than this leave the median to chance. */
const RUNS = 21;
const QUICK_RUNS = 3;

/** @type {import("./section.mjs").Section<KernelResult>} */
export const kernels = {
  open({ threads, repeat, quick }) {
    const parts = threads.map((count) => ({
      key: `${count} threads`,
      measure: () => measure(count, repeat ?? (quick ? QUICK_RUNS : RUNS)),
    }));
    return { parts, close: nothingToClose };
  },
  report: kernelReport,
};

/**
 * @param {number} threads
 * @param {number} runs
 */
async function measure(threads, runs) {
  const team = await Team.create({ threads, spawn: spawnThread });
  try {
    const cases = kernelCases(team);
    const times = timeInTurns(
      cases.map(({ run }) => run),
      runs,
    );
    return cases.map((each, index) => resultOf(each, threads, times[index] ?? []));
  } finally {
    await team.close();
  }
}

/**
 * @param {import("./kernel-cases.mjs").KernelCase} measured
 * @param {number} threads
 * @param {readonly number[]} times
 * @returns {KernelResult}
 */
function resultOf({ kernel, size, rate, operations }, threads, times) {
  const medianMs = median(times);
  const gflops = operations / medianMs / 1e6;
  const earlier = threads === 1 ? earlierFigure(kernel, rate) : undefined;
  return {
    kernel,
    size,
    rate: rate ?? null,
    threads,
    medianMs,
    fastestMs: Math.min(...times),
    gflops,
    earlierGflops: earlier ?? null,
    percentOfEarlier: earlier === undefined ? null : (100 * gflops) / earlier,
  };
}

/**
 * @param {readonly KernelResult[]} results
 * @returns {string}
 */
function kernelReport(results) {
  const sorted = results.toSorted(
    (a, b) => a.threads - b.threads || a.kernel.localeCompare(b.kernel) || (a.rate ?? 0) - (b.rate ?? 0),
  );
  /** @param {KernelResult} result */
  const alone = (result) =>
    results.find((r) => r.threads === 1 && r.kernel === result.kernel && r.rate === result.rate);
  const rows = sorted.map((result) => {
    const { kernel, size, rate, threads, medianMs, gflops, earlierGflops, percentOfEarlier } = result;
    const one = alone(result);
    return [
      `${kernel}, ${size}`,
      rate === null ? "real" : rate.toFixed(2),
      String(threads),
      figure(medianMs),
      figure(gflops),
      figure(earlierGflops ?? undefined),
      percentOfEarlier === null ? "–" : `${percentOfEarlier.toFixed(0)} %`,
      threads === 1 || !one ? "–" : `${figure(one.medianMs / medianMs)}×`,
    ];
  });
  const head = ["kernel", "rate", "threads", "median ms", "GFLOP/s", "earlier", "of earlier", "over 1 thread"];
  const about =
    "Dense-equivalent GFLOP/s (2 x rows x inputs x outputs / median time); inputs fire at random, and dense layers choose between events and " +
    "tables themselves. " +
    `"Earlier" are prototypes on one core of an ${EARLIER_PROCESSOR}: on another processor the share compares machines too.`;
  return `## Kernels\n\n${about}\n\n${table(head, rows)}`;
}
