/**
 * Recall of every class at a stage, and the mean of perception's rates there: what the stage's own decision is made from. Both as the alignment sees them: pooled where it pools, recall by its
 * voltages where they are compared.
 */
import { recallConcepts } from "../../network/inference.ts";
import { type ImageModel, Model } from "../../network/model.ts";
import type { Feature } from "../../network/neuron.ts";
import { recallFeatures, type StageFeatures } from "./stage-features.ts";

export class RecalledStage {
  readonly reader: StageFeatures;
  /** [class][feature]. */
  readonly prototypes: Float64Array;
  readonly #sum: Float64Array;
  readonly #rates: Float64Array;
  #images = 0;

  /** Call after the classes were recalled, in their order. */
  constructor(perception: StageFeatures, recall: StageFeatures, classes: number) {
    this.reader = perception;
    this.prototypes = new Float64Array(classes * recall.width);
    for (let c = 0; c < classes; c++)
      recall.read(c, this.prototypes.subarray(c * recall.width, (c + 1) * recall.width));
    this.#sum = new Float64Array(perception.width);
    this.#rates = new Float64Array(perception.width);
  }

  /** Takes an image of perception's newest batch into the mean. */
  add(image: number): void {
    this.reader.read(image, this.#rates);
    for (let f = 0; f < this.#rates.length; f++) this.#sum[f]! += this.#rates[f]!;
    this.#images++;
  }

  mean(): Float64Array {
    return this.#sum.map((sum) => sum / this.#images);
  }
}

/** By stage; empty where there is no recall. Recalls every class. `feature`: what recall is compared by. */
export function recalledClasses(model: ImageModel, feature: Feature = "rate"): Map<number, RecalledStage> {
  if (!(model instanceof Model) || !model.pair.recalls) return new Map();
  const { classes } = model.pair.target;
  recallConcepts(
    model.pair,
    Array.from({ length: classes }, (_, c) => c),
    feature,
  );
  return new Map(
    recallFeatures(model.pair, feature).map(({ perception, recall }) => [
      perception.stage,
      new RecalledStage(perception, recall, classes),
    ]),
  );
}
