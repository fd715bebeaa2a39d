// @ts-check
/** Ours and the peers in turns, so that a busy spell of the machine meets all of them alike. */
import { setTimeout as sleep } from "node:timers/promises";
import { ImageSource } from "./batches.mjs";
import { netsOf } from "./nets.mjs";
import { fastestEnvironment, peerArguments } from "./peers/environment.mjs";
import { PeerServer } from "./peers/server.mjs";
import { median } from "./statistics.mjs";
import { startTrainee } from "./trainee.mjs";

/** @typedef {import("./nets.mjs").Net} Net */
/** @typedef {import("./batches.mjs").Batches} Batches */
/** @typedef {import("./peers/server.mjs").Job} Job */

/**
 * @typedef {object} ContestRow
 * @property {string} net
 * @property {string} dataset
 * @property {number} threads
 * @property {string} name "bispike", or the peer's
 * @property {number} medianMs
 * @property {number} fastestMs
 * @property {number} ratio peer / bispike, by the medians; 1 for bispike
 * @property {readonly [number, number]} ratioRange smallest and largest ratio of a single round's medians
 * @property {readonly number[]} perceptionRates of each hidden stage; of ours after the net's pre-training, of a peer after fewer steps
 * @property {number} batch images
 * @property {string | null} torch version
 * @property {Readonly<Record<string, string>> | null} environment thread settings of the peer, the fastest of those tried
 */

/**
 * @typedef {object} Contestant
 * @property {string} name
 * @property {(count: number) => Promise<readonly number[]>} run milliseconds of each of so many steps
 * @property {() => Pick<ContestRow, "perceptionRates" | "torch" | "environment">} facts of its newest turn
 */

/** @typedef {{ readonly name: string, readonly script: string }} Peer */

export const OURS = "bispike";
/** OpenBLAS's threads look for work for some tens of milliseconds after a product; the next turn must not share a core with them. */
const SETTLE_MS = 150;

/**
 * Ours, of any kind.
 *
 * @typedef {object} Racer
 * @property {{ close(): Promise<void> }} team
 * @property {(count: number) => readonly number[]} train milliseconds of each of so many steps
 * @property {(count: number) => readonly number[]} infer the same for decisions
 * @property {() => { readonly perceptionRates: readonly number[] }} report of the newest training step
 */

/** @typedef {{ readonly name: string, readonly start: () => Promise<Racer> }} Entry one of ours, started when the contest begins */

/** @typedef {Peer & { readonly args: (pretrain: number) => readonly string[] }} PeerEntry a peer and its command line */

/** @typedef {Contestant & { readonly times: readonly (readonly number[])[] }} Contested with the milliseconds of its steps, [round][step] */

/**
 * Ours and the peers at one number of threads; the peers at the fastest of their thread settings.
 *
 * @param {object} contest
 * @param {Job} contest.job what a step is: training, or inference
 * @param {readonly Entry[]} contest.ours
 * @param {readonly PeerEntry[]} contest.peers none where there is no PyTorch
 * @param {string} contest.python
 * @param {number} contest.threads
 * @param {number} contest.trial steps a thread setting is tried with
 * @param {number} contest.peerPretrain
 * @param {number} contest.rounds
 * @param {number} contest.turn timed steps a turn
 * @param {number} [contest.untimed] the ones before them
 * @returns {Promise<Contested[]>} ours first
 */
export async function contend({ job, ours, peers, python, threads, trial, peerPretrain, rounds, turn, untimed = 1 }) {
  /** @type {PeerServer[]} */
  const servers = [];
  /** @type {Racer[]} */
  const racers = [];
  try {
    const contestants = [];
    for (const { name, script, args } of peers) {
      const environment = await fastestEnvironment(python, script, args(0), threads, job, trial);
      const server = new PeerServer(python, script, args(peerPretrain), environment);
      servers.push(server);
      await server.ready();
      contestants.push(peerContestant(name, server, job, environment));
    }
    const own = [];
    for (const { name, start } of ours) {
      const racer = await start();
      racers.push(racer);
      own.push(ourContestant(name, racer, job));
    }
    contestants.unshift(...own);
    const times = await takeTurns(contestants, rounds, turn, untimed);
    return contestants.map((contestant, index) => ({ ...contestant, times: times[index] ?? [] }));
  } finally {
    await Promise.all(racers.map(({ team }) => team.close()));
    await Promise.all(servers.map((server) => server.close()));
  }
}

