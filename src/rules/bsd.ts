/**
 * Bidirectional Spike-Based Distillation (Lv et al., ICLR 2026, arXiv 2509.20284), of images, sequences and autoencoders.
 *
 * Two networks run against each other: perception up from the stimulus (weights W), recall down from the target (Theta). Each stage has one loss, to which its inputs are constants:
 *
 *   stage 1             what recall reconstructs against the stimulus          trains Theta_1
 *   stage i, 1 < i < L  align(perception's features, recall's features)   trains W_{i-1} and Theta_i
 *   stage L             what perception reads out against the target      trains W_{L-1}
 *
 * Features are time means of a stage's spikes, drives or membranes; recall's may be its voltages where perception's are its firing rates: they are what a dendrite that recall's spikes reach would
 * hold. The alignment is in losses/align.ts; what is shown, told and measured at both ends is the problem's (ends.ts).
 *
 * No error crosses a stage, so a stage updates as soon as perception has reached it, and its drives can then be forgotten. Of a window, no credit goes back through time: a position's loss reaches
 * the weights into its own neurons through the neurons' own steps, and the spikes of the element before are inputs, constants to it. What perception learns of the future comes from recall, which ran
 * back from the window's end.
 *
 * What becomes of the method without one of its parts can be tried: networks that do not learn (`freeze`), fixed codes in place of recall, losses that train stages before theirs too (a way back).
 * The rule runs on some stages in a row as on all: what crosses the cut is spikes, recall's down, then perception's up (`course`).
 */
import type { Address } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import { type AlignedStage, Alignment, type Wanted } from "../losses/align.ts";
import { bandsOf, type FrequencyOptions } from "../losses/bands.ts";
import type { AffinityKind } from "../losses/infonce.ts";
import type { Rivals } from "../losses/pairings.ts";
import { partLoss, type StageLossName } from "../losses/stage-loss.ts";
import type { Feature } from "../nets/neuron.ts";
import type { ParameterGroup } from "../nets/parameters.ts";
import type { Population } from "../nets/population.ts";
import { sizeOf } from "../nets/shape.ts";
import {
  type Continues,
  type Ends,
  type HiddenStage,
  isRecall,
  type PairView,
  rowsOf,
  type Side,
  type Span,
  type StageLayer,
} from "./ends.ts";
import { AdamW, type OptimiserOptions } from "./optimiser.ts";
import { type HomeostasisOptions, regulariseRates } from "./rate-regularisation.ts";
import { assertFiniteLoss, type LearningRates, type StepReport } from "./rule.ts";
import type { WayBack } from "./way-back.ts";

// Where a step of a pair that is cut between stages meets the rest of the pair: it takes spikes from the stage beyond the cut, or gives its own.
//
// A step is a generator of these. Who runs it does what it asks before it goes on; a whole pair's step only pauses.

/** Spikes of the first `rows` images or recalls of a population, [row][step][pixel][tile] masks. */
export interface SpikeCrossing {
  /** take: fill `spikes.masks` before the step goes on. give: read them before the step goes on. */
  readonly do: "take" | "give";
  /** Perception's spikes go up, recall's down. */
  readonly network: "perception" | "recall";
  readonly spikes: Population;
  readonly rows: number;
}

/** Nothing is asked: other work of the thread may come by here, as between stages. */
export interface Pause {
  readonly do: "pause";
}

export type Crossing = SpikeCrossing | Pause;

/** A step in parts. */
export type Course<Report> = Generator<Crossing, Report, void>;

export const PAUSE: Pause = { do: "pause" };

/**
 * Runs a step of a whole pair to its end.
 *
 * @throws BispikeError "usage" where the step asks for spikes of another part
 */
export function runWhole<Report>(course: Course<Report>): Report {
  for (;;) {
    const { done, value } = course.next();
    if (done) return value;
    if (value.do !== "pause")
      throw new BispikeError("usage", "this rule has some stages of a pair alone: run its course with the other parts");
  }
}

// Networks of a pair that stay as they are drawn: what a rule still learns then is the control for what it learns in them.

