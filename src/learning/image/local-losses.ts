/**
 * Local losses (Mostafa et al., Frontiers in Neuroscience 12, 2018; Nokland and Eidnes, ICML 2019, their prediction loss): every hidden stage has a linear classifier of its own on
 * its firing rates, with cross-entropy, and no gradient goes further down than the stage. The control for BSD: errors as local, made without a second network.
 *
 * Here a classifier learns by its gradient as the stage does (Mostafa's are fixed and random), at the same rate, and is thrown away at the end of training: only checkpoints to go
 * on from keep it. Convolutional features are average-pooled by `pool`, as Nokland and Eidnes do.
 */
import type { NetworkPair } from "../../network/pair.ts";
import type { Slot } from "../../network/slots.ts";
import type { OptimiserOptions } from "../optimiser.ts";
import type { Batch, Rates } from "../rule.ts";
import { type PerceptionOptions, PerceptionRule, type Reached } from "./perception-rule.ts";
import { StageClassifier } from "./stage-classifier.ts";

/**
 * Local losses (Mostafa et al. 2018; Nokland and Eidnes 2019): each hidden stage learns from a linear classifier and cross-entropy of its own on its firing rates, and no gradient goes further down.
 * Trains perception alone; `rates.recall` is not used.
 *
 * @example
 * const pair = new NetworkPair(team, { ...options, networks: "perception" });
 * const rule = new LocalLosses(pair, { top: "cross-entropy", lambda: 0 }, { weightDecay: 0.01, clip: 1, clipScope: "stage" });
 * rule.step({ labels, counter: 0 }, { perception: 3e-3, recall: 0 }).stageLosses;
 */
export class LocalLosses extends PerceptionRule {
  /** Of hidden stages 2 .. L - 1. */
  readonly classifiers: readonly StageClassifier[];

  constructor(pair: NetworkPair, options: PerceptionOptions, optimiser: OptimiserOptions) {
    const { team, target } = pair;
    const { maxImages, seed } = pair.options;
    const classifiers = pair.perception.slice(0, -1).map((layer, k) => {
      const { channels } = layer.synapses.shape;
      const sizes = { classes: target.classes, cells: layer.cellCount, channels, maxImages };
      return new StageClassifier(team, `classifier.stage${k + 2}`, sizes, seed);
    });
    const beside = classifiers.map(({ parameters }) => parameters.group);
    super(pair, options, optimiser, beside);
    this.classifiers = classifiers;
  }

  protected override atStage(k: number, { labels }: Batch, rates: Rates): number {
    const { optimiser } = this;
    const layer = this.hidden[k]!;
    const classifier = this.classifiers[k]!;
    const loss = classifier.learn(layer.features.at, labels);
    layer.backward(labels.length, "rate", classifier.gradient.at);
    optimiser.update(layer.group, rates.perception);
    optimiser.update(classifier.parameters.group, rates.perception);
    return loss;
  }

  protected override atTop({ images, rates, gradient }: Reached): void {
    const { conceptDrive } = this.pair;
    conceptDrive.backward(images, "rate", gradient);
    this.optimiser.update(conceptDrive.group, rates.perception);
  }

  /** The pair's state, with `optimiser` the classifiers' too. */
  override *slots(optimiser: boolean): Generator<Slot> {
    yield* this.pair.slots(optimiser);
    if (optimiser) for (const classifier of this.classifiers) yield* classifier.slots();
  }
}
