/**
 * What would backprop have done? A twin of a net under training: the same shapes, with memory of its own, into which the weights and the loaded images are copied before a step. Backprop
 * of the top loss through it gives the true (for spikes: surrogate) gradient of the very batch that the rule is about to learn from, with the batch's norm statistics, to hold the
 * rule's gradient against. It reads the net and never writes to it.
 *
 * A rule's gradient of a stage is what it gives the optimiser for the stage's weights, before clip and AdamW; whatever else changes the step (moments, decay) is all rules' alike.
 */
import type { Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { mirroredIndices } from "../nets/input-gradient.ts";
import type { AnnImageRows } from "../nets/model.ts";
import { NetworkPair } from "../nets/pair.ts";
import { type AnnImageNetOptions, annImageNet } from "../rules/ann-images.ts";
import { Backprop, ImageAnnBackprop } from "../rules/backprop.ts";
import type { OptimiserOptions } from "../rules/optimiser.ts";
import type { PerceptionOptions } from "../rules/perception-rule.ts";
import type { Batch, Rule } from "../rules/rule.ts";
import { plainWeights, type Weighted } from "./footprint.ts";

import { cosine } from "./similarity.ts";

// How far one gradient points away from another of the same weights, both flattened:
//
// u = a / |a|,  v = b / |b|,   cos = (|u + v|^2 - |u - v|^2) / (|u + v|^2 + |u - v|^2),   angle = 2 atan2(|u - v|, |u + v|)
//
// In exact numbers cos = u . v. These forms (Kahan's) keep their digits near 0 and 180 degrees, where the arc cosine loses half of them: a gradient is at exactly 0 from itself.
// Below 90 degrees a small enough step along -a lowers the loss that b is the gradient of. Independent random vectors of n numbers are at 90 degrees, give or take 57 / sqrt(n).

/** How far apart, as a cosine and as an angle. */
export interface GradientAngle {
  /** -1..1. */
  readonly cosine: number;
  /** 0..180. */
  readonly degrees: number;
}

/**
 * Angle between two vectors of one length, such as two gradients of the same weights, by a form that keeps its digits near 0 and 180 degrees.
 *
 * @returns null where a vector is all zeros or holds a number that is not finite, for there is no angle then
 * @example
 * gradientAngle([1, 0, 0, 1], [1, 1, 0, 0]); // cosine 0.5, 60 degrees
 */
export function gradientAngle(a: ArrayLike<number>, b: ArrayLike<number>): GradientAngle | null {
  const [lengthA, lengthB] = [lengthOf(a), lengthOf(b)];
  if (!(lengthA > 0 && lengthB > 0 && Number.isFinite(lengthA) && Number.isFinite(lengthB))) return null;
  let [apart, together] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    const [u, v] = [a[i]! / lengthA, b[i]! / lengthB];
    apart += (u - v) ** 2;
    together += (u + v) ** 2;
  }
  const cosine = (together - apart) / (together + apart);
  return { cosine, degrees: (360 / Math.PI) * Math.atan2(Math.sqrt(apart), Math.sqrt(together)) };
}

function lengthOf(vector: ArrayLike<number>): number {
  let squares = 0;
  for (let i = 0; i < vector.length; i++) squares += vector[i]! ** 2;
  return Math.sqrt(squares);
}

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

  /** Of a non-spiking net. */
  static ofAnn(
    team: Team,
    rows: AnnImageRows,
    options: AnnImageNetOptions & { readonly activation: NonNullable<AnnImageNetOptions["activation"]> },
  ): BackpropTwin {
    const { net, stimulus } = rows;
    const image = annImageNet(team, options, "backprop-ann");
    const twin = { layers: image.net.layers, stimulus: image.stimulus };
    return new BackpropTwin({ layers: net.layers, stimulus }, twin, new ImageAnnBackprop(image, PLAIN));
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

// Have the two networks' weights become each other's transpose, though nothing carries one to the other?
//
// alignment of stages i and i + 1 = cos(W_i, mirror of Theta_i)
//
// both flattened. The mirror is what turns recall's step into the adjoint of perception's:
//
// linear        Theta^T:  W[u][i] meets Theta[i][u]
// convolution   taps turned by 180 degrees and channels exchanged: W[o][ky][kx][i] meets Theta[i][2 - ky][2 - kx][o]. Recall upsamples where perception pools, which has no
// transpose; only the kernels are compared
//
// Independent random weights have a cosine of mean 0 and a standard deviation of 1 / sqrt(number of weights): what `chance` tells.

/** How weights up and down align at a stage. */
export interface WeightAlignment {
  /** The stages the weights join, i below and i + 1 above; the stimulus is 1. */
  readonly between: readonly [number, number];
  /** -1..1; null where the shapes do not mirror each other, or one side is all zeros. */
  readonly cosine: number | null;
  /** Standard deviation of the cosine of independent random weights. */
  readonly chance: number;
}

/** Weights up into a stage, and weights of their own that go down from it. */
export interface JoinedWeights {
  /** Number of the stage below. */
  readonly below: number;
  /** Weights into the stage above. */
  readonly up: Weighted;
  /** Weights into the stage below. */
  readonly down: Weighted;
  /** How the weights down lie: as a net's that goes down (Theta, to be mirrored), or in the order of those up, whose transpose is used. */
  readonly order: "mirrored" | "same";
}

/**
 * How far the weights up and down have become each other's transpose, of every pair of neighbouring stages that recall's weights join too, from the stimulus up: the cosine of W and the mirror of
 * Theta. None where there is perception alone.
 *
 * @example
 * weightAlignment(model.pair)[0].cosine; // of stages 1 and 2
 */
export function weightAlignment(pair: NetworkPair): WeightAlignment[] {
  return pair.perception.flatMap((up, k) => {
    const down = recallBetween(pair, k + 1);
    return down ? [alignmentOf({ below: k + 1, up, down, order: "mirrored" })] : [];
  });
}

/** Recall's weights from stage `below` + 1 down to stage `below`. Undefined where there is perception alone, and between most stages of a broadcast, which the concept drives from afar. */
export function recallBetween({ recall, options, stages }: NetworkPair, below: number): Weighted | undefined {
  const neighbours = options.recall !== "broadcast" || below === 1 || below === stages - 1;
  return neighbours ? recall[below - 1] : undefined;
}

/**
 * The same of one pair of stages.
 *
 * @example
 * alignmentOf({ below: 1, up: net.layers[0], down: feedback.layers.at(-1), order: "mirrored" }).cosine;
 */
export function alignmentOf(joined: JoinedWeights): WeightAlignment {
  const { below, up, down, order } = joined;
  const weights = plainWeights(up);
  const theirs = order === "same" ? plainWeights(down) : mirrored(up, down);
  return {
    between: [below, below + 1],
    cosine: theirs === null ? null : cosine(weights, theirs),
    chance: 1 / Math.sqrt(weights.length),
  };
}

/** Theta's weights in the order of those up; null where they do not mirror them. */
function mirrored(up: Weighted, down: Weighted): Float32Array | null {
  const indices = mirroredIndices(up.synapses, down.synapses);
  if (indices === null) return null;
  const theta = plainWeights(down);
  return Float32Array.from(indices, (index) => theta[index]!);
}
