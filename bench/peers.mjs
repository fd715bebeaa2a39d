// @ts-check
/** The same training steps in PyTorch: BSD by autograd, and surrogate-gradient backpropagation through the perception network alone. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { installedDataset, makeBatches, writeBatches } from "./batches.mjs";
import { NETS } from "./nets.mjs";
import { fastestEnvironment, peerArguments } from "./peers/environment.mjs";
import { PeerServer } from "./peers/server.mjs";
import { median } from "./statistics.mjs";
import { figure, rates, table } from "./table.mjs";
import { startTrainee } from "./trainee.mjs";

/**
 * @typedef {object} PeerResult
 * @property {string} net
 * @property {string} dataset
 * @property {number} threads
 * @property {string} name "bispike", or the peer's
 * @property {number} medianMs
 * @property {number} fastestMs
 * @property {number} ratio peer / bispike, by the medians; 1 for bispike
 * @property {readonly [number, number]} ratioRange smallest and largest ratio of a single round's medians
 * @property {readonly number[]} perceptionRates
 * @property {number | null} peakMiB largest resident memory of the peer's process
 * @property {string | null} torch version
 * @property {Readonly<Record<string, string>> | null} environment thread settings of the peer, the fastest of those tried
 */

/**
 * @typedef {object} Contestant
 * @property {string} name
 * @property {(steps: number) => Promise<readonly number[]>} train milliseconds of each step
 * @property {() => Pick<PeerResult, "perceptionRates" | "peakMiB" | "torch" | "environment">} facts of its newest turn
 */

const PEERS = [
  { name: "BSD in PyTorch", script: "bsd_torch.py" },
  { name: "backprop in PyTorch", script: "backprop_torch.py" },
];

const ROUNDS = 9;
const QUICK_ROUNDS = 2;
const STEPS_A_TURN = 10;
const QUICK_STEPS_A_TURN = 3;
/** Steps, after as many to warm up, that a thread setting of a peer is tried with. */
const TRIAL_STEPS = 5;
/** OpenBLAS's threads look for work for some tens of milliseconds after a product; the next turn must not share a core with them. */
const SETTLE_MS = 150;

/**
 * @param {import("./settings.mjs").Settings} settings
 * @returns {Promise<PeerResult[]>}
 */
