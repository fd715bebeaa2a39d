/** What the hidden stages' spikes are like: effective rank of their rates, dead and saturated units, and how far the two networks' weights have aligned. */
import { recallConcepts } from "../network/inference.ts";
import type { Layer } from "../network/layer.ts";
import type { NetworkPair } from "../network/pair.ts";
import { sizeOf } from "../network/shape.ts";
import { effectiveRank } from "./effective-rank.ts";
import type { Meter } from "./evaluate.ts";
import { spikeCounts } from "./spike-counts.ts";
import { type UnitRates, unitRates } from "./unit-rates.ts";
import { type WeightAlignment, weightAlignment } from "./weight-alignment.ts";

/** Images whose rates are kept for the effective rank, unless told otherwise: its time grows with their cube. */
const RANK_IMAGES = 512;

/** One network's half of a hidden stage. */
export interface StageRepresentation extends UnitRates {
  /** Effective rank of the firing rates, [sample][unit]. */
  readonly effectiveRank: number;
  /** The same less each unit's mean, which is what the alignment compares. */
  readonly centredRank: number;
  /** Samples it was taken from; it cannot exceed them. */
  readonly rankSamples: number;
}

/** What the spikes of a net's stages are like. */
export interface Representation {
  /** Images perceived. */
  readonly images: number;
  /** Hidden stages from below; `perception` over the images, `recall` over one recall a class. */
  readonly stages: readonly {
    readonly stage: number;
    readonly perception: StageRepresentation;
    /** Over one recall a class; null where there is perception alone. */
    readonly recall: StageRepresentation | null;
  }[];
  /** How weights up and down align; empty where there is perception alone. */
  readonly weights: readonly WeightAlignment[];
}

/**
 * Watches perception's hidden stages while a pair is evaluated.
 *
 * @example
 * const meter = new RepresentationMeter(model.pair, indices.length);
 * await evaluate(model, dataset.test, indices, undefined, [meter]);
 * meter.result().stages[0].perception.effectiveRank;
 */
export class RepresentationMeter implements Meter {
  readonly #pair: NetworkPair;
  readonly #perception: readonly StageRates[];
  readonly #recall: readonly StageRates[];

  /**
   * Recalls every concept once, where there is recall; perception's batches follow by `add`.
   *
   * @param images that will be seen: those kept for the rank are spread evenly over them
   * @param kept images kept at most. Default 512
   */
  constructor(pair: NetworkPair, images: number, kept = RANK_IMAGES) {
    const { classes } = pair.target;
    this.#pair = pair;
    this.#perception = pair.perception.slice(0, -1).map((layer) => new StageRates(layer, images, kept));
    this.#recall = pair.recall.slice(1).map((layer) => new StageRates(layer, classes, kept));
    if (!pair.recalls) return;
    recallConcepts(
      pair,
      Array.from({ length: classes }, (_, c) => c),
    );
    for (const rates of this.#recall) rates.add(classes);
  }

  /** Sees a batch. */
  add(images: number): void {
    for (const rates of this.#perception) rates.add(images);
  }

  /** What was measured so far. */
  result(): Representation {
    return {
      images: this.#perception[0]?.seen ?? 0,
      stages: this.#perception.map((perception, k) => ({
        stage: k + 2,
        perception: perception.result(),
        recall: this.#recall[k]?.result() ?? null,
      })),
      weights: weightAlignment(this.#pair),
    };
  }
}

/** Spike counts of a layer's units: their sums, and the rows of some samples. */
class StageRates {
  seen = 0;
  readonly #layer: Layer;
  readonly #counts: Float64Array;
  readonly #sums: Float64Array;
  readonly #rows: Uint16Array;
  readonly #samples: number;
  readonly #kept: number;
  #rowCount = 0;

  constructor(layer: Layer, samples: number, kept: number) {
    const units = sizeOf(layer.synapses.shape);
    this.#layer = layer;
    this.#samples = samples;
    this.#kept = Math.min(samples, kept);
    this.#counts = new Float64Array(units);
    this.#sums = new Float64Array(units);
    this.#rows = new Uint16Array(this.#kept * units);
  }

  add(images: number): void {
    const counts = this.#counts;
    for (let b = 0; b < images; b++, this.seen++) {
      spikeCounts(this.#layer.output!, b, counts);
      for (let i = 0; i < counts.length; i++) this.#sums[i]! += counts[i]!;
      // Of n samples the k-th that is kept is number floor(k n / kept).
      if (this.#rowCount < this.#kept && this.seen === Math.floor((this.#rowCount * this.#samples) / this.#kept)) {
        this.#rows.set(counts, this.#rowCount * counts.length);
        this.#rowCount++;
      }
    }
  }

  result(): StageRepresentation {
    const { length } = this.#counts;
    const { steps, shape } = this.#layer.output!;
    const rows = this.#rows.subarray(0, this.#rowCount * length);
    const rankSamples = this.#rowCount;
    return {
      ...unitRates(this.#sums, shape.channels, this.seen * steps),
      effectiveRank: effectiveRank(rows, rankSamples, length),
      centredRank: effectiveRank(rows, rankSamples, length, { centred: true }),
      rankSamples,
    };
  }
}
