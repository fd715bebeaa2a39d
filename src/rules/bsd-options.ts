/** What rule BSD can be told, and which pair it needs for that. */

import { BispikeError } from "../errors.ts";
import type { Rivals } from "../losses/pairings.ts";
import type { Feature } from "../nets/neuron.ts";
import type { NetworkPair } from "../nets/pair.ts";
import type { HiddenOptions } from "./bsd.ts";
import type { ErrorWeights } from "./error-weights.ts";
import { CODE_RATE } from "./stage-codes.ts";
import type { TopLoss } from "./top.ts";

/** The rule's choices; the YAML section `rule`. Which work best was measured: see RESULTS.md. */
export interface BsdOptions extends HiddenOptions {
  readonly features: Feature;
  readonly rivals: Rivals;
  /** Weight of stage 1's loss. */
  readonly stimulusWeight: number;
  /** Loss of the top stage; `lambda` is its ReCo's, too. */
  readonly top: TopLoss;
  /** What hidden stages are held against: recall, or a fixed random code a class, on a pair of perception alone and with prototypes. Default "recall". */
  readonly codes?: "recall" | "random";
  /** Share of ones in a random code, above 0. Default 0.15. */
  readonly codeRate?: number;
  /** Whether a stage's inputs are constants to its loss; false needs a pair that keeps its drives. Default true. */
  readonly detached?: boolean;
  /** How many of perception's stages below its own a stage's error teaches too; above 0 it needs a pair that keeps its drives. Default 0. */
  readonly errorDepth?: number;
  /** What carries errors down, where they reach: recall's synapses, which needs a chain of them, synapses that learn as perception's do, or the transposes of those. Default "recall". */
  readonly errorWeights?: ErrorWeights;
}

/** What random codes are drawn by. */
export function codesOf({ options, target }: NetworkPair, { codeRate = CODE_RATE }: BsdOptions) {
  return { classes: target.classes, rate: codeRate, seed: options.seed };
}

/** @throws BispikeError "usage" for a pair that was not made for these options */
export function assertFit(pair: NetworkPair, options: BsdOptions): void {
  const { codes = "recall", rivals, detached = true, errorDepth = 0, errorWeights = "recall" } = options;
  const fail = (message: string) => new BispikeError("usage", `rule bsd: ${message}`);
  if (codes === "recall") pair.assertRecalls();
  else if (pair.recalls) throw fail("codes random take the place of recall: expected a pair of perception alone");
  else if (rivals !== "prototypes")
    throw fail(`codes random are one a class: expected rivals prototypes, got ${rivals}`);
  const whole = pair.holds(1) && pair.holds(pair.stages);
  if (!whole && (codes === "random" || !detached || errorDepth > 0))
    throw fail(
      "expected codes recall, detached true and errorDepth 0 on a pair that is cut between stages: nothing but spikes crosses",
    );
  if (!detached && pair.recalls && pair.options.recall === "broadcast")
    throw fail(
      "stages that are not detached hand errors down a chain: expected a pair with recall chain, got broadcast",
    );
  if (errorDepth > 0 && !detached)
    throw fail(`stages that are not detached hand errors down all the way: expected errorDepth 0, got ${errorDepth}`);
  if (errorDepth > 0 && errorWeights === "recall" && (!pair.recalls || pair.options.recall === "broadcast"))
    throw fail(
      `recall's synapses carry errors down a chain: expected a pair with recall chain, got ${pair.recalls ? "broadcast" : "perception alone"}; or errorWeights learned or transposes`,
    );
  if ((!detached || errorDepth > 0) && !pair.options.keepDrives)
    throw fail(
      `${detached ? "errors that reach the stages below" : "stages that are not detached"} read all drives again: expected a pair with keepDrives true`,
    );
}
