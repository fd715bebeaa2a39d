// @ts-check
/**
 * Peak memory of training, against T. Each measurement is a process of its own that trains two steps; its peak is the kernel's own count
 * (VmHWM of /proc/self/status), so the section needs Linux. "Added" is the peak less what the process held before the net was built:
 * PyTorch alone takes some 250 MiB, Node 60.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ImageSource } from "./batches.mjs";
import { OURS } from "./contest.mjs";
import { netsOf } from "./nets.mjs";
import { environments, peerArguments } from "./peers/environment.mjs";
import { PeerServer } from "./peers/server.mjs";
import { PEERS } from "./peers.mjs";
import { figure, table } from "./table.mjs";

/** @typedef {import("./nets.mjs").Net} Net */

/**
 * @typedef {object} MemoryResult
 * @property {string} net
 * @property {string} family
 * @property {number} steps T
 * @property {string} name "bispike", or the peer's
 * @property {number} peakMiB
 * @property {number} addedMiB
 * @property {number | null} arenaMiB of ours: what the engine gave out
 */

const STEP_COUNTS = [1, 2, 4, 8, 16];
const QUICK_STEP_COUNTS = [1, 4];
/** Of the large net, whose steps take PyTorch seconds. */
const LARGE_STEP_COUNTS = [4];
/** The first step allocates the optimiser's moments. */
const TRAINED = 2;
/** Peak memory of ours is to be at most this part of the leanest peer's. */
export const MEMORY_TARGET = 0.4;

/** @type {import("./section.mjs").Section<MemoryResult>} */
export const memory = {
  open(settings) {
    const source = new ImageSource(settings.cifar);
    const parts = netsMeasured(settings.quick).flatMap(({ net, counts }) =>
      counts.map((steps) => ({
        key: `${net.title}, T = ${steps}`,
        measure: () => measure({ ...net, steps }, source, settings),
      })),
    );
    return { parts: process.platform === "linux" ? parts : [], close: () => source.close() };
  },

  report(results) {
    const rows = results.map((r) => [
      r.net,
      String(r.steps),
      r.name,
      figure(r.peakMiB),
      figure(r.addedMiB),
      ...(r.name === OURS ? ["1", "1"] : ratiosOf(r, results).map((ratio) => `${figure(ratio)}×`)),
      figure(r.arenaMiB ?? undefined),
    ]);
    const head = ["net", "T", "who", "peak, MiB", "added, MiB", "peak against ours", "added against ours", "arena MiB"];
    const about =
      "Two training steps, batch 128, one thread, one process a row. Added: the peak less what the process held before the net was built.";
    return ["## Memory", about, table(head, rows)].join("\n\n");
  },
};

/**
 * The first net of each family: memory does not depend on thresholds.
 *
 * @param {boolean} quick
 * @returns {{ net: Net, counts: readonly number[] }[]}
 */
function netsMeasured(quick) {
  const nets = netsOf(quick);
  const firsts = nets.filter((net) => nets.find(({ family }) => family === net.family) === net);
  if (quick) return firsts.slice(0, 1).map((net) => ({ net, counts: QUICK_STEP_COUNTS }));
  return firsts.map((net) => ({ net, counts: net.family === "large CNN" ? LARGE_STEP_COUNTS : STEP_COUNTS }));
}

/**
 * Ours and each peer.
 *
 * @param {Net} net
 * @param {ImageSource} source
 * @param {import("./settings.mjs").Settings} settings
 * @returns {Promise<MemoryResult[]>}
 */
async function measure(net, source, { torch, python }) {
  const batches = await source.batches(net, 1);
  const files = await source.write(batches, `${net.family} once`);
  const about = { net: net.title, family: net.family, steps: net.steps };
  const child = fileURLToPath(new URL("memory-child.mjs", import.meta.url));
  const job = JSON.stringify({ net, files, width: batches.width, trained: TRAINED });
  const { stdout } = await promisify(execFile)(process.execPath, [child, job]);
  const { peakMiB, startMiB, arenaMiB } = JSON.parse(stdout);
  /** @type {MemoryResult[]} */
  const rows = [{ ...about, name: OURS, peakMiB, addedMiB: peakMiB - startMiB, arenaMiB }];
  for (const { name, script } of torch ? PEERS : []) {
    const server = new PeerServer(python, script, peerArguments(net, files, 0), environments(1)[0]);
    try {
      await server.ready();
      const { peak_mb, start_mb } = await server.run("step", TRAINED);
      rows.push({ ...about, name, peakMiB: peak_mb, addedMiB: peak_mb - start_mb, arenaMiB: null });
    } finally {
      await server.close();
    }
  }
  return rows;
}

/**
 * A peer's peak and added memory over ours.
 *
 * @param {MemoryResult} row
 * @param {readonly MemoryResult[]} results
 */
function ratiosOf(row, results) {
  const ours = results.find((r) => r.name === OURS && r.net === row.net && r.steps === row.steps);
  return ours ? [row.peakMiB / ours.peakMiB, row.addedMiB / ours.addedMiB] : [];
}
