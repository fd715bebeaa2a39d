/**
 * Bidirectional Spike-Based Distillation (Lv et al., ICLR 2026, arXiv 2509.20284).
 *
 * Each stage has one loss between the two networks' features; its inputs are constants to it, so it reaches the weights into the stage and no others:
 *
 *   stage 1             align(stimulus, redrawn stimulus)         trains recall's Theta_1
 *   stage i, 1 < i < L  align(perception's, recall's features)    trains W_{i-1} and Theta_i
 *   stage L             top loss on the concept's drive           trains W_{L-1}
 *
 * Recall's features may be its voltages where perception's are its firing rates (`recallFeatures`): they are what a dendrite that recall's spikes reach would hold.
 *
 * No error crosses a stage, so a stage updates as soon as perception has reached it, and its drives can then be forgotten. What becomes of the method without one of its parts
 * can be tried: networks that do not learn (`freeze`), fixed codes in place of recall (`codes`), losses that train stages before theirs too (`detached`, `reach`: way-back.ts).
 *
 * The rule runs on some stages in a row as on all: what crosses the cut is spikes, recall's down, then perception's up (`course`).
 */

import { type AlignmentLoss, type Pairing, pairing, pairingRoom } from "../alignment/affinity.ts";
import { stageLoss, stimulusLoss } from "../alignment/stage-loss.ts";
import type { Address, Region } from "../engine/memory.ts";
import type { Layer } from "../network/layer.ts";
import type { Feature } from "../network/neuron.ts";
import type { NetworkPair } from "../network/pair.ts";
import { sizeOf } from "../network/shape.ts";
import type { Slot } from "../network/slots.ts";
import { assertFit, type BsdOptions, codesOf } from "./bsd-options.ts";
import { type Course, PAUSE, runWhole } from "./crossing.ts";
import { type Learning, learning } from "./freeze.ts";
import { pullRates } from "./homeostasis.ts";
import { AdamW, type OptimiserOptions } from "./optimiser.ts";
import { assertBatch, assertFiniteLoss, type Batch, type Rates, type Rule, type StepReport } from "./rule.ts";
import { StageAlignment } from "./stage-alignment.ts";
import { StageCodes } from "./stage-codes.ts";
import { Top } from "./top.ts";
import { type WayBack, wayBack } from "./way-back.ts";

export type { BsdOptions } from "./bsd-options.ts";

/** A hidden stage: perception's half, and what its features are held against. */
interface Stage {
  readonly stage: number;
  readonly perception: Layer;
  readonly other: Layer | StageCodes;
  readonly loss: AlignmentLoss;
}

/** What the top stage is told of its step. */
interface TopStep {
  readonly labels: Uint16Array;
  /** The top's is put in its place. */
  readonly stageLosses: number[];
  readonly learns: Learning;
  readonly rates: Rates;
  /** Rows recall ran. */
  readonly recalls: number;
}

/** The hidden stages at hand, from the stimulus up. */
function stagesOf(pair: NetworkPair, options: BsdOptions): Stage[] {
  const lossOf = ({ cellCount, synapses }: Layer) =>
    stageLoss(options, options.weight, cellCount * synapses.shape.channels);
  if (pair.recalls) {
    return Array.from(pair.hiddenStages(), ({ stage, perception, recall }) => ({
      ...{ stage, perception, other: recall, loss: lossOf(perception) },
    }));
  }
  return pair.perception.slice(0, -1).map((perception, k) => ({
    ...{ stage: k + 2, perception, loss: lossOf(perception) },
    other: new StageCodes(pair.team, perception, codesOf(pair, options)),
  }));
}

/**
 * Bidirectional Spike-Based Distillation (Lv et al., arXiv 2509.20284) on a spiking pair, or on some of its stages. Each stage has one loss, to which its inputs are constants:
 *
 *     stage 1             align(stimulus, redrawn stimulus)         trains recall's Theta_1
 *     stage i, 1 < i < L  align(perception's, recall's features)    trains W_{i-1} and Theta_i
 *     stage L             top loss on the concept's drive           trains W_{L-1}
 *
 * @example
 * const rule = new Bsd(pair, defaults.rule, { weightDecay: 0.01, clip: 1, clipScope: "stage" });
 * pair.stimulus.view.set(pixels); // rows of pair.stimulusWidth floats
 * rule.step({ labels, counter: 0 }, { perception: 3e-3, recall: 3e-3 }).stageLosses;
 */
export class Bsd implements Rule {
  readonly pair: NetworkPair;
  readonly optimiser: AdamW;
  readonly #options: BsdOptions;
  /** What each network is compared by. */
  readonly #features: { readonly perception: Feature; readonly recall: Feature };
  readonly #alignment: StageAlignment;
  /** Where the pair has the concept's stage. */
  readonly #top: Top | undefined;
  /** Which rows belong together, of the newest batch. */
  readonly #pairs: Pairing;
  readonly #stimulusLoss: AlignmentLoss;
  readonly #stages: readonly Stage[];
  /** The stimulus, centred where the features are. */
  readonly #centredStimulus: Region<Float32Array>;
  /** Where errors leave the stages they are made at. */
  readonly #wayBack: WayBack | undefined;

