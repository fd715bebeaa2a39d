// @ts-check
/** Elements and windows for the recurrent nets: Alice's characters, and made series. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BispikeError, loadSequence, permutation, RandomStream, regression, windowStarts } from "../library.mjs";
import { madeRows } from "../made.mjs";

/** @typedef {import("./nets.mjs").SequenceNet} SequenceNet */

/**
 * @typedef {object} SequenceData
 * @property {string} dataset name
 * @property {import("../../dist/data/sequence/task.js").SequenceSet} set
 * @property {Int32Array} starts of windows, in the order they are trained on: whole batches
 */

/**
 * @typedef {object} SequenceFiles paths of what the peers read, little-endian
 * @property {string} stimuli inputs in order: uint16 symbols or float32 values
 * @property {string} wanted targets in order, the same way
 * @property {string} starts int32
 */

/** Batches a net is trained on over and over; Alice has 50 of 64 windows of 32. */
const MOST_BATCHES = 50;
const SERIES_LENGTH = 6000;

/** The elements of a run, each loaded once, and copies on disk for the peers. */
export class SequenceSource {
  /** @type {Map<number, Promise<SequenceData["set"]>>} */
  #sets = new Map();
  /** @type {string | undefined} */
  #folder;

  /**
   * @param {SequenceNet} net
   * @param {number} [most] batches at most
   * @returns {Promise<SequenceData>}
   */
  async data(net, most = MOST_BATCHES) {
    let set = this.#sets.get(net.inputs);
    if (!set) {
      set = net.kind === "symbols" ? alice() : Promise.resolve(madeSeries(net.inputs));
      this.#sets.set(net.inputs, set);
    }
    const loaded = await set;
    // Long windows overlap, so that there are enough of them for a batch.
    const stride = net.kind === "symbols" ? Math.min(net.window, 32) : 1;
    const windows = windowStarts(loaded.parts.train, net.window, stride);
    const count = Math.min(most, Math.floor(windows.length / net.rows)) * net.rows;
    if (count === 0) {
      throw new BispikeError(
        "data",
        `${loaded.name}: expected ${net.rows} windows of ${net.window} positions, found ${windows.length}`,
      );
    }
    const order = permutation(1, "bench windows", 0, windows.length).subarray(0, count);
    return { dataset: loaded.name, set: loaded, starts: Int32Array.from(order, (index) => windows[index] ?? 0) };
  }

  /**
   * Writes what the peers read. The files last until `close`.
   *
   * @param {SequenceData} data
   * @param {string} name of the files
   * @returns {Promise<SequenceFiles>}
   */
  async write({ set, starts }, name) {
    this.#folder ??= await mkdtemp(join(tmpdir(), "bispike-bench-"));
    const path = (/** @type {string} */ what) => join(this.#folder ?? "", `${name}.${what}`);
    const files = { stimuli: path("stimuli"), wanted: path("wanted"), starts: path("starts") };
    await writeFile(files.stimuli, elementsOf(set.inputs));
    await writeFile(files.wanted, elementsOf(set.targets));
    await writeFile(files.starts, starts);
    return files;
  }

  /** Removes the files. */
  async close() {
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }
}

async function alice() {
  return (await loadSequence({ text: "alice", task: "next" })).set;
}

/**
 * A series of `inputs` + 1 columns made from seed 1, whose last column is the target.
 *
 * @param {number} inputs
 */
function madeSeries(inputs) {
  const width = inputs + 1;
  const values = madeRows(new RandomStream(1, "bench series"), width, SERIES_LENGTH);
  const columns = Array.from({ length: width }, (_, column) => `c${column}`);
  return regression({ name: "made series", columns, length: SERIES_LENGTH, values, times: null }).set;
}

/** @param {SequenceData["set"]["inputs"]} elements @returns {Uint16Array | Float32Array} */
function elementsOf(elements) {
  return elements.kind === "symbols" ? elements.symbols : elements.values;
}
