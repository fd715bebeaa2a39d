/**
 * Bidirectional Spike-Based Distillation (Lv et al., ICLR 2026, arXiv 2509.20284).
 *
 * Each stage has one loss between the two networks' features; its inputs are constants to it, so it reaches the weights into the stage and no others:
 *
 *   stage 1             align(stimulus, redrawn stimulus)         trains recall's Theta_1
 *   stage i, 1 < i < L  align(perception's, recall's features)    trains W_{i-1} and Theta_i
 *   stage L             top loss on the concept's drive           trains W_{L-1}
 *
 * No error crosses a stage, so a stage updates as soon as perception has reached it, and its drives can then be forgotten.
 */
import { type AlignmentLoss, type Negatives, type Pairing, pairing, pairingRoom } from "../alignment/affinity.ts";
import { infonce } from "../alignment/infonce.ts";
import { mse } from "../alignment/mse.ts";
import { reco } from "../alignment/reco.ts";
import type { Region } from "../engine/memory.ts";
import type { Layer } from "../network/layer.ts";
import type { Feature } from "../network/neuron.ts";
import type { NetworkPair } from "../network/pair.ts";
import { sizeOf } from "../network/shape.ts";
import type { Slot } from "../network/slots.ts";
import { type HomeostasisOptions, pullRates } from "./homeostasis.ts";
import { AdamW, type OptimiserOptions } from "./optimiser.ts";
import { assertFiniteLoss, type Batch, type Rates, type Rule, type StepReport } from "./rule.ts";
import { StageAlignment } from "./stage-alignment.ts";
import { Top, type TopLoss } from "./top.ts";

/** The rule's choices; the YAML section `rule`. Which work best was measured: see RESULTS.md. */
export interface BsdOptions {
  /** What is aligned: the time mean of spikes, drive or membrane. */
  readonly features: Feature;
  /** Take each neuron's mean away before comparing. */
  readonly centred: boolean;
  readonly negatives: Negatives;
  readonly loss: "reco" | "infonce" | "mse";
  /** ReCo: weight of the negatives. */
  readonly lambda: number;
  /** InfoNCE: temperature of the softmax over cosines. */
  readonly temperature: number;
  /** Weight of each hidden stage's loss. */
  readonly weight: number;
  /** Weight of stage 1's loss. */
  readonly stimulusWeight: number;
  readonly top: TopLoss;
  /** Adds weight * mean over neurons of max(0, firing rate - rate)^2 to each hidden stage's loss, for both networks. */
  readonly homeostasis: HomeostasisOptions;
}

export class Bsd implements Rule {
  readonly pair: NetworkPair;
  readonly optimiser: AdamW;
  readonly #options: BsdOptions;
  readonly #alignment: StageAlignment;
  readonly #top: Top;
  /** Which rows belong together, of the newest batch. */
  readonly #pairs: Pairing;
  readonly #stimulusLoss: AlignmentLoss;
  /** Of each hidden stage, by its number. */
  readonly #losses = new Map<number, AlignmentLoss>();
  /** The stimulus, centred where the features are. */
  readonly #centredStimulus: Region<Float32Array>;

  constructor(pair: NetworkPair, options: BsdOptions, optimiser: OptimiserOptions) {
    this.pair = pair;
    this.#options = options;
    const { team, recall, perception } = pair;
    const { maxImages } = pair.options;
    const width = Math.max(pair.stimulusWidth, ...pair.layers.map((layer) => layer.featureWidth));
    this.#alignment = new StageAlignment(team, maxImages, recall[0]!.maxImages, width);
    this.#centredStimulus = team.arena.f32(options.centred ? maxImages * pair.stimulusWidth : 0);
    this.#pairs = pairingRoom(team.arena, maxImages, Math.max(maxImages, pair.target.classes));
    this.#stimulusLoss = this.#loss(options.stimulusWeight, sizeOf(pair.stimulusShape));
    for (const { stage, perception } of pair.hiddenStages()) {
      this.#losses.set(stage, this.#loss(options.weight, perception.cellCount * perception.synapses.shape.channels));
    }
    this.#top = new Top(pair, options.top, options.lambda);
    const groups = [...perception, ...recall].map((layer) => layer.group);
    this.optimiser = new AdamW(team, optimiser, groups);
  }

