/**
 * Bidirectional Spike-Based Distillation of autoencoders (Lv et al., ICLR 2026). Both networks are shown the image x, at opposite ends:
 *
 *   stage 1             |recall's drawing - x|^2                    trains Theta_1
 *   stage i, 1 < i < L  align(perception's, recall's features)      trains W_{i-1} and Theta_i; sample k's own rows belong together, the others are negatives
 *   stage L             |perception's drawing - x|^2                trains W_{L-1}
 *
 * No error crosses a stage. What draws in one network learns from what sees in the other: perception's way out of its latent from recall's way into its own.
 */
import { type AlignmentLoss, type Pairing, pairing, pairingRoom } from "../../alignment/affinity.ts";
import { infonce } from "../../alignment/infonce.ts";
import { mse } from "../../alignment/mse.ts";
import { reco } from "../../alignment/reco.ts";
import type { Region } from "../../engine/memory.ts";
import type { Team } from "../../engine/team.ts";
import { BispikeError } from "../../errors.ts";
import type { AutoencoderPair, Network } from "../../network/autoencoder/pair.ts";
import type { Layer } from "../../network/layer.ts";
import type { Feature } from "../../network/neuron.ts";
import { sizeOf } from "../../network/shape.ts";
import type { Slot } from "../../network/slots.ts";
import { type HomeostasisOptions, pullRates } from "../homeostasis.ts";
import { AdamW, type OptimiserOptions } from "../optimiser.ts";
import type { Rates } from "../rule.ts";
import { StageAlignment } from "../stage-alignment.ts";
import { Drawing } from "./drawing.ts";
import type { AutoencoderLearner, AutoencoderReport } from "./learner.ts";
import { autoencoderSlots, redrawImages, SpikingLatent } from "./spiking-latent.ts";

/** The rule's choices; the YAML section `rule` of task autoencode with name bsd. */
export interface AutoencoderBsdOptions {
  /** What is aligned: the time mean of spikes, drive or membrane. */
  readonly features: Feature;
  /** Take each neuron's mean over the batch away before comparing. */
  readonly centred: boolean;
  readonly loss: "reco" | "infonce" | "mse";
  /** ReCo: weight of a negative. */
  readonly lambda: number;
  /** InfoNCE: temperature of the softmax over cosines. */
  readonly temperature: number;
  /** Weight of each hidden stage's loss. */
  readonly weight: number;
  /** Weights of the drawings' losses: recall's at stage 1, perception's at the top. */
  readonly stimulusWeight: number;
  readonly topWeight: number;
  readonly homeostasis: HomeostasisOptions;
}

export class AutoencoderBsd implements AutoencoderLearner {
  readonly team: Team;
  readonly maxImages: number;
  readonly optimiser: AdamW;
  readonly stimulus: Region<Float32Array>;
  readonly stimulusWidth: number;
  readonly redrawers = ["perception", "recall"] as const;
  readonly latent: SpikingLatent;
  readonly #pair: AutoencoderPair;
  readonly #options: AutoencoderBsdOptions;
  readonly #alignment: StageAlignment;
  readonly #pairs: Pairing;
  readonly #losses = new Map<number, AlignmentLoss>();
  readonly #drawing: Drawing;

  constructor(pair: AutoencoderPair, options: AutoencoderBsdOptions, optimiser: OptimiserOptions) {
    const { team, stimulusWidth } = pair;
    const { maxImages } = pair.options;
    this.team = team;
    this.maxImages = maxImages;
    this.stimulus = pair.stimulus;
    this.stimulusWidth = stimulusWidth;
    this.latent = new SpikingLatent(pair);
    this.#pair = pair;
    this.#options = options;
    const hidden = [...pair.hiddenStages()];
    const width = Math.max(...hidden.map(({ perception }) => perception.featureWidth));
    this.#alignment = new StageAlignment(team, maxImages, maxImages, width);
    this.#pairs = pairingRoom(team.arena, maxImages, maxImages);
    for (const { stage, perception } of hidden) this.#losses.set(stage, this.#loss(sizeOf(perception.synapses.shape)));
    this.#drawing = new Drawing(team, maxImages, sizeOf(pair.stimulusShape), stimulusWidth);
    const groups = pair.layers.map(({ group }) => group);
    this.optimiser = new AdamW(team, optimiser, groups);
  }

