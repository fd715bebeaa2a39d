// @ts-check
/** What is said of recurrent nets: tables of training steps, streams and memory, and where the targets stand. */
import { figure, rates, table } from "../table.mjs";
import { EVERY, MEMORY_ROWS, STREAM_RUNS } from "./memory.mjs";
import { BPTT_PEER, BSD_PEER, OUR_BPTT, OUR_BSD } from "./names.mjs";

/** @typedef {import("./contest.mjs").RaceRow} RaceRow */
/** @typedef {import("./memory.mjs").MemoryRow} MemoryRow */

/** How many times faster than the faster peer a step of BSD is to be. */
export const SEQUENCE_TARGET = 4;
/** Memory counts as flat where the longest stream adds at most so many times what the shortest does. */
export const FLAT = 1.1;

/**
 * @param {readonly (RaceRow | MemoryRow)[]} rows
 * @returns {string[]} Markdown paragraphs; what was not measured is left out
 */
export function sequencesText(rows) {
  const of = (/** @type {string} */ what) => rows.filter((row) => row.what === what);
  const steps = /** @type {RaceRow[]} */ (of("step"));
  const streams = /** @type {RaceRow[]} */ (of("stream"));
  const windows = /** @type {MemoryRow[]} */ (of("window memory"));
  const lengths = /** @type {MemoryRow[]} */ (of("stream memory"));
  return [
    ...(steps.length > 0 ? stepText(steps) : []),
    ...(streams.length > 0 ? streamText(streams) : []),
    ...(windows.length > 0 ? windowText(windows) : []),
    ...(lengths.length > 0 ? lengthText(lengths) : []),
  ];
}

/**
 * A peer of the same net and threads.
 *
 * @param {RaceRow} ours
 * @param {readonly RaceRow[]} rows
 * @param {string} name
 */
function rival({ net, threads }, rows, name) {
  return rows.find((row) => row.net === net && row.threads === threads && row.name === name);
}

/**
 * "4.10× (3.90–4.30), 210 ms": theirs over ours by the medians, by round, and theirs; "–" without a peer.
 *
 * @param {RaceRow} ours
 * @param {RaceRow | undefined} theirs
 * @param {(ms: number) => string} time
 */
function against(ours, theirs, time) {
  if (!theirs) return "–";
  const byRound = theirs.roundsMs.map((ms, round) => ms / (ours.roundsMs[round] ?? Number.NaN));
  const range = [Math.min(...byRound), Math.max(...byRound)].map(figure).join("–");
  return `**${figure(theirs.medianMs / ours.medianMs)}×** (${range}), ${time(theirs.medianMs)}`;
}

/** @param {readonly RaceRow[]} rows */
function stepText(rows) {
  const ms = (/** @type {number} */ value) => `${figure(value)} ms`;
  const lines = rows
    .filter(({ name }) => name === OUR_BSD || name === OUR_BPTT)
    .map((ours) => {
      const bptt = rival(ours, rows, BPTT_PEER.name);
      const bsd = ours.name === OUR_BSD ? rival(ours, rows, BSD_PEER.name) : undefined;
      const peers = [bsd, bptt].flatMap((peer) => peer?.medianMs ?? []);
      const ratio = Math.min(...peers) / ours.medianMs;
      const verdict = ratio >= SEQUENCE_TARGET ? "met" : "missed";
      return [
        ...[ours.net, String(ours.threads), ours.name === OUR_BSD ? "BSD" : "BPTT"],
        ...[figure(ours.medianMs), figure((1000 * ours.positions) / ours.medianMs)],
        ...[against(ours, bsd, ms), against(ours, bptt, ms)],
        ours.name === OUR_BSD && peers.length > 0 ? `≥ ${SEQUENCE_TARGET}×, ${verdict}` : "–",
        rates(ours.perceptionRates),
      ];
    });
  const torch = rows.find((row) => row.torch !== null)?.torch;
  const about =
    "Training steps of one recurrent stage, batches of 64 windows of 32 positions, T 4: next characters of Alice, and regression on a multivariate " +
    "autoregressive series made from a fixed seed. BSD: InfoNCE of cosines of centred firing rates in blocks of 64, every other row a negative, recurrent recall. BPTT: surrogate gradients " +
    "through time, perception alone. Ours after pre-training, so that firing rates are trained ones. The same recipe " +
    `in PyTorch${torch ? ` ${torch}` : ""} (bench/peers) takes turns with ours, each at its fastest thread setting: its time over ours by the medians, ` +
    "in brackets by round, and its median. The target is against the faster of the two.";
  const head = ["net", "threads", "ours", "step, ms", "positions/s", BSD_PEER.name, BPTT_PEER.name, "target", "rates"];
  return [about, table(head, lines)];
}

