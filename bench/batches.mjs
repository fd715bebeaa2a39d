// @ts-check
/** Batches of real images, normalised once: training on noise would give firing rates that no real net has. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BispikeError, channelStatistics, fillBatch, loadDataset, permutation } from "./library.mjs";
import { RECIPE } from "./nets.mjs";

/** @typedef {import("../dist/data/dataset.js").Dataset} Dataset */

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
const COUNT = 64;

/**
 * The first of the known data sets that is installed.
 *
 * @returns {Promise<Dataset>}
 * @throws BispikeError "data" where none is; says how to install each
 */
export async function installedDataset() {
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
 * @param {number} side of the square frame, pixels
 * @returns {Batches}
 */
export function makeBatches(dataset, side) {
  const { shape, train } = dataset;
  const images = COUNT * RECIPE.batch;
  if (train.count < images) {
    throw new BispikeError(
      "data",
      `${dataset.name}: expected at least ${images} training images, found ${train.count}`,
    );
  }
  const order = permutation(1, "bench batches", 0, train.count).subarray(0, images);
  const width = side * side * shape.channels;
  const stimuli = new Float32Array(images * width);
  const frame = { height: side, width: side };
  fillBatch(stimuli, train, order, 0, images, shape, frame, channelStatistics(train, order, shape));
  const labels = Uint16Array.from(order, (image) => train.labels[image] ?? 0);
  return { dataset: dataset.name, width, count: COUNT, stimuli, labels };
}

/**
 * Writes batches as the peers read them: little-endian float32, and one byte a label.
 *
 * @param {Batches} batches
 * @param {string} folder
 * @returns {Promise<{ data: string, labels: string }>} paths
 */
export async function writeBatches(batches, folder) {
  const data = join(folder, "stimuli.f32");
  const labels = join(folder, "labels.u8");
  await writeFile(data, new Uint8Array(batches.stimuli.buffer));
  await writeFile(labels, Uint8Array.from(batches.labels));
  return { data, labels };
}
