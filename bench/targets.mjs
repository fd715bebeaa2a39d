// @ts-check
/** What the figures are held against, and where they stand: ours against the fastest of the peers. */
import { OURS } from "./contest.mjs";
import { INFERENCE_TARGET } from "./inference.mjs";
import { MEMORY_TARGET } from "./memory.mjs";
import { NETS } from "./nets.mjs";
import { figure, rates, table } from "./table.mjs";

/** @typedef {import("./contest.mjs").ContestRow} ContestRow */
/** @typedef {import("./memory.mjs").MemoryResult} MemoryResult */

/** How many times faster two threads are to take a step of a convolutional net. */
const THREADS_TARGET = 1.8;
/** Time steps at which memory is compared. */
const MEMORY_STEPS = 4;

/** @param {number} value @param {number} target @param {"least" | "most"} kind */
function verdict(value, target, kind) {
  return (kind === "least" ? value >= target : value <= target) ? "met" : "missed";
}

/**
 * Ours and the fastest peer of each net and thread count, in the order of the rows.
 *
 * @param {readonly ContestRow[]} rows
 */
function duels(rows) {
  return rows
    .filter(({ name }) => name === OURS)
    .flatMap((ours) => {
      const peers = rows.filter((r) => r.name !== OURS && r.net === ours.net && r.threads === ours.threads);
      const [fastest] = peers.toSorted((a, b) => a.medianMs - b.medianMs);
      return fastest ? [{ ours, fastest, ratio: fastest.medianMs / ours.medianMs }] : [];
    });
}

/**
 * Training steps.
 *
 * @param {readonly ContestRow[]} rows
 * @param {readonly MemoryResult[]} memoryRows
 * @returns {string} Markdown
 */
export function stepTargets(rows, memoryRows) {
  const lines = duels(rows).map(({ ours, fastest, ratio }) => {
    const net = NETS.find(({ title }) => title === ours.net);
    const target = net?.target[ours.threads];
    const memory = net && memoryRatio(net.family, memoryRows);
    return [
      ours.net,
      String(ours.threads),
      figure(ours.medianMs),
      `${figure(fastest.medianMs)} (${fastest.name})`,
      `**${figure(ratio)}×** (${fastest.ratioRange.map(figure).join("–")})`,
      target === undefined ? "–" : `≥ ${target}×, ${verdict(ratio, target, "least")}`,
      rates(ours.perceptionRates),
      memory === undefined ? "–" : `${figure(memory.whole)}× (${figure(memory.added)}×)`,
    ];
  });
  const head = [
    "net",
    "threads",
    "ours, ms",
    "fastest peer, ms",
    "ratio (by round)",
    "target",
    "firing rates",
    "memory",
  ];
  return table(head, lines);
}

/**
 * Memory of training, ours over the leanest peer's: of the whole process at its peak, and of what training added to it.
 *
 * @param {string} family
 * @param {readonly MemoryResult[]} rows
 * @returns {{ whole: number, added: number } | undefined}
 */
function memoryRatio(family, rows) {
  const measured = rows.filter((r) => r.family === family && r.steps === MEMORY_STEPS);
  const ours = measured.find(({ name }) => name === OURS);
  const peers = measured.filter(({ name }) => name !== OURS);
  if (!ours || peers.length === 0) return undefined;
  const least = (/** @type {"peakMiB" | "addedMiB"} */ what) => Math.min(...peers.map((peer) => peer[what]));
  return { whole: ours.peakMiB / least("peakMiB"), added: ours.addedMiB / least("addedMiB") };
}

/** Lines on the targets a table of nets has no column for. @param {import("./results.mjs").Contents["sections"]} sections */
export function otherTargets(sections) {
  const steps = /** @type {ContestRow[]} */ (sections.peers ?? sections.steps ?? []);
  const ours = steps.filter(({ name }) => name === undefined || name === OURS);
  const speedups = NETS.filter(({ kind }) => kind === "cnn").flatMap(({ title }) => {
    const one = ours.find(({ net, threads }) => net === title && threads === 1);
    const two = ours.find(({ net, threads }) => net === title && threads === 2);
    return one && two ? [{ title, ratio: one.medianMs / two.medianMs }] : [];
  });
  const kernels = /** @type {import("./kernels.mjs").KernelResult[]} */ (sections.kernels ?? []);
  const shares = kernels.flatMap(({ percentOfEarlier }) => percentOfEarlier ?? []);
  const memoryRows = /** @type {MemoryResult[]} */ (sections.memory ?? []);
  const ratios = [...new Set(memoryRows.map(({ family }) => family))].flatMap((family) => {
    const ratio = memoryRatio(family, memoryRows);
    return ratio === undefined ? [] : [{ title: family, ...ratio }];
  });
  const lines = [];
  if (speedups.length > 0) {
    const worst = Math.min(...speedups.map(({ ratio }) => ratio));
    lines.push(
      `Two threads over one, steps of the CNNs: ${listed(speedups)} (target ≥ ${THREADS_TARGET}×, ${verdict(worst, THREADS_TARGET, "least")}).`,
    );
  }
  if (ratios.length > 0) {
    const worst = Math.max(...ratios.map(({ whole }) => whole));
    const cases = ratios.map(({ title, whole, added }) => `${title} ${figure(whole)}× (${figure(added)}×)`).join("; ");
    lines.push(
      `Peak memory of a training process at T = ${MEMORY_STEPS} over the leanest peer's, in brackets of what training adds to it: ${cases} ` +
        `(target ≤ ${MEMORY_TARGET}×, ${verdict(worst, MEMORY_TARGET, "most")}).`,
    );
  }
  if (shares.length > 0) {
    const least = Math.min(...shares);
    lines.push(
      `Event kernels reach ${least.toFixed(0)} to ${Math.max(...shares).toFixed(0)} % of the prototypes' figures (target ≥ 80 %, ${verdict(least, 80, "least")}).`,
    );
  }
  return lines.map((line) => `- ${line}`).join("\n");
}

/** @param {readonly { title: string, ratio: number }[]} values */
function listed(values) {
  return values.map(({ title, ratio }) => `${title} ${figure(ratio)}×`).join("; ");
}

/**
 * Inference.
 *
 * @param {readonly ContestRow[]} rows
 * @returns {string} Markdown
 */
export function inferenceTargets(rows) {
  const lines = duels(rows).map(({ ours, fastest, ratio }) => [
    ours.net,
    String(ours.threads),
    figure((1000 * ours.batch) / ours.medianMs),
    `${figure((1000 * fastest.batch) / fastest.medianMs)} (${fastest.name})`,
    `**${figure(ratio)}×** (${fastest.ratioRange.map(figure).join("–")})`,
    `≥ ${INFERENCE_TARGET}×, ${verdict(ratio, INFERENCE_TARGET, "least")}`,
  ]);
  return table(["net", "threads", "ours, images/s", "fastest peer, images/s", "ratio (by round)", "target"], lines);
}