/** perception: its hidden stages; the read-out on top of them learns. recall: all of it, or the feedback net in its place. */
export type Freeze = "none" | "perception" | "recall" | "both";

/** Which networks may learn. */
export interface Learning {
  readonly perception: boolean;
  readonly recall: boolean;
}

/** @example learning("recall") // { perception: true, recall: false } */
export function learning(freeze: Freeze = "none"): Learning {
  return {
    perception: freeze !== "perception" && freeze !== "both",
    recall: freeze !== "recall" && freeze !== "both",
  };
}

/** How hidden stages learn. */
export interface HiddenOptions {
  /** What of perception is aligned: the time mean of spikes, drive or membrane. Default rate. */
  readonly features?: Feature;
  /** What of recall is aligned; "same", the default: as `features`. */
  readonly recallFeatures?: Feature | "same";
  /** Take each neuron's mean away before comparing. */
  readonly centred: boolean;
  /** Which recalled rows a row is told from. Default literal: all others. */
  readonly rivals?: Rivals;
  /** Rows that are compared with each other at most. Default all. */
  readonly block?: number;
  /** With `on`: a loss in each band of spatial frequencies, ReCo's with a lambda of its own. */
  readonly frequency?: FrequencyOptions & { readonly on: boolean };
  readonly loss: StageLossName;
  /** ReCo: weight of the rivals. */
  readonly lambda: number;
  /** InfoNCE: temperature of the softmax over affinities. */
  readonly temperature: number;
  /** InfoNCE: by how many nats rivals stand higher than they are. Default 0. */
  readonly margin?: number;
  /** InfoNCE: what rows are told apart by, cosines or mean products. Default cosines. */
  readonly affinity?: AffinityKind;
  /** Weight of each hidden stage's loss. */
  readonly weight: number;
  /** Adds weight * mean over neurons of max(0, firing rate - rate)^2 to each hidden stage's loss, for both networks. */
  readonly homeostasis: HomeostasisOptions;
  /** Networks that stay as they are drawn; of perception the hidden stages. Default "none". */
  readonly freeze?: Freeze;
}

/** A layer's read-out of what is below it, another local teacher. */
export interface LayerReconstruction {
  readonly group: ParameterGroup;
  /** Loss of the newest pass; adds its gradient by the layer's features to the rows at `gradient`. */
  learn(rows: number, gradient: Address): number;
}

/** What a learner is made of. */
export interface BsdParts<B> {
  readonly team: Team;
  readonly pair: PairView;
  readonly ends: Ends<B>;
  readonly options: HiddenOptions;
  readonly optimiser: OptimiserOptions;
  /** Learning rate of a hidden stage's half, as a multiple of its network's; 0 leaves it as it was drawn. Default 1. */
  readonly share?: (side: Side, stage: number) => number;
  /** Read-outs of layers that also learn to reconstruct what is below them. */
  readonly reconstructions?: ReadonlyMap<StageLayer, LayerReconstruction>;
  /** Where errors leave the stages they are made at. */
  readonly wayBack?: WayBack | undefined;
}

/** Bidirectional Spike-Based Distillation on a pair, for a problem's batches B. */
export class BsdLearner<B> {
  readonly optimiser: AdamW;
  readonly #parts: BsdParts<B>;
  /** What each network is compared by. */
  readonly #features: Readonly<Record<Side, Feature>>;
  readonly #alignment: Alignment;
  readonly #stages: readonly (HiddenStage & { readonly aligned: AlignedStage })[];

