/**
 * What the rivals on the spiking net have in common: perception alone runs up from the stimulus, every stage in turn, and the top loss compares the concept's mean drive with the
 * label, just as under BSD; net, read-out, top loss and optimiser are BSD's. Who may learn when is each rule's own.
 */
import type { Address } from "../engine/memory.ts";
import { BispikeError } from "../errors.ts";
import type { Layer } from "../network/layer.ts";
import type { NetworkPair } from "../network/pair.ts";
import type { ParameterGroup, Slot } from "../network/parameters.ts";

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

/** What a rule is told when the top has been reached. */
export interface Reached {
  readonly images: number;
  readonly labels: Uint16Array;
  readonly learningRates: LearningRates;
  /** Gradient of the top loss by the concept's mean drive, rows [image][conceptDrive.featureWidth]. */
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

export abstract class PerceptionRule implements Rule {
  readonly pair: NetworkPair;
  readonly optimiser: AdamW;
  readonly #top: Top;

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
    const { team, perception } = pair;
    this.pair = pair;
    this.#top = new Top(pair, options.top, options.lambda);
    this.optimiser = new AdamW(team, optimiser, [...perception.map(({ group }) => group), ...beside]);
  }

  /** Hidden stages 2 .. L - 1. */
  protected get hidden(): readonly Layer[] {
    return this.pair.perception.slice(0, -1);
  }

  /** Perception has reached hidden stage `k` + 2, whose spikes are listed. Returns the stage's own loss; by default nothing is learned yet. */
  protected atStage(_k: number, _batch: Batch, _learningRates: LearningRates): number {
    return 0;
  }

  /** The whole pass is done, and the top loss known. */
  protected abstract atTop(reached: Reached): void;

  step(batch: Batch, learningRates: LearningRates): StepReport {
    const { pair, optimiser, hidden } = this;
    const { labels, counter } = batch;
    const images = labels.length;
    assertBatch(batch, pair.options.maxImages, pair.target.classes);
    const stageLosses = [0];
    const activity: { rate: number; dead: number }[] = [];
    optimiser.begin();
    pair.encode(images, counter, true);
    for (const [k, layer] of hidden.entries()) {
      layer.forward(images, { train: true, feature: "rate" });
      layer.output!.list(images, true);
      activity.push(activityOf(layer));
      const loss = this.atStage(k, batch, learningRates);
      assertFiniteLoss(k + 2, loss, optimiser.steps);
      stageLosses.push(loss);
    }
    pair.conceptDrive.forward(images, { train: true });
    const { loss: topLoss, gradient, correct } = this.#top.loss(labels);
    assertFiniteLoss(pair.stages, topLoss, optimiser.steps);
    stageLosses.push(topLoss);
    this.atTop({ images, labels, learningRates, gradient });
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

  slots(optimiser: boolean): Iterable<Slot> {
    return this.pair.slots(optimiser);
  }
}
