/** How well recall reconstructs a part of a sequence, beside what chance would give. */

import type { Split } from "../data/dataset.ts";
import type { SequenceSet } from "../data/sequence/task.ts";
import type { Network } from "../nets/autoencoder-pair.ts";
import type { AutoencoderModel } from "../problems/autoencode-learners.ts";
import type { SequenceBsd } from "../problems/sequence.ts";
import {
  type ColumnFit,
  Moments,
  reconstructSymbols,
  reconstructValues,
  type SymbolFit,
} from "../problems/sequence-reconstruct.ts";

export interface ReconstructedSymbols {
  readonly positions: number;
  /** Share of positions whose reconstructed symbol is the stimulus's, 0..1. */
  readonly right: number;
  /** The same share if the reconstructed symbols stood in random order: its mean over all orders. */
  readonly shuffled: number;
}

/** Over all positions of windows. */
export function measureReconstructedSymbols(
  learner: SequenceBsd,
  set: SequenceSet,
  starts: Int32Array,
  fit: SymbolFit | undefined,
): ReconstructedSymbols {
  const truth = truthOf(learner, set, starts);
  return shareRight(reconstructSymbols(learner, set, starts, fit), truth, set.inputs.width);
}

/**
 * @param width of the alphabet
 * @example
 * shareRight(Uint16Array.of(0, 1, 1, 1), Uint16Array.of(0, 0, 1, 1), 2); // right 0.75, shuffled 0.5
 */
export function shareRight(drawn: Uint16Array, truth: Uint16Array, width: number): ReconstructedSymbols {
  const [ofDrawn, ofTruth] = [new Float64Array(width), new Float64Array(width)];
  let right = 0;
  for (const [k, symbol] of drawn.entries()) {
    ofDrawn[symbol]!++;
    ofTruth[truth[k]!]!++;
    if (symbol === truth[k]) right++;
  }
  const positions = drawn.length;
  const pairs = ofDrawn.reduce((sum, count, symbol) => sum + count * ofTruth[symbol]!, 0);
  return { positions, right: right / positions, shuffled: pairs / positions / positions };
}

/** Input symbols of windows, [window][position]. */
export function truthOf({ window }: SequenceBsd, { inputs }: SequenceSet, starts: Int32Array): Uint16Array {
  const symbols = inputs.kind === "symbols" ? inputs.symbols : new Uint16Array();
  const out = new Uint16Array(starts.length * window);
  for (const [k, start] of starts.entries()) out.set(symbols.subarray(start, start + window), k * window);
  return out;
}

export interface ReconstructedColumn {
  readonly name: string;
  /** Correlation of the reconstructed column with the true one. */
  readonly correlation: number;
  /** The same with the windows half the part further on: what a column's habits alone give. */
  readonly shuffled: number;
  /** Mean squared error of the fitted column, standardised. */
  readonly mse: number;
}

/** Over all positions of windows, by column. */
export function measureReconstructedColumns(
  learner: SequenceBsd,
  set: SequenceSet,
  starts: Int32Array,
  names: readonly string[],
  fits: readonly ColumnFit[],
): ReconstructedColumn[] {
  const { window } = learner;
  const { inputs } = set;
  const { width } = inputs;
  const values = inputs.kind === "values" ? inputs.values : new Float32Array();
  const drawn = reconstructValues(learner, set, starts, fits);
  const shift = Math.floor(starts.length / 2);
  return names.map((name, d) => {
    const [own, other] = [new Moments(), new Moments()];
    let squares = 0;
    for (const [k, start] of starts.entries()) {
      const elsewhere = starts[(k + shift) % starts.length]!;
      for (let n = 0; n < window; n++) {
        const value = drawn[(k * window + n) * width + d]!;
        const truth = values[(start + n) * width + d]!;
        own.add(value, truth);
        other.add(value, values[(elsewhere + n) * width + d]!);
        squares += (value - truth) ** 2;
      }
    }
    const mse = squares / (starts.length * window);
    return { name, correlation: own.correlation(), shuffled: other.correlation(), mse };
  });
}

// Goes through images and what the networks of an autoencoder draw of them, a batch at a time.

/** A batch, all rows [image][height][width][channel] in units of pixel / 255. */
export interface ReconstructedBatch {
  /** Place of its first image in the list that was asked for. */
  readonly from: number;
  readonly images: number;
  readonly originals: Float32Array;
  /** One array a network, in the order asked for. */
  readonly reconstructed: readonly Float32Array[];
}

/**
 * Goes through images and what an autoencoder's networks draw of them, a batch at a time.
 *
 * @param indices of the images in `split`
 * @param pause awaited between batches; may throw to give up
 * @example
 * for await (const { images, originals, reconstructed } of reconstructedBatches(model, dataset.test, indices, ["perception"]))
 *   console.log(meanSquaredErrors(originals, reconstructed[0]!, dataset.shape, images));
 */
export async function* reconstructedBatches(
  model: AutoencoderModel,
  split: Split,
  indices: Int32Array,
  networks: readonly Network[],
  pause?: () => Promise<void>,
): AsyncGenerator<ReconstructedBatch> {
  const { maxImages } = model.learner;
  for (let from = 0; from < indices.length; from += maxImages) {
    const images = Math.min(maxImages, indices.length - from);
    model.load(split, indices, from, images);
    const reconstructed = networks.map((by) => model.reconstruct(images, by));
    yield { from, images, originals: model.originals(split, indices, from, images), reconstructed };
    await pause?.();
  }
}

/**
 * Mean squared error of each network's drawings over all images and values, in units of (pixel / 255) squared.
 *
 * @example
 * const [perception, recall] = await reconstructedErrors(model, dataset.test, indices, ["perception", "recall"]);
 */
export async function reconstructedErrors(
  model: AutoencoderModel,
  split: Split,
  indices: Int32Array,
  networks: readonly Network[],
  pause?: () => Promise<void>,
): Promise<number[]> {
  const squares = networks.map(() => 0);
  let values = 0;
  for await (const { originals, reconstructed } of reconstructedBatches(model, split, indices, networks, pause)) {
    values += originals.length;
    for (const [k, drawing] of reconstructed.entries()) {
      let sum = 0;
      for (let i = 0; i < originals.length; i++) sum += (drawing[i]! - originals[i]!) ** 2;
      squares[k]! += sum;
    }
  }
  return squares.map((sum) => sum / values);
}
