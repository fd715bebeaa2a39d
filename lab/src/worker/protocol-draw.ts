/** What the page asks about pictures a person draws or takes, and about concepts a person chooses. Nothing of it learns. */
import type { SpikeRows } from "./protocol.ts";

/** What perception makes of a picture, and what recall draws of the class it decides on. */
export interface Perceived {
  readonly decision: number;
  /** Cosine of the concept's spikes with each class's code, 0 where the concept is silent; all 0 for non-spiking nets. */
  readonly cosines: readonly number[];
  /** Mean drive of each class; logits for non-spiking nets. */
  readonly drives: readonly number[];
  /** Hidden stages from the stimulus up; empty for non-spiking nets. */
  readonly perception: readonly SpikeRows[];
  /** The concept's neurons; null for non-spiking nets. */
  readonly concept: SpikeRows | null;
  /** What recall draws of the decided class; null where there is no recall. */
  readonly recall: RecalledConcept | null;
}

/** One concept, or a mixture of two, gone down recall. */
export interface RecalledConcept {
  /** Bytes [height][width][channel]. */
  readonly picture: Uint8Array;
  /** Mean firing rate of each neuron, 0 to 255 (a spike at every step), hidden stages from the stimulus up. */
  readonly stages: readonly Uint8Array[];
  /** The same of the concept's neurons. */
  readonly concept: Uint8Array;
}

export interface TestImage {
  readonly index: number;
  readonly label: number;
  /** Bytes [height][width][channel]. */
  readonly image: Uint8Array;
}

export interface DrawApi {
  /** @param pixels bytes [height][width][channel] of the data's own size */
  perceive(pixels: Uint8Array): Promise<Perceived>;
  /** An image of the test part, by its number. */
  testImage(index: number): Promise<TestImage>;
  /**
   * What recall draws between classes `a` and `b`; null where there is no recall.
   *
   * @param share 0 for `a` alone, 1 for `b` alone
   */
  recallMixture(a: number, b: number, share: number): Promise<RecalledConcept | null>;
}