  step(batch: Batch, rates: Rates): StepReport {
    const { pair, optimiser } = this;
    const { labels } = batch;
    const { negatives, features, homeostasis } = this.#options;
    const { steps } = pair.options;
    const images = labels.length;
    const classes = pair.target.classes;
    const pairs = pairing(negatives, labels, classes, this.#pairs);
    const stageLosses = new Array<number>(pair.stages).fill(0);
    const perceptionRates: number[] = [];
    const recallRates: number[] = [];
    const silent: number[] = [];
    optimiser.begin();

    const shown = negatives === "prototypes" ? Array.from({ length: classes }, (_, c) => c) : labels;
    this.#recall(shown, features);
    stageLosses[0] = this.#learnToRedraw(pairs, images, shown.length, rates.recall);

    pair.encode(images, batch.counter, true);
    for (const { stage, perception, recall } of pair.hiddenStages()) {
      perception.forward(images, { train: true, feature: features });
      perception.output!.list(images, true);
      const own = pullRates(perception, images, steps, homeostasis);
      const other = pullRates(recall, shown.length, steps, homeostasis);
      const loss = this.#align(
        this.#losses.get(stage)!,
        pairs,
        { perception, recall, images, recalls: shown.length },
        rates.recall > 0,
      );
      stageLosses[stage - 1] = loss + own.cost + other.cost;
      this.#assertFinite(stage, stageLosses[stage - 1]!);
      perception.backward(images, features, this.#alignment.rowGradient.at);
      optimiser.update(perception.group, rates.perception);
      if (rates.recall > 0) {
        recall.backward(shown.length, features, this.#alignment.columnGradient.at);
        optimiser.update(recall.group, rates.recall);
      }
      perceptionRates.push(own.rate);
      recallRates.push(other.rate);
      silent.push(own.silent);
    }

    const concept = pair.conceptDrive;
    concept.forward(images, { train: true });
    const top = this.#top.loss(labels, this.#alignment);
    stageLosses[pair.stages - 1] = top.loss;
    this.#assertFinite(pair.stages, top.loss);
    concept.backward(images, features, top.gradient);
    optimiser.update(concept.group, rates.perception);
    optimiser.finish();

    const loss = stageLosses.reduce((sum, value) => sum + value, 0);
    return { loss, stageLosses, perceptionRates, recallRates, silent, correct: top.correct, images };
  }

  slots(optimiser: boolean): Iterable<Slot> {
    return this.pair.slots(optimiser);
  }

  /** Runs recall from the concepts of `labels` down to the redrawn stimulus. */
  #recall(labels: ArrayLike<number>, feature: Feature): void {
    const { pair } = this;
    pair.present(labels, true);
    for (const layer of pair.recall.toReversed()) {
      layer.forward(labels.length, { train: true, feature });
      layer.output?.list(labels.length, true);
    }
  }

  /** Stage 1: recall's last weights learn to redraw the stimulus. */
  #learnToRedraw(pairs: Pairing, images: number, recalls: number, rate: number): number {
    const { pair } = this;
    const { redrawn } = pair;
    const width = pair.stimulusWidth;
    const sides = {
      ...{ v: pair.stimulus.at, centredAt: this.#centredStimulus.at, rows: images },
      ...{ w: redrawn.features.at, columns: recalls, width },
    };
    const value = this.#alignment.align(this.#stimulusLoss, pairs, sides, {
      centred: this.#options.centred,
      rowGradient: false,
      columnGradient: rate > 0,
    });
    this.#assertFinite(1, value);
    if (rate > 0) {
      redrawn.backward(recalls, this.#options.features, this.#alignment.columnGradient.at);
      this.optimiser.update(redrawn.group, rate);
    }
    return value;
  }

  #align(
    loss: AlignmentLoss,
    pairs: Pairing,
    stage: { perception: Layer; recall: Layer; images: number; recalls: number },
    recallLearns: boolean,
  ): number {
    const { perception, recall, images, recalls } = stage;
    const sides = {
      v: perception.features.at,
      rows: images,
      w: recall.features.at,
      columns: recalls,
      width: perception.featureWidth,
    };
    return this.#alignment.align(loss, pairs, sides, {
      centred: this.#options.centred,
      rowGradient: true,
      columnGradient: recallLearns,
    });
  }

  #loss(weight: number, features: number): AlignmentLoss {
    const { loss, lambda, temperature } = this.#options;
    if (loss === "reco") return reco({ lambda, weight });
    return loss === "infonce" ? infonce({ temperature, weight }) : mse({ features, weight });
  }

  #assertFinite(stage: number, loss: number): void {
    assertFiniteLoss(stage, loss, this.optimiser.steps);
  }
}
