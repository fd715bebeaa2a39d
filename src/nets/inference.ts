/** Runs of the pair outside training: norms use their running statistics, nothing is learned. */
import { LANES } from "../engine/kernels.ts";
import { CONCEPT_THRESHOLD, type Feature } from "./neuron.ts";
import type { NetworkPair } from "./pair.ts";
import { assertRows } from "./shape.ts";

/** Key of the random stimulus codes of evaluation; training counts its batches from 0. */
const EVALUATION_COUNTER = 0xffffffff;

/**
 * Perception of the pair's first `images` stimulus rows; spikes stay in each layer's output, the concept's drive in `conceptDrive`.
 *
 * @param alike an image's bytes do not depend on the images beside it; false takes the fastest product. Default false
 * @throws BispikeError "usage" for more images than the pair has rows for
 * @example
 * pair.stimulus.view.set(pixels); // rows of pair.stimulusWidth floats
 * perceive(pair, 8);
 * decide(pair, 8)[0].class;
 */
export function perceive(pair: NetworkPair, images: number, alike = false): void {
  perceiveHidden(pair, images, alike);
  pair.perception.at(-1)!.forward(images, { train: false, alike });
}

/** As `perceive`, up to the last hidden stage: for who wants its spikes alone. */
export function perceiveHidden(pair: NetworkPair, images: number, alike = false): void {
  pair.encode(images, EVALUATION_COUNTER, false);
  for (const layer of pair.perception.slice(0, -1)) {
    layer.run(images, { train: false, alike });
  }
}

/**
 * Recall of the concepts of `labels`; the reconstructed stimuli are the feature rows of `pair.reconstructed`.
 *
 * @param labels classes, at most the pair's `maxRecalls`
 * @param feature what the hidden stages' feature rows are to hold, as alignments read them; absent: nothing
 * @throws BispikeError "usage" where there is perception alone, for too many labels, or one that is no class
 * @example
 * recallConcepts(pair, [3, 8]);
 * pair.reconstructed.features.view.subarray(0, pair.reconstructed.featureWidth); // of class 3
 */
export function recallConcepts(pair: NetworkPair, labels: ArrayLike<number>, feature?: Feature): void {
  pair.present(labels, false);
  recallPresented(pair, labels.length, feature);
}

/** Recall of the first `rows` rows of the concept's spikes, whatever was put there and listed (`pair.present`, or other trains). */
export function recallPresented(pair: NetworkPair, rows: number, feature?: Feature): void {
  for (const layer of pair.recall.toReversed()) {
    layer.run(rows, { train: false, ...(feature && { feature }) });
  }
}

/**
 * The concept's spikes s_L after `perceive`: LIF neurons on the concept's drive, with a threshold of their own.
 * One byte a neuron, [image][step][neuron].
 *
 * @param images the first of those perceived
 * @throws BispikeError "usage" for more than were perceived
 * @example
 * perceive(pair, 8);
 * conceptSpikes(pair, 8).length; // 8 x steps x neurons
 */
export function conceptSpikes(pair: NetworkPair, images: number): Uint8Array {
  const { steps, tau } = pair.options;
  const threshold = pair.options.threshold.concept ?? CONCEPT_THRESHOLD;
  const { width } = pair.target;
  const { workspace, images: perceived } = pair.conceptDrive;
  assertRows("images perceived", images, perceived);
  const tiles = Math.ceil(width / LANES);
  const z = new Float32Array(pair.team.arena.memory.buffer, workspace.z, tiles * perceived * steps * LANES);
  const spikes = new Uint8Array(images * steps * width);
  for (let n = 0; n < width; n++) {
    let from = Math.floor(n / LANES) * perceived * steps * LANES + (n % LANES);
    let to = n;
    for (let b = 0; b < images; b++) {
      let state = 0;
      for (let t = 0; t < steps; t++, from += LANES, to += width) {
        const h = Math.fround(state + Math.fround((z[from]! - state) / tau));
        const fired = h >= threshold;
        spikes[to] = fired ? 1 : 0;
        state = fired ? 0 : h;
      }
    }
  }
  return spikes;
}
