// @ts-check
/**
 * The field's yardstick: one linear and one LIF layer, n inputs to n neurons, batch 16, 500 steps, forward and update: the spikes of all steps,
 * the gradient through the neurons' own steps and of the weights, and one AdamW step. Inputs are random spikes of a fixed rate, which decides
 * our time and not PyTorch's. Listing the spikes is part of our time.
 */
import { freemem } from "node:os";
import { OURS, takeTurns } from "./contest.mjs";
import { fastestEnvironment } from "./peers/environment.mjs";
import { PeerServer } from "./peers/server.mjs";
import { nothingToClose } from "./section.mjs";
import { median } from "./statistics.mjs";
import { figure, table } from "./table.mjs";
import { YARDSTICK, YardstickLayer } from "./yardstick-layer.mjs";

/**
 * @typedef {object} YardstickResult
 * @property {number} n
 * @property {number} threads
 * @property {string} name "bispike", or the peer's
 * @property {number | null} rate of the input's spikes; null where the time does not depend on it
 * @property {number | null} medianMs null where the memory at hand is too small
 * @property {number} outputRate of the neurons
 */

const SIZES = [512, 1024, 2048, 4096, 8192];
const QUICK_SIZES = [512];
const INPUT_RATES = [0.05, 0.1];
/**
 * Each takes turns of one timed step after an untimed one. With the largest size a step takes PyTorch half a minute, so its only one is timed;
 * ours has taken one before, as half of a first step of ours is page faults, which PyTorch, allocating anew, has in every step.
 */
const MOST_ROUNDS = 5;
const roundsOf = (/** @type {number} */ n) => Math.max(1, Math.min(MOST_ROUNDS, Math.floor(4096 / n)));
const untimedOf = (/** @type {number} */ n) => (n > 4096 ? 0 : 1);
/** The size PyTorch's thread settings are tried with, once a run: trying them all with the largest would take minutes. */
const TRIAL_SIZE = 1024;
const PEER = "PyTorch";
const SCRIPT = "yardstick_torch.py";

/** @type {import("./section.mjs").Section<YardstickResult>} */
export const yardstick = {
  open(settings) {
    const sizes = settings.quick ? QUICK_SIZES : SIZES;
    const parts = sizes.flatMap((n) =>
      settings.threads.map((threads) => ({
        key: `n = ${n}, ${threads} threads`,
        measure: () => measure(n, threads, settings),
      })),
    );
    return { parts, close: nothingToClose };
  },

  report(results) {
    const rows = results.map((r) => [
      `${r.n}`,
      String(r.threads),
      r.name,
      r.rate === null ? "any" : r.rate.toFixed(2),
      r.medianMs === null ? "too little memory" : figure(r.medianMs),
      r.name === OURS ? "1" : ratioRange(r, results),
      r.outputRate.toFixed(3),
    ]);
    const head = ["n", "threads", "who", "input rate", "ms", "against ours", "output rate"];
    const about = `One linear and one LIF layer, n -> n, batch ${YARDSTICK.batch}, ${YARDSTICK.steps} steps: forward, gradients and an AdamW step. Medians.`;
    return ["## Yardstick", about, table(head, rows)].join("\n\n");
  },
};

/**
 * PyTorch's time over ours, for each of our input rates.
 *
 * @param {YardstickResult} peer
 * @param {readonly YardstickResult[]} results
 */
function ratioRange(peer, results) {
  const ours = results.filter((r) => r.name === OURS && r.n === peer.n && r.threads === peer.threads);
  const ratios = ours.map(({ medianMs }) => (peer.medianMs ?? Number.NaN) / (medianMs ?? Number.NaN));
  return ratios.map((ratio) => `${figure(ratio)}×`).join(", ");
}

/** Bytes PyTorch needs: weights, gradient and two moments; input, drive, membranes, spikes and their gradients. */
const peerBytes = (/** @type {number} */ n) => 4 * (4 * n * n + 8 * YARDSTICK.batch * YARDSTICK.steps * n);

/**
 * @param {number} n
 * @param {number} threads
 * @param {import("./settings.mjs").Settings} settings
 * @returns {Promise<YardstickResult[]>}
 */
async function measure(n, threads, { torch, python, repeat, quick }) {
  /** @type {YardstickLayer[]} */
  const layers = [];
  /** @type {PeerServer | undefined} */
  let server;
  try {
    for (const rate of INPUT_RATES) layers.push(await YardstickLayer.create(n, rate, threads));
    for (const layer of layers) layer.run(1);
    if (torch && peerBytes(n) < freemem()) server = await startPeer(n, threads, python, quick);
    let peerRate = Number.NaN;
    const contestants = layers.map((layer) => ({ run: async (/** @type {number} */ count) => layer.run(count) }));
    if (server) {
      const peer = server;
      contestants.push({
        run: async (count) => {
          const { all_ms, rates } = await peer.run("step", count);
          peerRate = rates[0] ?? Number.NaN;
          return [...all_ms];
        },
      });
    }
    const times = await takeTurns(contestants, repeat ?? roundsOf(n), 1, untimedOf(n));
    const medians = times.map((rounds) => median(rounds.flat()));
    /** @type {YardstickResult[]} */
    const rows = layers.map((layer, index) => ({
      ...{ n, threads, name: OURS, rate: INPUT_RATES[index] ?? null },
      ...{ medianMs: medians[index] ?? null, outputRate: layer.outputRate() },
    }));
    const medianMs = server ? (medians.at(-1) ?? null) : null;
    if (torch) rows.push({ n, threads, name: PEER, rate: null, medianMs, outputRate: peerRate });
    return rows;
  } finally {
    await Promise.all([...layers.map((layer) => layer.close()), server?.close()]);
  }
}

/** PyTorch's fastest setting by threads. */
/** @type {Map<number, Promise<import("./peers/environment.mjs").Environment>>} */
const settingsFound = new Map();

/**
 * PyTorch at the fastest of its thread settings, ready.
 *
 * @param {number} n
 * @param {number} threads
 * @param {string} python
 * @param {boolean} quick takes the plain setting untried
 */
async function startPeer(n, threads, python, quick) {
  const [rate = 0] = INPUT_RATES;
  const { batch, steps, theta, tau } = YARDSTICK;
  const argumentsOf = (/** @type {number} */ size) =>
    Object.entries({ n: size, batch, steps, rate, theta, tau }).flatMap(([name, value]) => [
      `--${name}`,
      String(value),
    ]);
  const found =
    settingsFound.get(threads) ??
    fastestEnvironment(python, SCRIPT, argumentsOf(TRIAL_SIZE), threads, "step", quick ? 0 : 2);
  settingsFound.set(threads, found);
  const server = new PeerServer(python, SCRIPT, argumentsOf(n), await found);
  await server.ready();
  return server;
}
