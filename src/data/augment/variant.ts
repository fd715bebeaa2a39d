/**
 * Which variant of an image a training step shows. It follows from the seed, the step's number and the image's own, by Philox's counters: no state is kept, so a resumed run, another number
 * of threads or a part of a pair elsewhere draws the same, and each epoch another one.
 *
 *   block 0 of (image, step): right, down, mirrored, turned     block 1: the square's centre
 *
 * A word has one use, so that one option changes nothing that others draw.
 */
import { philoxInto, streamKey } from "../../engine/random.ts";
import type { ImageShape } from "../dataset.ts";
import type { AugmentOptions } from "./options.ts";

/** What happens to an image, in this order but for the move, which comes after the mirror. */
export interface Variant {
  /** Whole pixels to the right, and down; negative for the other way. */
  readonly right: number;
  readonly down: number;
  readonly mirrored: boolean;
  /** Half turns clockwise, -1 to 1. */
  readonly turn: number;
  /** The pixel of the image that the erased square is centred on. */
  readonly centreX: number;
  readonly centreY: number;
}

const TWO_31 = 0x8000_0000;
const TWO_32 = 0x1_0000_0000;

/** Draws variants, one after the other into the same object. */
export class VariantDraws {
  readonly #options: AugmentOptions;
  readonly #shape: ImageShape;
  readonly #key: readonly [number, number];
  readonly #block = new Uint32Array(4);
  readonly #drawn = { right: 0, down: 0, mirrored: false, turn: 0, centreX: 0, centreY: 0 };

  /** @param seed integer from 0 to 2^53 - 1 */
  constructor(options: AugmentOptions, shape: ImageShape, seed: number) {
    this.#options = options;
    this.#shape = shape;
    this.#key = streamKey(seed, "augment");
  }

  /**
   * @param image its number in the training part, below 2^32
   * @param counter number of the training step, from 0
   * @returns good until the next one is drawn
   */
  draw(image: number, counter: number): Variant {
    const { shift, flip, rotate, erase } = this.#options;
    const drawn = this.#drawn;
    const block = this.#block;
    this.#fill(0, image, counter);
    drawn.right = below(block[0]!, 2 * shift + 1) - shift;
    drawn.down = below(block[1]!, 2 * shift + 1) - shift;
    drawn.mirrored = flip && block[2]! >= TWO_31;
    drawn.turn = ((block[3]! + 0.5) / TWO_31 - 1) * (rotate / 180);
    if (erase > 0) {
      this.#fill(1, image, counter);
      drawn.centreX = below(block[0]!, this.#shape.width);
      drawn.centreY = below(block[1]!, this.#shape.height);
    }
    return drawn;
  }

  #fill(position: number, image: number, counter: number): void {
    const [key0, key1] = this.#key;
    philoxInto(this.#block, position, image, counter >>> 0, Math.floor(counter / TWO_32), key0, key1);
  }
}

/** 0 .. bound - 1 from a word: each as likely to within bound / 2^32, which no number of training steps would tell. */
function below(word: number, bound: number): number {
  return Math.floor((word * bound) / TWO_32);
}
