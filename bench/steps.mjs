// @ts-check
/** Time of a whole training step of trained nets, and where it goes. */
import { ImageSource } from "./batches.mjs";
import { limitsReport, machineLimits } from "./limits.mjs";
import { netsOf } from "./nets.mjs";
import { profileOf, profileReport } from "./profile.mjs";
import { median } from "./statistics.mjs";
import { figure, rates, table } from "./table.mjs";
import { startTrainee } from "./trainee.mjs";

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
 * @property {import("./profile.mjs").Profile} profile
 * @property {import("./limits.mjs").Limits} limits of the machine, which the profile is held against
 */

/** @type {import("./section.mjs").Section<StepResult>} */
export const steps = {
  open(settings) {
    const source = new ImageSource(settings.cifar);
    const parts = netsOf(settings.quick).flatMap((net) =>
      settings.threads.map((threads) => ({
        key: `${net.title}, ${threads} threads`,
        measure: async () => [await measure(net, await source.batches(net), threads, settings.repeat)],
      })),
    );
    return { parts, close: () => source.close() };
  },

  report(results) {
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
    const profiles = results.map(
      ({ net, threads, profile }) =>
        `### ${net}, ${threads} thread${threads === 1 ? "" : "s"}\n\n${profileReport(profile)}`,
    );
    const data = [...new Set(results.map(({ dataset }) => dataset))].join("; ");
    const about = `Batch 128, T = 4, class prototypes, InfoNCE on centred firing rates, AdamW; ${data}. Medians.`;
    const limits = results.slice(0, 1).map((result) => limitsReport(result.limits));
    return ["## Training steps", about, table(head, rows), ...limits, ...profiles].join("\n\n");
  },
};

/**
 * @param {import("./nets.mjs").Net} net
 * @param {import("./batches.mjs").Batches} batches
 * @param {number} threads
 * @param {number | undefined} repeat
 * @returns {Promise<StepResult>}
 */
async function measure(net, batches, threads, repeat) {
  const trainee = await startTrainee(net, batches, threads);
  const { team } = trainee;
  try {
    const times = trainee.train(repeat ?? net.effort.timed);
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
      profile: await profileOf(trainee, net.effort.profiled),
      limits: await machineLimits(),
    };
  } finally {
    await team.close();
  }
}
