/**
 * Bidirectional Spike-Based Distillation of autoencoders (Lv et al., ICLR 2026). Both networks are shown the image x, at opposite ends:
 *
 *   stage 1             |recall's drawing - x|^2                    trains Theta_1
 *   stage i, 1 < i < L  align(perception's, recall's features)      trains W_{i-1} and Theta_i; sample k's own rows belong together, the others are negatives
 *   stage L             |perception's drawing - x|^2                trains W_{L-1}
 *
 * No error crosses a stage. What draws in one network learns from what sees in the other: perception's way out of its latent from recall's way into its own.
 */
import type { Address, Region } from "../../engine/memory.ts";
import type { Team } from "../../engine/team.ts";
import type { AutoencoderPair, Network } from "../../network/autoencoder/pair.ts";
import type { Layer } from "../../network/layer.ts";
import type { Feature } from "../../network/neuron.ts";
import { assertRows } from "../../network/rows.ts";
import { sizeOf } from "../../network/shape.ts";
import type { Slot } from "../../network/slots.ts";
import { type HomeostasisOptions, pullRates } from "../homeostasis.ts";
import { AdamW, type OptimiserOptions } from "../optimiser.ts";
import { assertFiniteLoss, type Rates } from "../rule.ts";
import { Comparison, type ComparisonOptions } from "./comparison.ts";
import { Drawing } from "./drawing.ts";
import type { AutoencoderLearner, AutoencoderReport } from "./learner.ts";
import { type Below, LocalRedraw } from "./local-redraw.ts";
import { autoencoderSlots, redrawImages, SpikingLatent } from "./spiking-latent.ts";

/** The rule's choices; the YAML section `rule` of task autoencode with name bsd. */
export interface AutoencoderBsdOptions extends ComparisonOptions {
  /** What is aligned: the time mean of spikes, drive or membrane. */
  readonly features: Feature;
  /** Weight of recall's drawing's loss, at stage 1. */
  readonly stimulusWeight: number;
  /** Weight of perception's drawing's loss, at the top. */
  readonly topWeight: number;
  /** Learning rate of the stages through which a network sees, before its latent, as a multiple of the others'; 0 leaves them as they were drawn. */
  readonly seeing: number;
  /** Weight of the loss by which what sees redraws the stage below through a read-out of its own, beyond the paper; 0 is the method as published. */
  readonly reconstruct: number;
  /** Pull on neurons that fire above a rate. */
  readonly homeostasis: HomeostasisOptions;
}

/**
 * Bidirectional Spike-Based Distillation (Lv et al., arXiv 2509.20284) between two autoencoders that are shown the image at opposite ends:
 *
 *     stage 1             |recall's drawing - image|^2              trains Theta_1
 *     stage i, 1 < i < L  align(perception's, recall's features)    trains W_{i-1} and Theta_i
 *     stage L             |perception's drawing - image|^2          trains W_{L-1}
 *
 * @example
 * const learner = new AutoencoderBsd(pair, autoencoderDefaults.rule, { weightDecay: 0.01, clip: 1, clipScope: "stage" });
 * learner.stimulus.view.set(pixels); // rows of learner.stimulusWidth floats
 * learner.step(64, { perception: 3e-3, recall: 3e-3 }).stageLosses;
 */
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
  readonly #comparison: Comparison;
  readonly #drawing: Drawing;
  /** Read-outs of the layers that see. */
  readonly #redraws = new Map<Layer, LocalRedraw>();

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
    this.#comparison = new Comparison(pair, options);
    this.#drawing = new Drawing(team, maxImages, sizeOf(pair.stimulusShape), stimulusWidth);
    if (options.reconstruct > 0) this.#addRedraws();
    const groups = [...pair.layers, ...this.#redraws.values()].map(({ group }) => group);
    this.optimiser = new AdamW(team, optimiser, groups);
  }

  step(images: number, rates: Rates): AutoencoderReport {
    const { optimiser } = this;
    assertRows("images", images, this.maxImages, 1);
    const pair = this.#pair;
    const { features, homeostasis, topWeight, stimulusWeight, seeing } = this.#options;
    const { steps } = pair.options;
    const stageLosses = new Array<number>(pair.stages).fill(0);
    const perceptionRates: number[] = [];
    const recallRates: number[] = [];
    const silent: number[] = [];
    optimiser.begin();

    for (const layer of pair.path("recall")) forward(layer, images, features);
    stageLosses[0] = this.#draw(pair.recall[0]!, images, stimulusWeight, 1, rates.recall);

    for (const { stage, perception, recall } of pair.hiddenStages()) {
      forward(perception, images, features);
      const own = pullRates(perception, images, steps, homeostasis);
      const other = pullRates(recall, images, steps, homeostasis);
      const compared = this.#comparison.compare(stage, perception, recall, images);
      const redrawn =
        this.#redraw(perception, images, compared.perception, rates.perception) +
        this.#redraw(recall, images, compared.recall, rates.recall);
      stageLosses[stage - 1] = compared.loss + own.cost + other.cost + redrawn;
      assertFiniteLoss(stage, stageLosses[stage - 1]!, optimiser.steps);
      // Stages below the latent (its own number is K + 2) are where perception sees and recall draws, those above the other way round.
      const latent = pair.latent + 2;
      this.#learn(perception, images, compared.perception, rates.perception * (stage < latent ? seeing : 1));
      this.#learn(recall, images, compared.recall, rates.recall * (stage > latent ? seeing : 1));
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
    const redraws = optimiser ? [...this.#redraws.values()] : [];
    return [...autoencoderSlots(this.#pair, optimiser), ...redraws.flatMap((redraw) => [...redraw.slots()])];
  }

  /** Gives every layer up to its network's latent a read-out of what is below it. */
  #addRedraws(): void {
    const pair = this.#pair;
    const image = { at: this.stimulus.at, stride: this.stimulusWidth, shape: pair.stimulusShape };
    for (const network of this.redrawers) {
      let below: Below = image;
      for (const layer of pair.path(network).slice(0, pair.latent + 1)) {
        this.#redraws.set(layer, new LocalRedraw(this.team, layer, below, this.maxImages));
        below = layer.output!;
      }
    }
  }

  /** A drawing's loss, and the update of the weights that drew it. */
  #draw(layer: Layer, images: number, weight: number, stage: number, rate: number): number {
    const loss = this.#drawing.loss(layer.features.at, this.stimulus.at, images, weight);
    assertFiniteLoss(stage, loss, this.optimiser.steps);
    if (rate > 0) {
      layer.backward(images, this.#options.features, this.#drawing.gradient.at);
      this.optimiser.update(layer.group, rate);
    }
    return loss;
  }

  /** Loss of a layer's read-out of what is below it, whose gradient is added to the features'; 0 where there is none. */
  #redraw(layer: Layer, images: number, gradient: Address, rate: number): number {
    const redraw = this.#redraws.get(layer);
    if (!redraw || rate === 0) return 0;
    const loss = redraw.learn(images, this.#options.reconstruct, gradient);
    this.optimiser.update(redraw.group, rate);
    return loss;
  }

  /** Update of a hidden layer from its features' gradient; a rate of 0 leaves it as it is. */
  #learn(layer: Layer, images: number, gradient: Address, rate: number): void {
    if (rate === 0) return;
    layer.backward(images, this.#options.features, gradient);
    this.optimiser.update(layer.group, rate);
  }
}

/** A layer's pass while learning. */
function forward(layer: Layer, images: number, feature: Feature): void {
  layer.forward(images, { train: true, feature });
  layer.output?.list(images, true);
}
