/** A run between two steps, and how its nets are run again on images of the newest batch, without learning, for who looks at them. */
import type { Experiment } from "../../../src/index.ts";
import { recallConcepts } from "../../../src/nets/inference.ts";
import type { NewestBatch } from "./snapshot.ts";

export interface Scene {
  readonly experiment: Experiment;
  /** The newest batch; the first images of the training part before the first step. */
  readonly batch: NewestBatch;
  /** Steps done. */
  readonly step: number;
}

/**
 * Perceives some images of the batch, in the given order: image k of the newest pass is the batch's image `places[k]`. Norms use their running
 * statistics, as in an evaluation.
 */
export function perceiveOf({ experiment, batch }: Scene, places: readonly number[]): void {
  const { model, dataset } = experiment;
  const indices = Int32Array.from(places, (place) => batch.indices[place]!);
  model.load(dataset.train, indices, 0, indices.length, batch.varied);
  model.perceive(indices.length);
}

/** Recalls every class, where there is recall: row c is class c. */
export function recallAll({ model }: Experiment): void {
  if (!model.pair?.recalls) return;
  recallConcepts(
    model.pair,
    Array.from({ length: model.pair.target.classes }, (_, c) => c),
  );
}

/** Runs both networks on the whole batch as its training step did: what `snapshotOf` reads, after other questions ran them on other images. */
export function relive(scene: Scene): void {
  const { experiment, batch } = scene;
  const { model, config } = experiment;
  perceiveOf(
    scene,
    Array.from(batch.labels, (_, place) => place),
  );
  if (config.rule.rivals === "prototypes") recallAll(experiment);
  else if (model.pair?.recalls) recallConcepts(model.pair, batch.labels);
}