  constructor(parts: BsdParts<B>) {
    const { team, pair, ends, options, reconstructions } = parts;
    const { features = "rate", recallFeatures = "same" } = options;
    this.#parts = parts;
    this.#features = { perception: features, recall: recallFeatures === "same" ? features : recallFeatures };
    this.#stages = pair.hidden.map((hidden) => ({ ...hidden, aligned: alignedStage(team, hidden.up, options) }));
    const stages = [...(ends.aligned ?? []), ...this.#stages.map(({ aligned }) => aligned)];
    this.#alignment = new Alignment(team, { ...ends.room, stages });
    const learning = [...pair.perception, ...pair.recall, ...(reconstructions?.values() ?? [])];
    this.optimiser = new AdamW(
      team,
      parts.optimiser,
      learning.map(({ group }) => group),
    );
  }

  /** A step of a whole pair. */
  step(batch: B & Continues, learningRates: LearningRates): StepReport {
    return runWhole(this.course(batch, learningRates));
  }

  /**
   * A step of the stages at hand, which pauses between stages. A part of a pair takes recall's spikes from the stage above it and gives its own to the stage below it, then perception's the
   * other way round; its report has losses of its own stages, 0 for others, and rates of its own. Nothing learns before a part's last `take`.
   */
  *course(batch: B & Continues, learningRates: LearningRates): Course<StepReport> {
    const { pair, ends, options, wayBack } = this.#parts;
    const { optimiser } = this;
    const { shown, told } = ends.spans(batch);
    const { statistics = "batch", seen = optimiser.steps } = batch;
    const free = learning(options.freeze);
    const learns = { perception: free.perception, recall: free.recall && learningRates.recall > 0 };
    const stageLosses = new Array<number>(pair.stages).fill(0);
    const perceptionRates: number[] = [];
    const recallRates: number[] = [];
    const dead: number[] = [];
    let correct = 0;
    const report = (stage: number, loss: number) => {
      assertFiniteLoss(stage, loss, optimiser.steps);
      stageLosses[stage - 1] = loss;
    };
    optimiser.begin();
    if (!batch.continues) pair.reset(shown);

    // Recall, down from the target; its layers keep their drives until perception comes by.
    let reconstructedGradient: Address = 0;
    if (pair.recall.length > 0 || pair.cuts.down) {
      yield* this.#take("recall", told);
      ends.tell(batch);
      for (const layer of pair.recall.toReversed())
        layer.forward(told, { learn: statistics, feature: this.#features.recall });
      yield* this.#give("recall", told);
    }
    if (pair.reconstructed) {
      const measured = ends.stimulus(batch, learns.recall, this.#alignment);
      if (measured) {
        report(1, measured.loss);
        reconstructedGradient = measured.gradient;
        if (learns.recall && !wayBack?.recallBackward)
          this.#learn("recall", pair.reconstructed, told, measured.gradient, learningRates.recall);
      }
      yield PAUSE;
    }

    // Perception, up from the stimulus. Each stage meets recall's half, and both learn at once.
    yield* this.#take("perception", shown);
    ends.show(batch);
    const labels = ends.labels(batch);
    if (pair.range.last === 1) yield* this.#give("perception", shown);
    for (const hidden of this.#stages) {
      const { stage, up, down, aligned } = hidden;
      up.forward(shown, { learn: statistics, feature: this.#features.perception });
      // Before the stage learns: the stage above need not wait for that.
      if (stage === pair.range.last) yield* this.#give("perception", shown);
      const own = this.#regularise(up, shown);
      const other = isRecall(down) ? this.#regularise(down, told) : undefined;
      if (!isRecall(down)) down.write();
      const sides = {
        v: up.features.at,
        rows: rowsOf(shown),
        w: down.features.at,
        columns: rowsOf(told),
        labels,
      };
      const compared = this.#alignment.align(aligned, sides, this.#wanted(hidden, learns));
      const reconstructed =
        this.#reconstruct(up, shown, compared.rows, learns.perception ? learningRates.perception : 0) +
        (isRecall(down)
          ? this.#reconstruct(down, told, compared.columns, learns.recall ? learningRates.recall : 0)
          : 0);
      report(stage, compared.loss + own.cost + (other?.cost ?? 0) + reconstructed);
      perceptionRates.push(own.rate);
      dead.push(own.dead);
      if (learns.perception && !wayBack)
        this.#learn("perception", up, shown, compared.rows, learningRates.perception, this.#share("perception", stage));
      up.settle(shown, seen);
      if (isRecall(down)) {
        recallRates.push(other!.rate);
        if (learns.recall && !wayBack?.recallBackward)
          this.#learn("recall", down, told, compared.columns, learningRates.recall, this.#share("recall", stage));
        // Statistics are no weights: a frozen recall is normalised by its own, too.
        down.settle(told, seen);
      }
      yield PAUSE;
    }

    // The top: perception's last weights learn the target, and where errors leave their stages all others with them.
    if (pair.concept) {
      pair.concept.forward(shown, { learn: statistics, feature: this.#features.perception });
      const top = ends.top(batch);
      report(pair.stages, top.loss);
      correct = top.correct;
      if (wayBack?.recallBackward && learns.recall) {
        wayBack.recallBackward(rowsOf(told), reconstructedGradient);
        for (const { group } of pair.recall) optimiser.update(group, learningRates.recall);
      }
      if (wayBack && learns.perception) {
        wayBack.perceptionBackward(rowsOf(shown), top.gradient);
        for (const { group } of pair.perception) optimiser.update(group, learningRates.perception);
      } else this.#learn("perception", pair.concept, shown, top.gradient, learningRates.perception);
    }
    optimiser.finish();
    if (learns.perception) wayBack?.updated?.(learningRates.perception);

    const loss = stageLosses.reduce((sum, value) => sum + value, 0);
    return { loss, stageLosses, perceptionRates, recallRates, dead, correct, images: rowsOf(shown) };
  }

  /** Waits for the spikes of the stage beyond the cut, where there is one. */
  *#take(network: Side, span: Span): Course<void> {
    const { below, above } = this.#parts.pair.cuts;
    const spikes = network === "perception" ? below : above;
    if (spikes) yield { do: "take", network, spikes, rows: rowsOf(span) };
  }

  /** Gives spikes to the stage beyond the cut, where there is one. */
  *#give(network: Side, span: Span): Course<void> {
    const { up, down } = this.#parts.pair.cuts;
    const spikes = network === "perception" ? up : down;
    if (spikes) yield { do: "give", network, spikes, rows: rowsOf(span) };
  }

  /** Firing rates of a layer's newest pass and what they cost, whose gradient is added to the layer's errors. */
  #regularise(layer: StageLayer, span: Span) {
    const { rates, seen } = layer.rates(span);
    return regulariseRates({ rates, seen, regularisation: layer.regularisation.view }, this.#parts.options.homeostasis);
  }

  /** Where a stage's gradients go: to the alignment's own rows, which the next stage writes over, or to be kept for the way back. Not made where nothing learns from them. */
  #wanted({ stage, down }: HiddenStage, learns: Learning): Wanted {
    const kept = this.#parts.wayBack;
    return {
      rows: learns.perception && (kept?.perception[stage - 2]?.gradient.at ?? true),
      columns: learns.recall && isRecall(down) && (kept?.recall[stage - 2]?.gradient.at ?? true),
    };
  }

  /** Loss of a layer's read-out of what is below it, whose gradient is added to the features'; 0 where there is none. */
  #reconstruct(layer: StageLayer, span: Span, gradient: Address, rate: number): number {
    const reconstruct = this.#parts.reconstructions?.get(layer);
    if (!reconstruct || rate === 0) return 0;
    const loss = reconstruct.learn(rowsOf(span), gradient);
    this.optimiser.update(reconstruct.group, rate);
    return loss;
  }

  #share(side: Side, stage: number): number {
    return this.#parts.share?.(side, stage) ?? 1;
  }

  /** One half of a stage turns the gradient of its features into an update; other stages stay out of it. */
  #learn(side: Side, layer: StageLayer, span: Span, gradient: Address, rate: number, share = 1): void {
    if (share === 0) return;
    layer.backward(span, this.#features[side], gradient);
    this.optimiser.update(layer.group, rate * share);
  }
}

/** What is compared at a hidden stage. */
function alignedStage(team: Team, { featureWidth, plane }: StageLayer, options: HiddenOptions): AlignedStage {
  const { centred, rivals = "literal", block, frequency } = options;
  return {
    width: featureWidth,
    features: sizeOf(plane),
    loss: partLoss(options, options.weight),
    centred,
    rivals,
    block,
    bands: frequency?.on ? bandsOf(team, plane, frequency) : undefined,
  };
}
