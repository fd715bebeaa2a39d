// @ts-check
/**
 * Peak memory of recurrent nets that learn next characters, by the kernel's count (Linux), a process a point: against the window's length, and, of a
 * stream that learns while it infers, against the number of elements that went by.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { environments } from "../peers/environment.mjs";
import { PeerServer } from "../peers/server.mjs";
import { BPTT_PEER, OUR_BPTT, OUR_BSD } from "./names.mjs";
import { SEQUENCE_NETS, sequencePeerArguments } from "./nets.mjs";

/** @typedef {import("./nets.mjs").SequenceNet} SequenceNet */
/** @typedef {import("./trainee.mjs").SequenceRule} SequenceRule */

/**
 * @typedef {object} MemoryRow
 * @property {"window memory" | "stream memory"} what
 * @property {string} name who
 * @property {number} size positions of a window, or elements of a stream
 * @property {number} peakMiB
 * @property {number} addedMiB the peak less what the process held before the net was built
 * @property {number | null} arenaMiB of ours: what the engine gave out
 * @property {number | null} liveMiB of ours: that, and what JavaScript still holds after a garbage collection at the end
 */

/**
 * What a child is asked for.
 *
 * @typedef {object} MemoryJob
 * @property {SequenceNet} net
 * @property {SequenceRule} rule
 * @property {number} width of the alphabet
 * @property {import("./data.mjs").SequenceData["set"]["parts"]} parts
 * @property {import("./data.mjs").SequenceFiles} files
 * @property {number} steps training steps, where it is trained on windows
 * @property {number} elements of the stream
 * @property {number} every elements between two of the stream's learning steps; 0: windows
 */

export const MEMORY_ROWS = 16;
export const EVERY = 16;
const WINDOWS = [16, 32, 64, 128, 256];
const QUICK_WINDOWS = [16, 32];
const LENGTHS = [1000, 10_000, 100_000];
const QUICK_LENGTHS = [100, 1000];
/** Processes a length, of which the middle one counts: when V8 collects, and so the peak, is not the same in any two. */
export const STREAM_RUNS = 7;
/** The first step allocates the optimiser's moments. */
const TRAINED = 2;

/**
 * @param {import("../settings.mjs").Settings} settings
 * @param {import("./data.mjs").SequenceSource} source
 * @returns {import("../section.mjs").Part<MemoryRow>[]}
 */
export function memoryParts(settings, source) {
  const [net] = SEQUENCE_NETS;
  if (process.platform !== "linux" || !net) return [];
  const windows = (settings.quick ? QUICK_WINDOWS : WINDOWS).map((window) => ({
    key: `memory, windows of ${window}`,
    measure: () => windowMemory({ ...net, window, rows: MEMORY_ROWS }, settings, source),
  }));
  const streams = (settings.quick ? QUICK_LENGTHS : LENGTHS).map((elements) => ({
    key: `memory, stream of ${elements}`,
    measure: () => streamMemory({ ...net, window: EVERY, rows: 1 }, elements, settings.quick ? 1 : STREAM_RUNS, source),
  }));
  return [...windows, ...streams];
}

/**
 * @param {SequenceNet} net
 * @param {import("../settings.mjs").Settings} settings
 * @param {import("./data.mjs").SequenceSource} source
 * @returns {Promise<MemoryRow[]>}
 */
async function windowMemory(net, { torch, python }, source) {
  const data = await source.data(net, TRAINED);
  const files = await source.write(data, `windows of ${net.window}`);
  const { inputs, parts } = data.set;
  const job = { net, width: inputs.width, parts, files, steps: TRAINED, elements: 0, every: 0 };
  const about = { what: /** @type {const} */ ("window memory"), size: net.window };
  /** @type {MemoryRow[]} */
  const rows = [
    { ...about, name: OUR_BSD, ...(await inChild({ ...job, rule: "bsd" })) },
    { ...about, name: OUR_BPTT, ...(await inChild({ ...job, rule: "bptt" })) },
  ];
  if (!torch) return rows;
  const { name, script } = BPTT_PEER;
  const server = new PeerServer(python, script, sequencePeerArguments(net, data, files, 0), environments(1)[0]);
  try {
    await server.ready();
    const { peak_mb, start_mb } = await server.run("step", TRAINED);
    rows.push({ ...about, name, peakMiB: peak_mb, addedMiB: peak_mb - start_mb, arenaMiB: null, liveMiB: null });
  } finally {
    await server.close();
  }
  return rows;
}

/**
 * @param {SequenceNet} net
 * @param {number} elements
 * @param {number} processes
 * @param {import("./data.mjs").SequenceSource} source
 * @returns {Promise<MemoryRow[]>}
 */
async function streamMemory(net, elements, processes, source) {
  const data = await source.data(net, 1);
  const files = await source.write(data, "stream");
  const { inputs, parts } = data.set;
  const job = { net, rule: /** @type {const} */ ("bsd"), width: inputs.width, parts, files, steps: 0 };
  /** @type {Awaited<ReturnType<typeof inChild>>[]} */
  const runs = [];
  for (let run = 0; run < processes; run++) runs.push(await inChild({ ...job, elements, every: EVERY }));
  const middle = runs.sort((a, b) => a.addedMiB - b.addedMiB)[Math.floor(processes / 2)];
  if (!middle) throw new Error("no stream was run");
  return [{ what: "stream memory", name: OUR_BSD, size: elements, ...middle }];
}

/** @param {MemoryJob} job */
async function inChild(job) {
  const child = fileURLToPath(new URL("memory-child.mjs", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", child, JSON.stringify(job)]);
  /** @type {{ peakMiB: number, startMiB: number, arenaMiB: number, liveMiB: number }} */
  const { peakMiB, startMiB, arenaMiB, liveMiB } = JSON.parse(stdout);
  return { peakMiB, addedMiB: peakMiB - startMiB, arenaMiB, liveMiB };
}