  step(images: number, rates: Rates): AutoencoderReport {
    const { optimiser } = this;
    const pair = this.#pair;
    const { features, homeostasis, topWeight, stimulusWeight } = this.#options;
    const { steps } = pair.options;
    const stageLosses = new Array<number>(pair.stages).fill(0);
    const perceptionRates: number[] = [];
    const recallRates: number[] = [];
    const silent: number[] = [];
    optimiser.begin();

    for (const layer of pair.path("recall")) forward(layer, images, features);
    stageLosses[0] = this.#draw(pair.recall[0]!, images, stimulusWeight, 1, rates.recall);

    // Every sample's own recall is its positive, the other samples' are negatives.
    const pairs = pairing("literal", new Uint8Array(images), images, this.#pairs);
    for (const { stage, perception, recall } of pair.hiddenStages()) {
      forward(perception, images, features);
      const own = pullRates(perception, images, steps, homeostasis);
      const other = pullRates(recall, images, steps, homeostasis);
      const loss = this.#align(stage, pairs, perception, recall, images);
      stageLosses[stage - 1] = loss + own.cost + other.cost;
      this.#assertFinite(stage, stageLosses[stage - 1]!);
      perception.backward(images, features, this.#alignment.rowGradient.at);
      optimiser.update(perception.group, rates.perception);
      if (rates.recall > 0) {
        recall.backward(images, features, this.#alignment.columnGradient.at);
        optimiser.update(recall.group, rates.recall);
      }
      perceptionRates.push(own.rate);
      recallRates.push(other.rate);
      silent.push(own.silent);
    }

    const top = pair.perception.at(-1)!;
    forward(top, images, features);
    stageLosses[pair.stages - 1] = this.#draw(top, images, topWeight, pair.stages, rates.perception);
    optimiser.finish();
    const loss = stageLosses.reduce((sum, value) => sum + value, 0);
    return { loss, stageLosses, perceptionRates, recallRates, silent, correct: 0, images };
  }

  redraw(images: number, by: Network): Float32Array {
    return redrawImages(this.#pair, images, by);
  }

  slots(optimiser: boolean): Iterable<Slot> {
    return autoencoderSlots(this.#pair, optimiser);
  }

  /** A drawing's loss, and the update of the weights that drew it. */
  #draw(layer: Layer, images: number, weight: number, stage: number, rate: number): number {
    const loss = this.#drawing.loss(layer.features.at, this.stimulus.at, images, weight);
    this.#assertFinite(stage, loss);
    if (rate > 0) {
      layer.backward(images, this.#options.features, this.#drawing.gradient.at);
      this.optimiser.update(layer.group, rate);
    }
    return loss;
  }

  #align(stage: number, pairs: Pairing, perception: Layer, recall: Layer, images: number): number {
    const { featureWidth: width } = perception;
    const sides = { v: perception.features.at, rows: images, w: recall.features.at, columns: images, width };
    return this.#alignment.align(this.#losses.get(stage)!, pairs, sides, {
      centred: this.#options.centred,
      rowGradient: true,
      columnGradient: true,
    });
  }

  #loss(features: number): AlignmentLoss {
    const { loss, lambda, temperature, weight } = this.#options;
    if (loss === "reco") return reco({ lambda, weight });
    return loss === "infonce" ? infonce({ temperature, weight }) : mse({ features, weight });
  }

  #assertFinite(stage: number, loss: number): void {
    if (Number.isFinite(loss)) return;
    throw new BispikeError(
      "training",
      `stage ${stage}: the loss is ${loss} at step ${this.optimiser.steps}; lower train.learningRate, or set train.clip`,
    );
  }
}

/** A layer's pass while learning. */
function forward(layer: Layer, images: number, feature: Feature): void {
  layer.forward(images, { train: true, feature });
  layer.output?.list(images, true);
}
