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
 * One net at one number of threads.
 *
 * @param {object} contest
 * @param {Job} contest.job what a step is: training, or inference
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
  /** @type {PeerServer[]} */
  const servers = [];
  /** @type {import("./trainee.mjs").Trainee | undefined} */
  let ours;
  try {
    const contestants = [];
    for (const { name, script } of peers) {
      const environment = await fastestEnvironment(python, script, peerArguments(net, files, 0), threads, job, trial);
      const server = new PeerServer(python, script, peerArguments(net, files, peerPretrain), environment);
      servers.push(server);
      await server.ready();
      contestants.push(peerContestant(name, server, job, environment));
    }
    ours = await startTrainee(net, batches, threads);
    contestants.unshift(ourContestant(ours, job));
    const times = await takeTurns(contestants, rounds, turn);
    return summarise(contestants, times).map((summary) => ({
      net: net.title,
      dataset: batches.dataset,
      threads,
      batch: net.batch,
      ...summary,
    }));
  } finally {
    await ours?.team.close();
    await Promise.all(servers.map((server) => server.close()));
  }
}

/**
 * @param {import("./trainee.mjs").Trainee} trainee
 * @param {Job} job
 * @returns {Contestant}
 */
function ourContestant(trainee, job) {
  return {
    name: OURS,
    run: async (count) => (job === "step" ? trainee.train(count) : trainee.infer(count)),
    facts: () => ({ perceptionRates: trainee.report().perceptionRates, torch: null, environment: null }),
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
