/**
 * Feedback alignment (Lillicrap et al., Nature Communications 7, 2016): backprop with a fixed random matrix in place of each transpose,
 *
 *   dL/ds_k[t] = B_{k+1}^T dL/dz_{k+1}[t]
 *
 * B has the shape of W, of convolutions too (a fixed random kernel a pair of channels), whose authors define fully connected nets only. Weights need not be known where errors go
 * (C1), all else is as in backprop.
 */
import type { NetworkPair } from "../../network/pair.ts";
import type { OptimiserOptions } from "../optimiser.ts";
import { Backprop } from "./backprop.ts";
import { FixedWeights } from "./fixed-weights.ts";
import type { PerceptionOptions } from "./perception-rule.ts";

/**
 * Feedback alignment (Lillicrap et al. 2016): backprop with a fixed random matrix B in place of each transpose,
 *
 *     dL/ds_k[t] = B_{k+1}^T dL/dz_{k+1}[t]
 *
 * Built and used as `Backprop`.
 *
 * @example
 * const pair = new NetworkPair(team, { ...options, networks: "perception", keepDrives: true });
 * new FeedbackAlignment(pair, { top: "cross-entropy", lambda: 0 }, { weightDecay: 0.01, clip: 1, clipScope: "stage" });
 */
export class FeedbackAlignment extends Backprop {
  constructor(pair: NetworkPair, options: PerceptionOptions, optimiser: OptimiserOptions) {
    const { team } = pair;
    const { seed } = pair.options;
    const carriers = pair.perception
      .slice(1)
      .map(({ synapses, name }) => new FixedWeights(team, synapses, `feedback ${name}`, seed));
    super(pair, options, optimiser, carriers);
  }
}