/**
 * One net at one number of threads.
 *
 * @param {object} contest
 * @param {Job} contest.job
 * @param {Net} contest.net
 * @param {Batches} contest.batches
 * @param {{ data: string, labels: string }} contest.files the same batches on disk
 * @param {number} contest.threads
 * @param {readonly Peer[]} contest.peers none where there is no PyTorch
 * @param {string} contest.python
 * @param {number} contest.rounds
 * @param {number} contest.turn timed steps a turn
 * @returns {Promise<ContestRow[]>} ours first
 */
export async function compete({ job, net, batches, files, threads, peers, python, rounds, turn }) {
  const { peerPretrain, trial } = net.effort;
  const contested = await contend({
    ...{ job, python, threads, trial, peerPretrain, rounds, turn },
    ours: [{ name: OURS, start: () => startTrainee(net, batches, threads) }],
    peers: peers.map((peer) => ({
      ...peer,
      args: (/** @type {number} */ pretrain) => peerArguments(net, files, pretrain),
    })),
  });
  return summarise(contested).map((summary) => ({
    net: net.title,
    dataset: batches.dataset,
    threads,
    batch: net.batch,
    ...summary,
  }));
}

/**
 * @param {string} name
 * @param {Racer} racer
 * @param {Job} job
 * @returns {Contestant}
 */
function ourContestant(name, racer, job) {
  return {
    name,
    run: async (count) => (job === "step" ? racer.train(count) : racer.infer(count)),
    facts: () => ({ perceptionRates: racer.report().perceptionRates, torch: null, environment: null }),
  };
}

/**
 * @param {string} name
 * @param {PeerServer} server
 * @param {Job} job
 * @param {Readonly<Record<string, string>>} environment the server's
 * @returns {Contestant}
 */
function peerContestant(name, server, job, environment) {
  /** @type {import("./peers/server.mjs").PeerReport | undefined} */
  let newest;
  return {
    name,
    run: async (count) => {
      newest = await server.run(job, count);
      return newest.all_ms;
    },
    facts: () => ({ perceptionRates: newest?.rates ?? [], torch: newest?.torch ?? null, environment }),
  };
}

/**
 * Rounds in which each takes its steps while the others sleep. A turn's first step, on caches the others have filled, is not counted.
 *
 * @param {readonly Pick<Contestant, "run">[]} contestants
 * @param {number} rounds
 * @param {number} steps counted ones of a turn
 * @param {number} [untimed] the ones before them
 * @returns {Promise<number[][][]>} milliseconds, [contestant][round][step]
 */
export async function takeTurns(contestants, rounds, steps, untimed = 1) {
  /** @type {number[][][]} */
  const times = contestants.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, contestant] of contestants.entries()) {
      await sleep(SETTLE_MS);
      const turn = await contestant.run(untimed + steps);
      times[index]?.push(turn.slice(untimed));
    }
  }
  return times;
}

/** @param {readonly Contested[]} contested the first is ours */
function summarise(contested) {
  const ours = contested[0]?.times ?? [];
  const ourMedian = median(ours.flat());
  return contested.map(({ name, facts, times: theirs }) => {
    const medianMs = median(theirs.flat());
    const byRound = theirs.map((turn, round) => median(turn) / median(ours[round] ?? []));
    /** @type {[number, number]} */
    const ratioRange = [Math.min(...byRound), Math.max(...byRound)];
    const fastestMs = Math.min(...theirs.flat());
    return { name, medianMs, fastestMs, ratio: medianMs / ourMedian, ratioRange, ...facts() };
  });
}

/**
 * A contest's part of the benchmark: every net at every number of threads.
 *
 * @param {import("./settings.mjs").Settings} settings
 * @param {Job} job
 * @param {readonly Peer[]} peers none where there is no PyTorch
 */
export function contests(settings, job, peers) {
  const source = new ImageSource(settings.cifar);
  const parts = netsOf(settings.quick).flatMap((net) =>
    settings.threads.map((threads) => ({
      key: `${net.title}, ${threads} threads`,
      measure: async () => {
        const batches = await source.batches(net);
        const files = await source.write(batches, net.family);
        const { rounds, turn } = net.effort;
        return compete({
          ...{ job, net, batches, files, threads, peers, python: settings.python },
          ...{ rounds: settings.repeat ?? rounds, turn },
        });
      },
    })),
  );
  return { parts, close: () => source.close() };
}
