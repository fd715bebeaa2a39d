/**
 * How the two autoencoders' features of a stage are compared: as they are, or split by frequency (`../frequency-alignment.ts`). Image k's own two rows belong together,
 * the other images of the batch are negatives.
 */

import type { Address } from "../../engine/memory.ts";
import { type AlignmentLoss, type Pairing, pairing, pairingRoom } from "../../losses/affinity.ts";
import { StageAlignment } from "../../losses/align.ts";
import type { FrequencyOptions } from "../../losses/bands.ts";
import { type StageLossName, stageLoss } from "../../losses/stage-loss.ts";
import type { AutoencoderPair } from "../../network/autoencoder/pair.ts";
import type { Layer } from "../../network/layer.ts";
import { sizeOf } from "../../network/shape.ts";
import { FrequencyAlignment, type FrequencyStage, frequencyStage } from "../frequency-alignment.ts";

export interface ComparisonOptions {
  readonly loss: StageLossName;
  /** ReCo: weight of a negative, where features are compared as they are. */
  readonly lambda: number;
  /** InfoNCE: temperature of the softmax over cosines. */
  readonly temperature: number;
  /** Weight of each hidden stage's loss. */
  readonly weight: number;
  /** Take each neuron's mean over the batch away before comparing. */
  readonly centred: boolean;
  /** With `on`: a loss in each band of spatial frequencies, ReCo's with a lambda of its own. */
  readonly frequency: FrequencyOptions & { readonly on: boolean };
}

/** A stage's loss, and where the gradients of both sides' features are until the next. */
export interface Compared {
  readonly loss: number;
  readonly perception: Address;
  readonly recall: Address;
}

type Stage = { readonly kind: "plain"; readonly loss: AlignmentLoss } | { readonly kind: "split"; of: FrequencyStage };

export class Comparison {
  readonly #options: ComparisonOptions;
  readonly #stages = new Map<number, Stage>();
  readonly #plain: StageAlignment | undefined;
  readonly #split: FrequencyAlignment | undefined;
  readonly #pairs: Pairing;
  /** Names of the images of a batch, all different. */
  readonly #names: Int32Array;

  constructor(pair: AutoencoderPair, options: ComparisonOptions) {
    const { team } = pair;
    const { maxImages } = pair.options;
    const { frequency, weight } = options;
    this.#options = options;
    this.#pairs = pairingRoom(team.arena, maxImages, maxImages);
    this.#names = Int32Array.from({ length: maxImages }, (_, k) => k);
    const hidden = [...pair.hiddenStages()];
    const split: FrequencyStage[] = [];
    for (const { stage, perception } of hidden) {
      const { shape } = perception.synapses;
      if (frequency.on) {
        const of = frequencyStage(team, shape, frequency, ({ lambda, share, features }) =>
          this.#loss(weight * share, lambda, features),
        );
        split.push(of);
        this.#stages.set(stage, { kind: "split", of });
      } else this.#stages.set(stage, { kind: "plain", loss: this.#loss(weight, options.lambda, sizeOf(shape)) });
    }
    if (frequency.on) this.#split = new FrequencyAlignment(team, maxImages, maxImages, split);
    else {
      const width = Math.max(...hidden.map(({ perception }) => perception.featureWidth));
      this.#plain = new StageAlignment(team, maxImages, maxImages, width);
    }
  }

  /** Loss of a hidden stage between the features of its two halves, which centring changes. */
  compare(stage: number, perception: Layer, recall: Layer, images: number): Compared {
    const { centred } = this.#options;
    const pairs = pairing("literal", this.#names.subarray(0, images), images, this.#pairs);
    const sides = { v: perception.features.at, rows: images, w: recall.features.at, columns: images };
    const wanted = { centred, rowGradient: true, columnGradient: true };
    const how = this.#stages.get(stage)!;
    const alignment = how.kind === "split" ? this.#split! : this.#plain!;
    const loss =
      how.kind === "split"
        ? this.#split!.align(how.of, pairs, sides, wanted)
        : this.#plain!.align(how.loss, pairs, { ...sides, width: perception.featureWidth }, wanted);
    return { loss, perception: alignment.rowGradient.at, recall: alignment.columnGradient.at };
  }

  #loss(weight: number, lambda: number, features: number): AlignmentLoss {
    const { loss, temperature } = this.#options;
    return stageLoss({ loss, lambda, temperature }, weight, features);
  }
}
