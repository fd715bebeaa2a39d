/** What is kept of a stage's features while a net is evaluated: right decisions, sums by class, and the features of some images for the rank within classes. */
import { effectiveRank } from "../effective-rank.ts";
import { ClassSpread } from "./class-spread.ts";

/** Images whose features are kept: the rank's time grows with their cube. */
const RANK_IMAGES = 512;

export class SeenImages {
  readonly right = { probe: 0, nearestMean: 0, own: 0 };
  readonly spread: ClassSpread;
  readonly #width: number;
  readonly #images: number;
  readonly #kept: number;
  readonly #rows: Float64Array;
  readonly #labels: number[] = [];
  #seen = 0;

  /** @param images that will be seen */
  constructor(width: number, classes: number, images: number) {
    this.spread = new ClassSpread(classes, width);
    this.#width = width;
    this.#images = images;
    this.#kept = Math.min(images, RANK_IMAGES);
    this.#rows = new Float64Array(this.#kept * width);
  }

  add(features: Float64Array, label: number): void {
    this.spread.add(features, label);
    const kept = this.#labels.length;
    // Of n images the k-th that is kept is number floor(k n / kept).
    if (kept < this.#kept && this.#seen === Math.floor((kept * this.#images) / this.#kept)) {
      this.#rows.set(features, kept * this.#width);
      this.#labels.push(label);
    }
    this.#seen++;
  }

  /** Effective ranks of the features less their class's mean, over the images kept, and of the class means less theirs. */
  ranks(): { withinRank: number; meansRank: number; rankImages: number } {
    const means = this.spread.means();
    const width = this.#width;
    const rankImages = this.#labels.length;
    const rows = this.#rows.slice(0, rankImages * width);
    for (const [k, label] of this.#labels.entries())
      for (let f = 0; f < width; f++) rows[k * width + f]! -= means[label * width + f]!;
    return { withinRank: effectiveRank(rows, rankImages, width), meansRank: this.spread.meansRank(), rankImages };
  }
}
