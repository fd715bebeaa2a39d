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
import { ConvSynapses } from "../network/conv.ts";
import type { Layer } from "../network/layer.ts";
import type { NetworkPair } from "../network/pair.ts";
import { cosine } from "./cosine.ts";
import { plainWeights } from "./footprint.ts";

export interface WeightAlignment {
  /** The stages the weights join, i below and i + 1 above; the stimulus is 1. */
  readonly between: readonly [number, number];
  /** -1..1; null where the shapes do not mirror each other, or one side is all zeros. */
  readonly cosine: number | null;
  /** Standard deviation of the cosine of independent random weights. */
  readonly chance: number;
}

/** Of every pair of neighbouring stages, from the stimulus up; none where there is perception alone. */
export function weightAlignment(pair: NetworkPair): WeightAlignment[] {
  if (!pair.recalls) return [];
  return pair.perception.map((layer, k) => {
    const up = plainWeights(layer);
    const down = mirrored(layer, pair.recall[k]!);
    return {
      between: [k + 1, k + 2],
      cosine: down === null ? null : cosine(up, down),
      chance: 1 / Math.sqrt(up.length),
    };
  });
}

/** Recall's weights in the order of perception's; null where they do not mirror them. */
function mirrored(up: Layer, down: Layer): Float32Array | null {
  const theta = plainWeights(down);
  const isConv = up.synapses instanceof ConvSynapses;
  if (isConv !== down.synapses instanceof ConvSynapses) return null;
  const shape = up.synapses.plainShape("weight");
  const other = down.synapses.plainShape("weight");
  const [outputs = 0, inputs = 0] = [shape[0], shape.at(-1)];
  if (other[0] !== inputs || other.at(-1) !== outputs || shape[1] !== (isConv ? other[1] : other[0])) return null;
  const taps = isConv ? shape[1]! * shape[2]! : 1;
  const out = new Float32Array(theta.length);
  for (let o = 0; o < outputs; o++) {
    for (let tap = 0; tap < taps; tap++) {
      for (let i = 0; i < inputs; i++)
        out[(o * taps + tap) * inputs + i] = theta[(i * taps + taps - 1 - tap) * outputs + o]!;
    }
  }
  return out;
}
