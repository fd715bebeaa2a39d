/**
 * Observes an image experiment at some of its steps: angles between the rule's and backprop's gradients, weights up against weights down, and what the spikes of validation images are like.
 *
 * Nothing that training reads is written: backprop has a twin of its own (measure/backprop-twin.ts), and spikes are measured as at an epoch's end, between two steps.
 */
import type { Dataset } from "../data/dataset.ts";
import {
  alignmentOf,
  type BackpropTwin,
  type JoinedWeights,
  type StageAngle,
  type WeightAlignment,
} from "../measure/backprop-twin.ts";
import { RepresentationMeter, type StageRepresentation } from "../measure/representation.ts";
import { SpikeSimilarity } from "../measure/similarity.ts";
import type { ImageModel, Model } from "../nets/model.ts";
import { ImageDll } from "../rules/dll.ts";
import { MirroredNets } from "../rules/mirrored-nets.ts";
import type { Batch, Rule } from "../rules/rule.ts";

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

// The lines of `observations.jsonl`: what a net and its learning are like at some steps of training (`observe` in the configuration).

/**
 * One network's half of a hidden stage, over the observed images (recall: over one recall a class), by the norms' running statistics as in any evaluation: before the first step
 * these are not the data's yet.
 */
export interface ObservedSpikes {
  /** Firing rate, spikes a unit and step. */
  readonly rate: number;
  /** Share of units, 0..1, that never fired. */
  readonly dead: number;
  /** Share of units, 0..1, that fired at more than 95 % of all steps. */
  readonly saturated: number;
  /** Effective rank of the firing rates, [sample][unit]; see `effectiveRank` in `bispike/measurement`. */
  readonly effectiveRank: number;
  /** The same of the firing rates less each unit's mean. */
  readonly centredRank: number;
}

/** What was observed of a stage. */
export interface ObservedStage {
  /** 2..L - 1. */
  readonly stage: number;
  /** Hamming similarity of the two networks' spikes, 0..1; null where there is perception alone. */
  readonly hamming: number | null;
  /** The same with recall of another class: the control. */
  readonly hammingShuffled: number | null;
  readonly perception: ObservedSpikes;
  /** Null where there is perception alone. */
  readonly recall: ObservedSpikes | null;
}

/** What was observed of a step. */
export interface Observation {
  /** The step whose gradients are compared, from 1; all else is of the weights just before it. */
  readonly step: number;
  /** Epoch under way, from 1. */
  readonly epoch: number;
  /** Images the spikes are measured on; 0 for non-spiking nets. */
  readonly images: number;
  /** Angles between the rule's and backprop's gradients, stages 2..L. */
  readonly gradients: readonly StageAngle[];
  /** Weights up against those down; empty where nothing goes down by weights of its own. */
  readonly weights: readonly WeightAlignment[];
  /** Hidden stages; empty for non-spiking nets. */
  readonly stages: readonly ObservedStage[];
}