  /** Throws a `usage` error for a pair that is not made for these options, and a `config` error where a stage is too small for random codes. */
  constructor(pair: NetworkPair, options: BsdOptions, optimiser: OptimiserOptions) {
    this.pair = pair;
    this.#options = options;
    const { features, recallFeatures = "same" } = options;
    this.#features = { perception: features, recall: recallFeatures === "same" ? features : recallFeatures };
    assertFit(pair, options);
    const { team, layers } = pair;
    const { maxImages } = pair.options;
    const { classes } = pair.target;
    const stimulusWidth = pair.holds(1) ? pair.stimulusWidth : 0;
    const width = Math.max(stimulusWidth, ...layers.map((layer) => layer.featureWidth));
    this.#alignment = new StageAlignment(team, maxImages, pair.recalls ? pair.maxRecalls : classes, width);
    this.#centredStimulus = team.arena.f32(options.centred && pair.recalls ? maxImages * stimulusWidth : 0);
    this.#pairs = pairingRoom(team.arena, maxImages, Math.max(maxImages, classes));
    this.#stimulusLoss = stimulusLoss(options, options.stimulusWeight, sizeOf(pair.stimulusShape));
    this.#stages = stagesOf(pair, options);
    this.#wayBack = wayBack(pair, this.#features, options, optimiser);
    if (pair.holds(pair.stages)) this.#top = new Top(pair, options.top, options.lambda);
    this.optimiser = new AdamW(
      team,
      optimiser,
      layers.map(({ group }) => group),
    );
  }

  step(batch: Batch, rates: Rates): StepReport {
    return runWhole(this.course(batch, rates));
  }

