/**
 * Observes an image experiment at some of its steps: angles between the rule's and backprop's gradients, weights up against weights down, and what the spikes of validation images are like.
 *
 * Nothing that training reads is written: backprop has a twin of its own (measure/backprop-twin.ts), and spikes are measured as at an epoch's end, between two steps.
 */
import type { Dataset } from "../data/dataset.ts";
import { alignmentOf, type BackpropTwin, type JoinedWeights } from "../measure/backprop-twin.ts";
import { RepresentationMeter, type StageRepresentation } from "../measure/representation.ts";
import { SpikeSimilarity } from "../measure/similarity.ts";

import type { ImageModel, Model } from "../nets/model.ts";
import { ImageDll } from "../rules/dll.ts";
import { MirroredNets } from "../rules/mirrored-nets.ts";
import type { Batch, Rule } from "../rules/rule.ts";
import type { Observation, ObservedSpikes } from "./observation.ts";

export interface ObserverParts {
  readonly model: ImageModel;
  readonly rule: Rule;
  readonly dataset: Dataset;
  readonly twin: BackpropTwin;
  /** Into the training part: images whose spikes are measured. */
  readonly indices: Int32Array;
  /** Steps from one observation to the next. */
  readonly every: number;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
}

type Measured = Pick<Observation, "images" | "weights" | "stages">;

/**
 * @example
 * if (observer.isDue(counter)) observer.measure(); // loads images of its own
 * model.load(split, order, from, count);
 * observer.compare(batch);
 * rule.step(batch, rates);
 * observer.observation(counter);
 */
export class Observer {
  readonly #parts: ObserverParts;
  #measured: Measured = { images: 0, weights: [], stages: [] };

  constructor(parts: ObserverParts) {
    this.#parts = parts;
  }

  /** Whether the step after `counter` steps is observed: the first, every so many after it, and the last. */
  isDue(counter: number): boolean {
    const { every, totalSteps } = this.#parts;
    return counter % every === 0 || counter === totalSteps - 1;
  }

  /** Measures spikes and weights as they are now; writes over the loaded images. */
  measure(): void {
    const { model, rule } = this.#parts;
    this.#measured = model.spiking
      ? this.#spikes(model)
      : { images: 0, stages: [], weights: downwardWeights(rule).map(alignmentOf) };
  }

  /** Has backprop's twin look at the loaded batch. */
  compare(batch: Batch): void {
    this.#parts.twin.run(batch);
  }

  /** All that was found, once the rule has made its step after `counter` steps. */
  observation(counter: number): Observation {
    const { twin, stepsPerEpoch } = this.#parts;
    const { images, weights, stages } = this.#measured;
    const epoch = Math.floor(counter / stepsPerEpoch) + 1;
    return { step: counter + 1, epoch, images, gradients: twin.angles(), weights, stages };
  }

  #spikes(model: Model): Measured {
    const { dataset, indices } = this.#parts;
    const { pair, maxImages } = model;
    const similarity = pair.recalls ? new SpikeSimilarity(pair) : undefined;
    const meter = new RepresentationMeter(pair, indices.length);
    for (let from = 0; from < indices.length; from += maxImages) {
      const count = model.load(dataset.train, indices, from, Math.min(maxImages, indices.length - from));
      model.perceive(count);
      similarity?.add(Array.from({ length: count }, (_, k) => dataset.train.labels[indices[from + k]!]!));
      meter.add(count);
    }
    const { stages, weights, images } = meter.result();
    const likeness = similarity?.means();
    return {
      images,
      weights,
      stages: stages.map(({ stage, perception, recall }, k) => ({
        stage,
        hamming: likeness?.own[k] ?? null,
        hammingShuffled: likeness?.shuffled[k] ?? null,
        perception: observed(perception),
        recall: recall && observed(recall),
      })),
    };
  }
}

function observed({ mean, dead, saturated, effectiveRank, centredRank }: StageRepresentation): ObservedSpikes {
  return { rate: mean, dead, saturated, effectiveRank, centredRank };
}

/** Weights that go down beside those of a non-spiking net; none under rules that have no such. */
export function downwardWeights(rule: Rule): JoinedWeights[] {
  if (rule instanceof ImageDll)
    // Errors come down to stage k + 2 from the one above.
    return rule.feedback.map((down, k) => ({ below: k + 2, up: rule.net.layers[k + 1]!, down, order: "same" }));
  if (rule instanceof MirroredNets) {
    const { layers } = rule.feedback;
    return rule.net.layers.map((up, k) => ({ below: k + 1, up, down: layers.at(-1 - k)!, order: "mirrored" }));
  }
  return [];
}
