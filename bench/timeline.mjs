// @ts-check
/** Who computes what when: one training step on two threads, kernel by kernel. */
import { ImageSource } from "./batches.mjs";
import { netsOf } from "./nets.mjs";
import { median } from "./statistics.mjs";
import { figure, table } from "./table.mjs";
import { startTrainee } from "./trainee.mjs";

/**
 * @typedef {object} TimelineResult
 * @property {string} net
 * @property {number} threads
 * @property {number} stepMs
 * @property {number} busy share of the threads' time that is spent in kernels
 * @property {number} waiting share in which a thread waits for the others' shares of a kernel: what running kernels beside each other could win back at most
 * @property {number} between share between kernels, when one thread prepares the next and the others wait
 * @property {readonly import("../dist/engine/team.js").Span[]} spans of a step of median busy share, milliseconds since its start
 */

/** Steps looked at; the picture shows the middle one. */
const STEPS = 41;

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
    const rows = results.map((r) => [
      ...[r.net, String(r.threads), figure(r.stepMs)],
      ...[r.busy, r.waiting, r.between].map((share) => `${(100 * share).toFixed(0)} %`),
    ]);
    const head = ["net", "threads", "step, ms", "in kernels", "waiting for another thread", "between kernels"];
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
      return { net: net.title, threads, stepMs, ...sharesOf(spans, threads, stepMs), spans };
    }).sort((a, b) => a.busy - b.busy);
    const middle = looked[Math.floor(STEPS / 2)];
    if (!middle) throw new Error("no step was looked at");
    return { ...middle, waiting: median(looked.map((l) => l.waiting)), between: median(looked.map((l) => l.between)) };
  } finally {
    await team.close();
  }
}

/**
 * Where the threads' time goes.
 *
 * @param {readonly import("../dist/engine/team.js").Span[]} spans of one step, call by call, of each call by thread
 * @param {number} threads
 * @param {number} stepMs
 */
export function sharesOf(spans, threads, stepMs) {
  let inside = 0;
  let called = 0;
  for (let first = 0; first < spans.length; ) {
    // Threads go up within a call.
    let end = first + 1;
    while (end < spans.length && threadOf(spans, end) > threadOf(spans, end - 1)) end++;
    const call = spans.slice(first, end);
    for (const { from, to } of call) inside += to - from;
    called += Math.max(...call.map(({ to }) => to)) - Math.min(...call.map(({ from }) => from));
    first = end;
  }
  const busy = inside / (threads * stepMs);
  return { busy, waiting: called / stepMs - busy, between: 1 - called / stepMs };
}

/** @param {readonly import("../dist/engine/team.js").Span[]} spans @param {number} at */
function threadOf(spans, at) {
  return spans[at]?.thread ?? -1;
}
