/**
 * The additions and multiplications our engine makes for a layer's product, where NeuroBench counts those of the network as it is written down:
 *
 *   - an input that is held over time is multiplied once, not T times;
 *   - a spike train is added by motif (`engine/assembly/events.ts`): a neuron that fires at every step, once;
 *   - taps of one output that see the same upsampled pixel are added up once a batch, and outputs that pooling drops are not computed;
 *   - real values: all of them, zeros and a convolution's margin too; or, where most are one background value, those that differ;
 *   - dense spikes: one looked-up sum for 8 inputs, and 255 additions for each such table;
 *   - weights that are 0 are not skipped.
 *
 * Biases, and adding motifs' sums up to steps, are not counted; nor are the columns that fill the last tile of 16.
 */
import type { Team } from "../engine/team.ts";
import { ConvSynapses } from "../network/conv.ts";
import type { Layer } from "../network/layer.ts";
import { LinearSynapses } from "../network/linear.ts";
import { pixelsOf, sizeOf } from "../network/shape.ts";
import { isReal } from "../network/synapses.ts";
import type { Connections } from "./connections.ts";
import type { Effective } from "./operations.ts";

/** Inputs a table is made for. */
const TABLE_INPUTS = 8;
/** Of a convolution's kernel. */
const TAPS = 9;

/** Of the layer's newest forward pass, which was of `images` images, all of them together. */
export function performed(
  team: Team,
  { synapses }: Pick<Layer, "synapses">,
  connections: Connections,
  images: number,
): Effective {
  if (synapses instanceof LinearSynapses) return performedLinear(synapses, images);
  if (synapses instanceof ConvSynapses) return performedConv(team, synapses, connections, images);
  throw new Error("only linear and convolutional synapses have connections");
}

function performedLinear(synapses: LinearSynapses, images: number): Effective {
  const { source, shape, fanIn, used } = synapses;
  const outputs = sizeOf(shape);
  if (isReal(source)) {
    if (used === "dense") return { macs: images * fanIn * outputs, acs: 0 };
    // The background's product is the sum of all weights, multiplied once.
    return { macs: (synapses.listedValues(images) + 1) * outputs, acs: fanIn * outputs };
  }
  if (used === "events") return { macs: 0, acs: source.listed(images) * outputs };
  let additions = 0;
  for (let first = 0; first < fanIn; first += TABLE_INPUTS)
    additions += images * source.steps + 2 ** Math.min(TABLE_INPUTS, fanIn - first) - 1;
  return { macs: 0, acs: additions * outputs };
}

function performedConv(team: Team, synapses: ConvSynapses, { looked }: Connections, images: number): Effective {
  const { source, shape, geometry, fanIn } = synapses;
  const { pool, up } = geometry;
  const { channels } = source.shape;
  if (isReal(source)) return { macs: images * sizeOf(shape) * (pool ? 4 : 1) * fanIn, acs: 0 };
  const pixels = pixelsOf(source.shape);
  const rows = source.motifs * pixels;
  const offsets = new Int32Array(team.arena.memory.buffer, source.offsets.at, images * (rows + 1));
  let acs = 0;
  for (let b = 0, at = 0; b < images; b++, at++) {
    for (let row = 0; row < rows; row++, at++) acs += (offsets[at + 1]! - offsets[at]!) * looked[row % pixels]!;
  }
  // The taps of each of the four parities become 2 x 2 sums.
  const collapsed = up ? 4 * (TAPS - 4) * channels * shape.channels : 0;
  return { macs: 0, acs: acs + collapsed };
}
