/**
 * Both ends of a pair of autoencoders (image -> image). Both networks are shown the image x, at opposite ends, and draw it at the others:
 *
 *   stage 1  |recall's drawing - x|^2       stage L  |perception's drawing - x|^2
 *
 * Image k's own two rows belong together at hidden stages, the other images of the batch are rivals. What draws in one network learns from what sees in the other: perception's way out of its
 * latent from recall's way into its own.
 */
import type { Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import type { FrequencyOptions } from "../losses/bands.ts";
import type { AutoencoderPair, Network } from "../network/autoencoder-pair.ts";
import type { Layer } from "../network/layer.ts";
import type { Feature } from "../network/neuron.ts";
import type { Slot } from "../network/parameters.ts";
import { assertRows, sizeOf } from "../network/shape.ts";
import { autoencoderSlots, reconstructImages, SpikingLatent } from "../rules/autoencoder-learners.ts";
import { BsdLearner, type HiddenOptions, type LayerReconstruction } from "../rules/bsd.ts";
import type { Continues, EndLoss, Ends, Span, StageLayer } from "../rules/ends.ts";
import { type Below, LocalReconstruction } from "../rules/local-reconstruction.ts";
import type { AdamW, OptimiserOptions } from "../rules/optimiser.ts";
import type { AutoencoderLearner, AutoencoderReport, LearningRates } from "../rules/rule.ts";
import { Drawing } from "../rules/top.ts";
import { autoencoderView } from "../rules/views.ts";

/** The rule's choices; the YAML section `rule` of task autoencode with name bsd. */
export interface AutoencoderBsdOptions extends HiddenOptions {
  /** What is aligned: the time mean of spikes, drive or membrane. */
  readonly features: Feature;
  /** With `on`: a loss in each band of spatial frequencies, ReCo's with a lambda of its own. */
  readonly frequency: FrequencyOptions & { readonly on: boolean };
  /** Weight of recall's drawing's loss, at stage 1. */
  readonly stimulusWeight: number;
  /** Weight of perception's drawing's loss, at the top. */
  readonly topWeight: number;
  /** Learning rate of the stages through which a network sees, before its latent, as a multiple of the others'; 0 leaves them as they were drawn. */
  readonly seeing: number;
  /** Weight of the loss by which what sees reconstructs the stage below through a read-out of its own, beyond the paper; 0 is the method as published. */
  readonly reconstruct: number;
}

/** Images whose rows are in the pair's memory already. */
interface Images extends Continues {
  readonly images: number;
}

export class AutoencodeEnds implements Ends<Images> {
  readonly room: { readonly rows: number; readonly columns: number };
  readonly #pair: AutoencoderPair;
  readonly #drawing: Drawing;
  readonly #weights: { readonly stimulus: number; readonly top: number };

  constructor(pair: AutoencoderPair, options: Pick<AutoencoderBsdOptions, "stimulusWeight" | "topWeight">) {
    const { maxImages } = pair.options;
    this.room = { rows: maxImages, columns: maxImages };
    this.#pair = pair;
    this.#drawing = new Drawing(pair.team, maxImages, sizeOf(pair.stimulusShape), pair.stimulusWidth);
    this.#weights = { stimulus: options.stimulusWeight, top: options.topWeight };
  }

  spans({ images }: Images): { shown: Span; told: Span } {
    const span = { positions: 1, rows: images };
    return { shown: span, told: span };
  }

  /** Both networks read the images themselves. */
  show(): void {}
  tell(): void {}

  /** Literal rivals: every other image. */
  labels({ images }: Images): ArrayLike<number> {
    return Array.from({ length: images }, (_, k) => k);
  }

  stimulus({ images }: Images): EndLoss {
    return this.#draw(this.#pair.recall[0]!, images, this.#weights.stimulus);
  }

  top({ images }: Images): EndLoss & { correct: number } {
    return { ...this.#draw(this.#pair.perception.at(-1)!, images, this.#weights.top), correct: 0 };
  }

  #draw({ features }: Layer, images: number, weight: number): EndLoss {
    const loss = this.#drawing.loss(features.at, this.#pair.stimulus.at, images, weight);
    return { loss, gradient: this.#drawing.gradient.at };
  }
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
  readonly stimulus: Region<Float32Array>;
  readonly stimulusWidth: number;
  readonly reconstructors = ["perception", "recall"] as const;
  readonly latent: SpikingLatent;
  readonly #pair: AutoencoderPair;
  readonly #learner: BsdLearner<Images>;
  /** Read-outs of the layers that see. */
  readonly #reconstructions = new Map<Layer, LocalReconstruction>();

  constructor(pair: AutoencoderPair, options: AutoencoderBsdOptions, optimiser: OptimiserOptions) {
    const { team, stimulusWidth } = pair;
    this.team = team;
    this.maxImages = pair.options.maxImages;
    this.stimulus = pair.stimulus;
    this.stimulusWidth = stimulusWidth;
    this.latent = new SpikingLatent(pair);
    this.#pair = pair;
    if (options.reconstruct > 0) this.#addReconstructions();
    const view = autoencoderView(pair);
    const reconstructions = new Map<StageLayer, LayerReconstruction>();
    for (const [layer, reconstruct] of this.#reconstructions) {
      const learn = (rows: number, gradient: number) => reconstruct.learn(rows, options.reconstruct, gradient);
      reconstructions.set(view.of.get(layer)!, { group: reconstruct.group, learn });
    }
    // Stages below the latent (its own number is K + 2) are where perception sees and recall draws, those above the other way round.
    const latent = pair.latent + 2;
    const sees = { perception: (stage: number) => stage < latent, recall: (stage: number) => stage > latent };
    this.#learner = new BsdLearner({
      team,
      pair: view,
      ends: new AutoencodeEnds(pair, options),
      options,
      optimiser,
      share: (side, stage) => (sees[side](stage) ? options.seeing : 1),
      reconstructions,
    });
  }

  get optimiser(): AdamW {
    return this.#learner.optimiser;
  }

  step(images: number, learningRates: LearningRates): AutoencoderReport {
    assertRows("images", images, this.maxImages, 1);
    return this.#learner.step({ images }, learningRates);
  }

  reconstruct(images: number, by: Network): Float32Array {
    return reconstructImages(this.#pair, images, by);
  }

  slots(optimiser: boolean): Iterable<Slot> {
    const reconstructions = optimiser ? [...this.#reconstructions.values()] : [];
    return [
      ...autoencoderSlots(this.#pair, optimiser),
      ...reconstructions.flatMap((reconstruct) => [...reconstruct.slots()]),
    ];
  }

  /** Gives every layer up to its network's latent a read-out of what is below it. */
  #addReconstructions(): void {
    const pair = this.#pair;
    const image = { at: this.stimulus.at, stride: this.stimulusWidth, shape: pair.stimulusShape };
    for (const network of this.reconstructors) {
      let below: Below = image;
      for (const layer of pair.path(network).slice(0, pair.latent + 1)) {
        this.#reconstructions.set(layer, new LocalReconstruction(this.team, layer, below, this.maxImages));
        below = layer.output!;
      }
    }
  }
}
