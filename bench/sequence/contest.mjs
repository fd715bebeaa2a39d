// @ts-check
/** Training steps of recurrent nets, and elements of a stream, ours and PyTorch's in turns. */
import { contend } from "../contest.mjs";
import { median } from "../statistics.mjs";
import { BPTT_PEER, BSD_PEER, OUR_BPTT, OUR_BSD } from "./names.mjs";
import { sequenceNets, sequencePeerArguments } from "./nets.mjs";
import { startSequenceTrainee } from "./trainee.mjs";

/** @typedef {import("./nets.mjs").SequenceNet} SequenceNet */
/** @typedef {import("./trainee.mjs").SequenceRule} SequenceRule */

/**
 * @typedef {object} RaceRow
 * @property {"step" | "stream"} what a training step of a batch of windows, or one element of a stream at batch 1
 * @property {string} net
 * @property {string} dataset
 * @property {number} threads
 * @property {string} name who
 * @property {number} medianMs
 * @property {number} fastestMs
 * @property {readonly number[]} roundsMs median of each round
 * @property {number} positions that one step learns from; 1 for streams
 * @property {readonly number[]} perceptionRates of the hidden stage in the newest training step
 * @property {string | null} torch version
 * @property {Readonly<Record<string, string>> | null} environment thread settings of the peer, the fastest of those tried
 */

/** Elements before the timed ones of a turn, which the other's turn drove from the caches. */
const UNTIMED_ELEMENTS = 20;

/**
 * @param {import("../settings.mjs").Settings} settings
 * @param {import("./data.mjs").SequenceSource} source
 * @returns {import("../section.mjs").Part<RaceRow>[]}
 */
export function raceParts(settings, source) {
  return sequenceNets(settings.quick).flatMap((net) =>
    settings.threads.flatMap((threads) =>
      /** @type {const} */ (["step", "stream"]).map((what) => ({
        key: `${what}, ${net.title}, ${threads} threads`,
        measure: () => race(what, net, threads, settings, source),
      })),
    ),
  );
}

/**
 * @param {"step" | "stream"} what
 * @param {SequenceNet} net
 * @param {number} threads
 * @param {import("../settings.mjs").Settings} settings
 * @param {import("./data.mjs").SequenceSource} source
 * @returns {Promise<RaceRow[]>}
 */
async function race(what, net, threads, { torch, python, repeat }, source) {
  const data = await source.data(net);
  const files = await source.write(data, net.title);
  const { rounds, turn, elements, trial, peerPretrain } = net.effort;
  const stream = what === "stream";
  const entry = (/** @type {string} */ name, /** @type {SequenceRule} */ rule) => ({
    name,
    start: () => startSequenceTrainee(net, rule, data, threads),
  });
  const peer = (/** @type {{ name: string, script: string }} */ about) => ({
    ...about,
    args: (/** @type {number} */ pretrain) => sequencePeerArguments(net, data, files, pretrain),
  });
  const peers = stream ? [peer(BPTT_PEER)] : [peer(BSD_PEER), peer(BPTT_PEER)];
  const contested = await contend({
    ...{ job: stream ? "infer" : "step", threads, python, peerPretrain, rounds: repeat ?? rounds },
    ours: stream ? [entry(OUR_BSD, "bsd")] : [entry(OUR_BSD, "bsd"), entry(OUR_BPTT, "bptt")],
    peers: torch ? peers : [],
    ...(stream ? { turn: elements, untimed: UNTIMED_ELEMENTS, trial: trial * elements } : { turn, trial }),
  });
  return contested.map(({ name, facts, times }) => ({
    ...{ what, net: net.title, dataset: data.dataset, threads, name },
    medianMs: median(times.flat()),
    fastestMs: Math.min(...times.flat()),
    roundsMs: times.map(median),
    positions: stream ? 1 : net.window * net.rows,
    ...facts(),
  }));
}
