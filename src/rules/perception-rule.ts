/**
 * A step of the rules that train perception alone: it runs up from the stimulus, every stage in turn, and the top loss compares what it reads out with the target, just as under BSD. Net,
 * read-out, top loss and optimiser are BSD's. Who may learn when is each rule's own.
 */
import type { Address } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import type { AnnLayer } from "../nets/dense.ts";
import type { Layer } from "../nets/layer.ts";
import type { Feature } from "../nets/neuron.ts";
import type { NetworkPair } from "../nets/pair.ts";
import type { ParameterGroup, Slot, Stateful } from "../nets/parameters.ts";
import type { EndLoss } from "./ends.ts";
import { AdamW, type OptimiserOptions } from "./optimiser.ts";
import { assertBatch, assertFiniteLoss, type Batch, type LearningRates, type Rule, type StepReport } from "./rule.ts";
import { Top, type TopLoss } from "./top.ts";

/** What rules that train perception alone are told. */
export interface PerceptionOptions {
  /** Loss of the top stage. */
  readonly top: TopLoss;
  /** Top loss reco: weight of the rivals. */
  readonly lambda: number;
}

/** A net that runs up from the stimulus, spiking or not; the last layer is the read-out. */
export interface UpwardNet extends Stateful {
  readonly team: Team;
  readonly perception: readonly (Layer | AnnLayer)[];
}

/** What such a net is shown, and what it is compared with, for batches B. */
export interface UpwardEnds<B> {
  /** The batch's images. Throws a `usage` error for one that does not fit. */
  check(batch: B): number;
  /** Makes the stimulus's spikes. */
  show(batch: B): void;
  /** The top loss of what was read out. `correct`: right decisions. */
  top(batch: B): EndLoss & { readonly correct: number };
}

/** Both ends of a pair that learns classes. */
export function classEnds(pair: NetworkPair, { top, lambda }: PerceptionOptions): UpwardEnds<Batch> {
  const loss = new Top(pair, top, lambda);
  return {
    check: (batch) => {
      assertBatch(batch, pair.options.maxImages, pair.target.classes);
      return batch.labels.length;
    },
    show: ({ labels, counter }) => pair.encode(labels.length, counter, true),
    top: ({ labels }) => loss.loss(labels),
  };
}

/** What a rule is told when the top has been reached. */
export interface Reached<B = Batch> {
  readonly images: number;
  readonly batch: B;
  readonly learningRates: LearningRates;
  /** Gradient of the top loss by the read-out's mean drive, rows [image][featureWidth of the read-out]. */
  readonly gradient: Address;
}

/** Mean firing rate of a layer's newest pass, and the share of neurons that did not fire once. */
function activityOf(layer: Layer): { rate: number; dead: number } {
  const rates = layer.rates();
  const { length } = rates;
  const dead = rates.reduce((count, rate) => count + (rate === 0 ? 1 : 0), 0);
  return { rate: rates.reduce((sum, rate) => sum + rate, 0) / length, dead: dead / length };
}

/** Rules that read the drives of a whole pass need them kept: without, every stage's would be read where the last stage's are. @throws BispikeError "usage" */
export function assertKeepsDrives(pair: NetworkPair): void {
  if (!pair.options.keepDrives) throw new BispikeError("usage", "rule: expected a pair with keepDrives true");
}

/** A rule that learns from one pass up, on any problem; a step's report is the trainer's. */
export abstract class UpwardRule<B, Net extends UpwardNet> {
  readonly pair: Net;
  readonly optimiser: AdamW;
  /** What hidden layers leave in their feature rows. */
  protected readonly feature: Feature | undefined = undefined;
  readonly #ends: UpwardEnds<B>;

  /** @param beside groups that the rule learns beside the net's */
  protected constructor(
    net: Net,
    ends: UpwardEnds<B>,
    optimiser: OptimiserOptions,
    beside: readonly ParameterGroup[] = [],
  ) {
    this.pair = net;
    this.#ends = ends;
    this.optimiser = new AdamW(net.team, optimiser, [...net.perception.map(({ group }) => group), ...beside]);
  }

  /** Perception has reached hidden stage `k` + 2, whose spikes are listed. Returns the stage's own loss; by default nothing is learned yet. */
  protected atStage(_k: number, _batch: B, _learningRates: LearningRates): number {
    return 0;
  }

  /** The whole pass is done, and the top loss known. */
  protected abstract atTop(reached: Reached<B>): void;

  /** One training step. Throws a `training` error that names the stage when a loss stops being finite, a `usage` error for a batch that does not fit. */
  step(batch: B, learningRates: LearningRates): StepReport {
    const { optimiser, feature } = this;
    const layers = this.pair.perception;
    const images = this.#ends.check(batch);
    const stageLosses = [0];
    const activity: { rate: number; dead: number }[] = [];
    optimiser.begin();
    this.#ends.show(batch);
    for (const [k, layer] of layers.slice(0, -1).entries()) {
      layer.run(images, { train: true, feature });
      if ("neurons" in layer) activity.push(activityOf(layer));
      const loss = this.atStage(k, batch, learningRates);
      assertFiniteLoss(k + 2, loss, optimiser.steps);
      stageLosses.push(loss);
    }
    layers.at(-1)!.run(images, { train: true });
    const { loss: topLoss, gradient, correct } = this.#ends.top(batch);
    assertFiniteLoss(layers.length + 1, topLoss, optimiser.steps);
    stageLosses.push(topLoss);
    this.atTop({ images, batch, learningRates, gradient });
    optimiser.finish();
    return {
      loss: stageLosses.reduce((sum, value) => sum + value, 0),
      stageLosses,
      perceptionRates: activity.map(({ rate }) => rate),
      recallRates: [],
      dead: activity.map(({ dead }) => dead),
      correct,
      images,
    };
  }

  /** The state of the net; with `optimiser` all that it needs to go on. */
  slots(optimiser: boolean): Iterable<Slot> {
    return this.pair.slots(optimiser);
  }
}

/** The same for pairs that learn classes. */
export abstract class PerceptionRule extends UpwardRule<Batch, NetworkPair> implements Rule {
  /**
   * @param pair perception at least; with `keepDrives` for rules that learn after the whole pass
   * @param beside groups that the rule learns beside the pair's
   */
  protected constructor(
    pair: NetworkPair,
    options: PerceptionOptions,
    optimiser: OptimiserOptions,
    beside: readonly ParameterGroup[] = [],
  ) {
    super(pair, classEnds(pair, options), optimiser, beside);
  }

  /** Hidden stages 2 .. L - 1. */
  protected get hidden(): readonly Layer[] {
    return this.pair.perception.slice(0, -1);
  }
}