/** @param {readonly RaceRow[]} rows */
function streamText(rows) {
  const microseconds = (/** @type {number} */ ms) => `${figure(1000 * ms)} µs`;
  const lines = rows
    .filter(({ name }) => name === OUR_BSD)
    .map((ours) => [
      ...[ours.net, String(ours.threads), figure(1000 * ours.medianMs)],
      against(ours, rival(ours, rows, BPTT_PEER.name), microseconds),
    ]);
  const about =
    "Streaming inference: one element at a time, the state kept, norms by running statistics (in PyTorch folded into the weights). Medians of an element.";
  return [about, table(["net", "threads", "ours, µs", "PyTorch"], lines)];
}

/** @param {readonly MemoryRow[]} rows */
function windowText(rows) {
  const names = [...new Set(rows.map(({ name }) => name))];
  const lines = [...new Set(rows.map(({ size }) => size))].map((size) => {
    const row = names.map((name) => rows.find((r) => r.name === name && r.size === size));
    const ours = row.find((r) => r?.name === OUR_BSD);
    const peer = row.find((r) => r?.name === BPTT_PEER.name);
    const ratio = ours && peer ? `${figure(ours.addedMiB / peer.addedMiB)}×` : "–";
    return [String(size), ...row.map((r) => figure(r?.addedMiB)), ratio];
  });
  const about =
    `MiB that two training steps of next characters add to a process at its peak, by the window's length (${MEMORY_ROWS} windows a batch, one thread). ` +
    "Windows are kept whole by all three rules, so all grow with them; the stream below does not.";
  return [about, table(["window", ...names, "our BSD over PyTorch's BPTT"], lines)];
}

/** @param {readonly MemoryRow[]} rows */
function lengthText(rows) {
  const sorted = rows.toSorted((a, b) => a.size - b.size);
  const lines = sorted.map((row) => [
    String(row.size),
    ...[row.addedMiB, row.liveMiB, row.arenaMiB].map((mib) => figure(mib ?? undefined)),
  ]);
  const growth = (/** @type {"addedMiB" | "liveMiB"} */ of) =>
    (sorted.at(-1)?.[of] ?? Number.NaN) / (sorted[0]?.[of] ?? Number.NaN);
  const [peak, live] = [growth("addedMiB"), growth("liveMiB")];
  const about =
    `The same of a stream that learns while it infers (one BSD step every ${EVERY} elements), by the elements that went by; the middle of ${STREAM_RUNS} processes. Live: what the engine gave out, ` +
    "and what JavaScript still holds after a collection at the end; the peak also has the garbage that V8 lets lie, for which it enlarges its young generation up to a limit.";
  const verdict =
    `Longest over shortest: added at the peak ${figure(peak)}× (target: flat, ≤ ${FLAT}×, ${peak <= FLAT ? "met" : "missed"}), ` +
    `live ${figure(live)}×.`;
  const head = ["elements", "added at the peak, MiB", "live, MiB", "of it the engine's, MiB"];
  return [about, table(head, lines), ...(sorted.length > 1 ? [verdict] : [])];
}
