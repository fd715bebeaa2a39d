/** Where to cut a pair so that its parts have about the same work. */
import { BispikeError } from "../errors.ts";
import type { NetworkOptions } from "../nets/pair.ts";
import type { Shape } from "../nets/shape.ts";
import { inputShape, layerSize } from "../nets/spec.ts";
import { classifierSpec, paddedShape } from "../nets/specs.ts";

/**
 * Work of each stage, 1 to L, in weights times places they are used at: perception's into the stage and recall's into it. Spikes are sparse and some products are
 * done once for all steps, so this is a guide; measure, and give the cuts yourself where it matters.
 *
 * @param image one image's shape; a cnn pads it
 * @param concept neurons of the concept: the classes, of one-hot targets
 * @example
 * balancedCuts(stageWork(config.network, dataset.shape, 10), 2, true); // such as [2]
 */
export function stageWork(network: Pick<NetworkOptions, "kind" | "hidden">, image: Shape, concept: number): number[] {
  const frame = paddedShape(network.kind, network.hidden.length, image);
  const spec = classifierSpec({ ...network, ...ANY_NEURONS, image: frame }, concept);
  const work = new Array<number>(network.hidden.length + 2).fill(0);
  for (const layer of [...spec.perception, ...spec.recall])
    work[layer.stage - 1]! += layerSize(layer, inputShape(spec, layer)).connections;
  return work;
}

/** What work does not depend on. */
const ANY_NEURONS = { steps: 1, norm: true, tau: 2, threshold: { perception: 1, recall: 1 } };

/**
 * Last stages of all parts but the last one, so that the busiest part has the least work.
 *
 * @param work of each stage, from stage 1
 * @param parts how many
 * @param direct whether stages 1 and 2 must stay together
 * @throws BispikeError "usage" when there are too few stages
 * @example
 * balancedCuts([4, 1, 1, 2], 2, true); // [2]
 */
export function balancedCuts(work: readonly number[], parts: number, direct: boolean): number[] {
  const places = Array.from({ length: work.length - 1 }, (_, k) => k + 1).filter((after) => !direct || after > 1);
  if (!Number.isInteger(parts) || parts < 1 || parts - 1 > places.length) {
    throw new BispikeError(
      "usage",
      `expected 1 to ${places.length + 1} parts of ${work.length} stages${direct ? " (1 and 2 stay together)" : ""}, got ${parts}`,
    );
  }
  let best: number[] = [];
  let least = Number.POSITIVE_INFINITY;
  const visit = (cuts: readonly number[], from: number) => {
    if (cuts.length === parts - 1) {
      const busiest = busiestOf(work, cuts);
      if (busiest < least) [best, least] = [[...cuts], busiest];
      return;
    }
    for (let k = from; k < places.length; k++) visit([...cuts, places[k]!], k + 1);
  };
  visit([], 0);
  return best;
}

function busiestOf(work: readonly number[], cuts: readonly number[]): number {
  const ends = [...cuts, work.length];
  return Math.max(
    ...ends.map((end, k) => work.slice(k === 0 ? 0 : ends[k - 1]!, end).reduce((sum, value) => sum + value, 0)),
  );
}