export async function measurePeers(settings) {
  const dataset = await installedDataset();
  const results = [];
  for (const net of NETS) {
    const batches = makeBatches(dataset, net.side);
    const folder = await mkdtemp(join(tmpdir(), "bispike-bench-"));
    try {
      const files = await writeBatches(batches, folder);
      for (const threads of settings.threads) results.push(...(await compete(net, batches, files, threads, settings)));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  return results;
}

/**
 * @param {import("./nets.mjs").Net} net
 * @param {import("./batches.mjs").Batches} batches
 * @param {{ data: string, labels: string }} files the same batches on disk
 * @param {number} threads
 * @param {import("./settings.mjs").Settings} settings
 * @returns {Promise<PeerResult[]>}
 */
async function compete(net, batches, files, threads, settings) {
  const { quick, python } = settings;
  const pretrain = quick ? net.quickPretrain : net.pretrain;
  /** @type {PeerServer[]} */
  const servers = [];
  /** @type {import("./trainee.mjs").Trainee | undefined} */
  let ours;
  try {
    const contestants = [];
    for (const { name, script } of PEERS) {
      const trial = peerArguments(net, files, TRIAL_STEPS);
      const environment = await fastestEnvironment(python, script, trial, threads, TRIAL_STEPS);
      const server = new PeerServer(python, script, peerArguments(net, files, pretrain), environment);
      servers.push(server);
      await server.ready();
      contestants.push(peerContestant(name, server, environment));
    }
    ours = await startTrainee(net, batches, threads, pretrain);
    contestants.unshift(ourContestant(ours));
    const rounds = settings.repeat ?? (quick ? QUICK_ROUNDS : ROUNDS);
    const times = await takeTurns(contestants, rounds, quick ? QUICK_STEPS_A_TURN : STEPS_A_TURN);
    return summarise(contestants, times).map((summary) => ({
      net: net.title,
      dataset: batches.dataset,
      threads,
      ...summary,
    }));
  } finally {
    await ours?.team.close();
    await Promise.all(servers.map((server) => server.close()));
  }
}

/**
 * @param {import("./trainee.mjs").Trainee} trainee
 * @returns {Contestant}
 */
function ourContestant({ train, report }) {
  return {
    name: "bispike",
    train: async (steps) => train(steps),
    facts: () => ({ perceptionRates: report().perceptionRates, peakMiB: null, torch: null, environment: null }),
  };
}

/**
 * @param {string} name
 * @param {PeerServer} server
 * @param {Readonly<Record<string, string>>} environment the server's
 * @returns {Contestant}
 */
function peerContestant(name, server, environment) {
  /** @type {import("./peers/server.mjs").PeerReport | undefined} */
  let newest;
  return {
    name,
    train: async (steps) => {
      newest = await server.train(steps);
      return newest.all_ms;
    },
    facts: () => ({
      perceptionRates: newest?.rates ?? [],
      peakMiB: newest?.peak_mb ?? null,
      torch: newest?.torch ?? null,
      environment,
    }),
  };
}

/**
 * Rounds in which each takes its steps while the others sleep. A turn's first step, on caches the others have filled, is not counted.
 *
 * @param {readonly Contestant[]} contestants
 * @param {number} rounds
 * @param {number} steps counted ones of a turn
 * @returns {Promise<number[][][]>} milliseconds, [contestant][round][step]
 */
async function takeTurns(contestants, rounds, steps) {
  /** @type {number[][][]} */
  const times = contestants.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, contestant] of contestants.entries()) {
      await sleep(SETTLE_MS);
      const turn = await contestant.train(steps + 1);
      times[index]?.push(turn.slice(1));
    }
  }
  return times;
}

/**
 * @param {readonly Contestant[]} contestants the first is ours
 * @param {readonly (readonly number[][])[]} times
 */
function summarise(contestants, times) {
  const [ours = []] = times;
  const ourMedian = median(ours.flat());
  return contestants.map(({ name, facts }, index) => {
    const theirs = times[index] ?? [];
    const medianMs = median(theirs.flat());
    const byRound = theirs.map((turn, round) => median(turn) / median(ours[round] ?? []));
    /** @type {[number, number]} */
    const ratioRange = [Math.min(...byRound), Math.max(...byRound)];
    const fastestMs = Math.min(...theirs.flat());
    return { name, medianMs, fastestMs, ratio: medianMs / ourMedian, ratioRange, ...facts() };
  });
}

/**
 * @param {readonly PeerResult[]} results
 * @returns {string}
 */
export function peerReport(results) {
  const rows = results.map((r) => [
    r.net,
    String(r.threads),
    r.name,
    figure(r.medianMs),
    figure(r.fastestMs),
    r.torch === null ? "1" : `${figure(r.ratio)}×`,
    r.torch === null ? "–" : r.ratioRange.map(figure).join(" to "),
    rates(r.perceptionRates),
  ]);
  const head = ["net", "threads", "who", "step, ms", "fastest", "against ours", "by round", "perception rates"];
  const torch = results.find((r) => r.torch !== null)?.torch ?? "";
  const about =
    `The same recipe, batches and pre-training in PyTorch ${torch}, in turns with ours; medians, and their ratio (above 1: ours is faster). ` +
    "Backprop trains perception alone, BSD trains both networks. " +
    "PyTorch runs with the fastest of its thread settings: see the JSON file, and bench/peers/environment.mjs.";
  return ["## Peers", about, table(head, rows)].join("\n\n");
}
