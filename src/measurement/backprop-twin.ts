/**
 * What would backprop have done? A twin of a net under training: the same shapes, with memory of its own, into which the weights and the loaded images are copied before a step. Backprop
 * of the top loss through it gives the true (for spikes: surrogate) gradient of the very batch that the rule is about to learn from, with the batch's norm statistics, to hold the
 * rule's gradient against. It reads the net and never writes to it.
 *
 * A rule's gradient of a stage is what it gives the optimiser for the stage's weights, before clip and AdamW; whatever else changes the step (moments, decay) is all rules' alike.
 */
import type { Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { NetworkPair } from "../network/pair.ts";
import type { RealImageRows } from "../network/real/real-model.ts";
import { type RealImageNetOptions, realImageNet } from "../rules/ann-images.ts";
import { Backprop, ImageRealBackprop } from "../rules/backprop.ts";
import type { OptimiserOptions } from "../rules/optimiser.ts";
import type { PerceptionOptions } from "../rules/perception-rule.ts";
import type { Batch, Rule } from "../rules/rule.ts";
import { plainWeights, type Weighted } from "./footprint.ts";
import { gradientAngle } from "./gradient-angle.ts";

/** Angle between a rule's and backprop's gradient of the weights into a stage. */
export interface StageAngle {
  /** 2..L, the concept's (or read-out's) last. */
  readonly stage: number;
  /** -1..1; null where one of the gradients is all zeros. */
  readonly cosine: number | null;
  /** 0..180. */
  readonly degrees: number | null;
}

/** A net that goes up from the stimulus, and what it reads. */
interface Upward {
  /** Of stages 2..L. */
  readonly layers: readonly Weighted[];
  readonly stimulus: Region<Float32Array>;
  readonly imageIds?: Region<Uint32Array>;
}

/** No step is taken from the twin's gradients, so nothing of its optimiser counts. */
const NO_STEP = { perception: 0, recall: 0 } as const;
const PLAIN: OptimiserOptions = { weightDecay: 0, clip: 0, clipScope: "stage" };

/** Perception beside a rule's, by which backprop's gradient of the same batch is taken. */
export class BackpropTwin {
  readonly #net: Upward;
  readonly #twin: Upward;
  readonly #backprop: Rule;

  /** @param backprop of the twin */
  private constructor(net: Upward, twin: Upward, backprop: Rule) {
    this.#net = net;
    this.#twin = twin;
    this.#backprop = backprop;
  }

  /**
   * Of a pair's perception, whose layers must not share room for their gradients.
   *
   * @param options the top loss
   * @example
   * const twin = BackpropTwin.ofPair(pair, { top: "cross-entropy", lambda: 0 });
   * twin.run(batch); // before the rule's step, with the batch loaded
   * rule.step(batch, rates);
   * twin.angles()[0].degrees;
   */
  static ofPair(pair: NetworkPair, options: PerceptionOptions): BackpropTwin {
    const twin = new NetworkPair(pair.team, { ...pair.options, networks: "perception", keepDrives: true });
    const side = ({ perception: layers, stimulus, imageIds }: NetworkPair): Upward => ({ layers, stimulus, imageIds });
    return new BackpropTwin(side(pair), side(twin), new Backprop(twin, options, PLAIN));
  }

  /** Of a net of real numbers. */
  static ofReal(
    team: Team,
    rows: RealImageRows,
    options: RealImageNetOptions & { readonly activation: NonNullable<RealImageNetOptions["activation"]> },
  ): BackpropTwin {
    const { net, stimulus } = rows;
    const image = realImageNet(team, options, "backprop-ann");
    const twin = { layers: image.net.layers, stimulus: image.stimulus };
    return new BackpropTwin({ layers: net.layers, stimulus }, twin, new ImageRealBackprop(image, PLAIN));
  }

  /** Takes over weights and images as they are now, and finds backprop's gradients. Throws as a rule's step. */
  run(batch: Batch): void {
    const [net, twin] = [this.#net, this.#twin];
    for (const [k, { group }] of twin.layers.entries()) group.parameters.view.set(net.layers[k]!.group.parameters.view);
    twin.stimulus.view.set(net.stimulus.view);
    if (net.imageIds) twin.imageIds?.view.set(net.imageIds.view);
    this.#backprop.step(batch, NO_STEP);
  }

  /** Angles between the gradients the net's layers hold now, and backprop's of the newest `run`. */
  angles(): StageAngle[] {
    return this.#twin.layers.map((theirs, k) => {
      const ours = this.#net.layers[k]!;
      const angle = gradientAngle(
        plainWeights(ours, ours.group.gradients),
        plainWeights(theirs, theirs.group.gradients),
      );
      return { stage: k + 2, cosine: angle?.cosine ?? null, degrees: angle?.degrees ?? null };
    });
  }
}
