/** Which of recall's weights mirrors which of perception's: the synapse from b down to a mirrors that from a up to b, a kernel turned by half a turn. */
import type { Synapses } from "./synapses.ts";

type Planned = Pick<Synapses, "plainShape">;

/**
 * Of each of the weights up, in plain order, the index of its mirror image among those down, in plain order; null where they do not mirror each other.
 *
 * @example
 * const theta = plainWeights(down);
 * Float32Array.from(mirroredIndices(up.synapses, down.synapses)!, (index) => theta[index]!); // in W's order
 */
export function mirroredIndices(up: Planned, down: Planned): Int32Array | null {
  const shape = up.plainShape("weight");
  const other = down.plainShape("weight");
  // Convolutions: [output][ky][kx][input].
  const isConv = shape.length === 4;
  if (other.length !== shape.length) return null;
  const [outputs = 0, inputs = 0] = [shape[0], shape.at(-1)];
  if (other[0] !== inputs || other.at(-1) !== outputs || shape[1] !== (isConv ? other[1] : other[0])) return null;
  const taps = isConv ? shape[1]! * shape[2]! : 1;
  const indices = new Int32Array(outputs * taps * inputs);
  for (let o = 0; o < outputs; o++) {
    for (let tap = 0; tap < taps; tap++) {
      for (let i = 0; i < inputs; i++)
        indices[(o * taps + tap) * inputs + i] = (i * taps + taps - 1 - tap) * outputs + o;
    }
  }
  return indices;
}