  /**
   * A step of the stages at hand, which pauses between stages. A part of a pair takes recall's spikes from the stage above it and gives its own to the stage below it, then perception's the
   * other way round; its report has losses of its own stages, 0 for others, and rates of its own.
   */
  *course(batch: Batch, rates: Rates): Course<StepReport> {
    const { pair, optimiser } = this;
    const { labels } = batch;
    const { rivals, homeostasis } = this.#options;
    const { steps } = pair.options;
    const images = labels.length;
    const classes = pair.target.classes;
    assertBatch(batch, pair.options.maxImages, classes);
    const pairs = pairing(rivals, labels, classes, this.#pairs);
    const free = learning(this.#options.freeze);
    const learns = { ...free, recall: free.recall && rates.recall > 0 };
    const stageLosses = new Array<number>(pair.stages).fill(0);
    const perceptionRates: number[] = [];
    const recallRates: number[] = [];
    const silent: number[] = [];
    optimiser.begin();

    const shown = rivals === "prototypes" ? Array.from({ length: classes }, (_, c) => c) : labels;
    if (pair.recalls) {
      yield* this.#recall(shown);
      if (pair.holds(1)) {
        stageLosses[0] = this.#redraw(pairs, images, shown.length, learns.recall);
        if (learns.recall && !this.#wayBack?.recallBackward)
          this.#learn("recall", pair.redrawn, shown.length, this.#alignment.columnGradient.at, rates);
        yield PAUSE;
      }
    }

    yield* this.#perceiveStimulus(images, batch.counter);
    for (const { stage, perception, other, loss } of this.#stages) {
      perception.forward(images, { train: true, feature: this.#features.perception });
      perception.output!.list(images, true);
      // Before the stage learns: the stage above need not wait for that.
      if (stage === pair.range.last) yield* this.#give("perception", images);
      const own = pullRates(perception, images, steps, homeostasis);
      const pulled = other instanceof StageCodes ? undefined : pullRates(other, shown.length, steps, homeostasis);
      const gradients = this.#gradients(stage, learns);
      const sizes = { rows: images, columns: shown.length };
      stageLosses[stage - 1] =
        this.#align({ perception, other, loss }, pairs, sizes, gradients) + own.cost + (pulled?.cost ?? 0);
      this.#assertFinite(stage, stageLosses[stage - 1]!);
      perceptionRates.push(own.rate);
      if (pulled) recallRates.push(pulled.rate);
      silent.push(own.silent);
      if (learns.perception && !this.#wayBack)
        this.#learn("perception", perception, images, this.#alignment.rowGradient.at, rates);
      if (learns.recall && !this.#wayBack?.recallBackward && !(other instanceof StageCodes))
        this.#learn("recall", other, shown.length, this.#alignment.columnGradient.at, rates);
      yield PAUSE;
    }

    const correct = this.#top
      ? this.#learnConcept(this.#top, { labels, stageLosses, learns, rates, recalls: shown.length })
      : 0;
    optimiser.finish();
    if (learns.perception) this.#wayBack?.updated?.(rates.perception);

    const loss = stageLosses.reduce((sum, value) => sum + value, 0);
    return { loss, stageLosses, perceptionRates, recallRates, silent, correct, images };
  }

  /** The top stage: perception's last weights learn the concept, and where errors leave their stages all others with them. Returns the right decisions. */
  #learnConcept(top: Top, { labels, stageLosses, learns, rates, recalls }: TopStep): number {
    const { pair, optimiser } = this;
    const images = labels.length;
    const concept = pair.conceptDrive;
    concept.forward(images, { train: true });
    const { loss, gradient, correct } = top.loss(labels, this.#alignment);
    stageLosses[pair.stages - 1] = loss;
    this.#assertFinite(pair.stages, loss);
    if (this.#wayBack?.recallBackward && learns.recall) {
      this.#wayBack.recallBackward(recalls, this.#alignment.columnGradient.at);
      for (const { group } of pair.recall) optimiser.update(group, rates.recall);
    }
    if (this.#wayBack && learns.perception) {
      this.#wayBack.perceptionBackward(images, gradient);
      for (const { group } of pair.perception) optimiser.update(group, rates.perception);
    } else this.#learn("perception", concept, images, gradient, rates);
    return correct;
  }

  /** Makes the stimulus's spikes, or takes those of the stage below a part. */
  *#perceiveStimulus(images: number, counter: number): Course<void> {
    const { below, range } = this.pair;
    if (below) {
      yield { do: "take", network: "perception", spikes: below, rows: images };
      below.list(images, true);
      return;
    }
    this.pair.encode(images, counter, true);
    if (range.last === 1) yield* this.#give("perception", images);
  }

  *#give(network: "perception" | "recall", rows: number): Course<void> {
    const { up, down } = this.pair.ends;
    const spikes = network === "perception" ? up : down;
    if (spikes) yield { do: "give", network, spikes, rows };
  }

  *slots(optimiser: boolean): Generator<Slot> {
    yield* this.pair.slots(optimiser);
    if (optimiser) yield* this.#wayBack?.slots?.() ?? [];
  }

  /** Runs recall from the concepts of `labels`, or from the stage above a part, down to the redrawn stimulus or the part's first stage. */
  *#recall(labels: ArrayLike<number>): Course<void> {
    const { pair } = this;
    const { above } = pair;
    if (above) {
      yield { do: "take", network: "recall", spikes: above, rows: labels.length };
      above.list(labels.length, true);
    } else pair.present(labels, true);
    for (const layer of pair.recall.toReversed()) {
      layer.forward(labels.length, { train: true, feature: this.#features.recall });
      layer.output?.list(labels.length, true);
    }
    yield* this.#give("recall", labels.length);
  }

  /** Stage 1's loss, by which recall's last weights learn to redraw the stimulus; its gradient is recall's column gradient. */
  #redraw(pairs: Pairing, images: number, recalls: number, learns: boolean): number {
    const { pair } = this;
    const sides = {
      ...{ v: pair.stimulus.at, centredAt: this.#centredStimulus.at, rows: images },
      ...{ w: pair.redrawn.features.at, columns: recalls, width: pair.stimulusWidth },
    };
    const value = this.#alignment.align(this.#stimulusLoss, pairs, sides, {
      centred: this.#options.centred,
      rowGradient: false,
      columnGradient: learns,
    });
    this.#assertFinite(1, value);
    return value;
  }

  /** A layer's half of a stage turns the gradient of its features into an update; stages before it stay out of it. */
  #learn(network: "perception" | "recall", layer: Layer, rows: number, gradient: Address, rates: Rates): void {
    layer.backward(rows, this.#features[network], gradient);
    this.optimiser.update(layer.group, rates[network]);
  }

  /** Where a stage's gradients go: to the alignment's own rows, which the next stage writes over, or to be kept for the way back. False where nothing learns from them. */
  #gradients(stage: number, learns: Learning) {
    const kept = this.#wayBack;
    return {
      rowGradient: learns.perception && (kept?.perception[stage - 2]?.gradient.at ?? true),
      columnGradient: learns.recall && this.pair.recalls && (kept?.recall[stage - 2]?.gradient.at ?? true),
    };
  }

  #align(
    { perception, other, loss }: Omit<Stage, "stage">,
    pairs: Pairing,
    sizes: { rows: number; columns: number },
    gradients: { rowGradient: boolean | Address; columnGradient: boolean | Address },
  ): number {
    if (other instanceof StageCodes) other.write();
    const sides = {
      ...sizes,
      ...{ v: perception.features.at, w: other.features.at, width: perception.featureWidth },
    };
    return this.#alignment.align(loss, pairs, sides, { centred: this.#options.centred, ...gradients });
  }

  #assertFinite(stage: number, loss: number): void {
    assertFiniteLoss(stage, loss, this.optimiser.steps);
  }
}
