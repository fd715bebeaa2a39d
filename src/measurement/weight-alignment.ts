/**
 * Have the two networks' weights become each other's transpose, though nothing carries one to the other?
 *
 *   alignment of stages i and i + 1 = cos(W_i, mirror of Theta_i)
 *
 * both flattened. The mirror is what turns recall's step into the adjoint of perception's:
 *
 *   linear        Theta^T:  W[u][i] meets Theta[i][u]
 *   convolution   taps turned by 180 degrees and channels exchanged: W[o][ky][kx][i] meets Theta[i][2 - ky][2 - kx][o]. Recall upsamples where perception pools, which has no
 *                 transpose; only the kernels are compared
 *
 * Independent random weights have a cosine of mean 0 and a standard deviation of 1 / sqrt(number of weights): what `chance` tells.
 */
import { mirroredIndices } from "../network/mirrored.ts";
import type { NetworkPair } from "../network/pair.ts";
import { cosine } from "./cosine.ts";
import { plainWeights, type Weighted } from "./footprint.ts";

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
