// @ts-check
/** Who computes what when: one training step on two threads, kernel by kernel. */
import { ImageSource } from "./batches.mjs";
import { netsOf } from "./nets.mjs";
import { figure, table } from "./table.mjs";
import { startTrainee } from "./trainee.mjs";

/**
 * @typedef {object} TimelineResult
 * @property {string} net
 * @property {number} threads
 * @property {number} stepMs
 * @property {number} busy share of the threads' time that is spent in kernels
 * @property {readonly import("../dist/engine/team.js").Span[]} spans of a step of median busy share, milliseconds since its start
 */

/** Steps looked at; the picture shows the middle one. */
const STEPS = 11;

/** @type {import("./section.mjs").Section<TimelineResult>} */
export const timeline = {
  open(settings) {
    const source = new ImageSource(settings.cifar);
    const threads = Math.max(...settings.threads);
    // One of a family is enough: their kernels are the same.
    const nets = netsOf(settings.quick).filter(
      (net, index, all) => all.findIndex((n) => n.family === net.family) === index,
    );
    const parts = nets.map((net) => ({
      key: net.title,
      measure: async () => [await measure(net, await source.batches(net), threads)],
    }));
    return { parts, close: () => source.close() };
  },

  report(results) {
    const rows = results.map((r) => [r.net, String(r.threads), figure(r.stepMs), `${(100 * r.busy).toFixed(0)} %`]);
    const head = ["net", "threads", "step, ms", "threads' time spent in kernels"];
    return `## Timeline\n\n${table(head, rows)}`;
  },
};

/**
 * @param {import("./nets.mjs").Net} net
 * @param {import("./batches.mjs").Batches} batches
 * @param {number} threads
 * @returns {Promise<TimelineResult>}
 */
async function measure(net, batches, threads) {
  const trainee = await startTrainee(net, batches, threads);
  const { team } = trainee;
  try {
    const looked = Array.from({ length: STEPS }, () => {
      team.startTimeline();
      const [stepMs = 0] = trainee.train(1);
      const spans = team.stopTimeline();
      const inside = spans.reduce((sum, { from, to }) => sum + to - from, 0);
      return { net: net.title, threads, stepMs, busy: inside / (threads * stepMs), spans };
    }).sort((a, b) => a.busy - b.busy);
    const middle = looked[Math.floor(STEPS / 2)];
    if (!middle) throw new Error("no step was looked at");
    return middle;
  } finally {
    await team.close();
  }
}
