// @ts-check
/** Batches of real images, normalised once: training on noise would give firing rates that no real net has. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { coloured } from "./colour.mjs";
import { BispikeError, channelStatistics, fillBatch, loadDataset, permutation } from "./library.mjs";

/** @typedef {import("../dist/data/dataset.js").Dataset} Dataset */
/** @typedef {import("./nets.mjs").Net} Net */

/**
 * @typedef {object} Batches
 * @property {string} dataset name
 * @property {number} width floats an image
 * @property {number} count batches
 * @property {Float32Array} stimuli [batch][image][width], images channels last
 * @property {Uint16Array} labels [batch][image]
 */

/** In order of preference: Fashion-MNIST is the harder one, with rates nearer to those of natural images. */
const NAMES = ["fashion-mnist", "mnist"];
const IMAGES = 8192;
/** Of a net with images of three channels, whose few steps need no more. */
const COLOUR_IMAGES = 2048;

/** Data sets of a run, each loaded once, and batches on disk for the peers. */
export class ImageSource {
  /** @type {string | undefined} */
  #cifar;
  /** @type {Map<number, Promise<Dataset>>} */
  #datasets = new Map();
  /** @type {string | undefined} */
  #folder;

  /** @param {string | undefined} cifar folder of CIFAR-10's binary files; without it grey images are given colour */
  constructor(cifar) {
    this.#cifar = cifar;
  }

  /**
   * @param {number} channels 1 or 3
   * @returns {Promise<Dataset>}
   */
  dataset(channels) {
    let dataset = this.#datasets.get(channels);
    if (!dataset) {
      dataset = channels === 1 ? installedDataset() : this.#colour();
      this.#datasets.set(channels, dataset);
    }
    return dataset;
  }

  async #colour() {
    if (this.#cifar !== undefined) return loadDataset({ name: "cifar10", path: this.#cifar });
    return coloured(await this.dataset(1), COLOUR_IMAGES);
  }

  /**
   * Batches for a net; `count` of them, by default all there are.
   *
   * @param {Net} net
   * @param {number} [count]
   * @returns {Promise<Batches>}
   */
  async batches(net, count) {
    const most = Math.floor((net.channels === 1 ? IMAGES : COLOUR_IMAGES) / net.batch);
    return makeBatches(await this.dataset(net.channels), net, Math.min(count ?? most, most));
  }

  /**
   * Writes batches as the peers read them: little-endian float32, and one byte a label. The files last until `close`.
   *
   * @param {Batches} batches
   * @param {string} name of the files
   * @returns {Promise<{ data: string, labels: string }>} paths
   */
  async write(batches, name) {
    this.#folder ??= await mkdtemp(join(tmpdir(), "bispike-bench-"));
    const data = join(this.#folder, `${name}.f32`);
    const labels = join(this.#folder, `${name}.u8`);
    await writeFile(data, new Uint8Array(batches.stimuli.buffer));
    await writeFile(labels, Uint8Array.from(batches.labels));
    return { data, labels };
  }

  /** Removes the files. */
  async close() {
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }
}

/**
 * The first of the known data sets that is installed.
 *
 * @returns {Promise<Dataset>}
 * @throws BispikeError "data" where none is; says how to install each
 */
async function installedDataset() {
  const reasons = [];
  for (const name of NAMES) {
    try {
      return await loadDataset({ name });
    } catch (error) {
      if (!(error instanceof BispikeError) || error.code !== "data") throw error;
      reasons.push(error.message);
    }
  }
  throw new BispikeError("data", `the benchmark trains on real images and found none:\n${reasons.join("\n")}`);
}

/**
 * @param {Dataset} dataset
 * @param {Net} net
 * @param {number} count
 * @returns {Batches}
 */
function makeBatches(dataset, net, count) {
  const { shape, train } = dataset;
  const images = count * net.batch;
  if (train.count < images) {
    throw new BispikeError(
      "data",
      `${dataset.name}: expected at least ${images} training images, found ${train.count}`,
    );
  }
  const order = permutation(1, "bench batches", 0, train.count).subarray(0, images);
  const width = net.side * net.side * shape.channels;
  const stimuli = new Float32Array(images * width);
  const frame = { height: net.side, width: net.side };
  fillBatch(stimuli, train, order, 0, images, shape, frame, channelStatistics(train, order, shape));
  const labels = Uint16Array.from(order, (image) => train.labels[image] ?? 0);
  return { dataset: dataset.name, width, count, stimuli, labels };
}
