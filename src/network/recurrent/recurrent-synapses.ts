/**
 * Synapses of a population onto itself, from one element of a sequence to the next: z[n, t, u] += sum over inputs i of W[u, i] s[n', i, t], where n' is the element before
 * (perception) or after (recall). A neuron hears at its step t what its fellows did at step t of that element. Packed [tile][input][16].
 */
import type { KernelArguments } from "../../engine/bindings.generated.ts";
import { LANES } from "../../engine/kernels.ts";
import type { Address } from "../../engine/memory.ts";
import type { Team } from "../../engine/team.ts";
import type { ParameterGroup } from "../parameters.ts";
import { sizeOf, tilesOf } from "../shape.ts";
import { PackedParameters, type Workspace } from "../synapses.ts";
import type { Stretch } from "./stretch.ts";

/** Where positions find what the feed-forward synapses gave: [tile][image][steps][16]. */
export interface Drives {
  readonly at: Address;
  /** T, or 1 where the drive is held over time. */
  readonly steps: number;
}

export class RecurrentSynapses extends PackedParameters {
  readonly source: Stretch;
  readonly fanIn: number;
  readonly blocks: Readonly<Record<string, number>>;
  readonly #team: Team;
  readonly #tiles: number;
  /** Kept from call to call, as a stream makes one for each element. */
  readonly #arguments: KernelArguments["recurrentEvents"];

  /** `source` begins at the element before position 0 (recall: after it). */
  constructor(team: Team, source: Stretch) {
    super();
    this.#team = team;
    this.source = source;
    this.fanIn = sizeOf(source.shape);
    this.#tiles = tilesOf(source.shape);
    this.blocks = { recurrent: this.#tiles * this.fanIn * LANES };
    this.#arguments = {
      rows: 0,
      images: 0,
      steps: source.steps,
      periods: source.periods,
      driveSteps: 1,
      inputs: this.fanIn,
      tiles: this.#tiles,
      offsets: 0,
      events: 0,
      weights: 0,
      drives: 0,
      z: 0,
      moments: 0,
      scratch: 0,
      scratchStride: 0,
    };
  }

  /** z of one position, `rows` rows, of a window of `images` images in all. Leaves the position's moments of z in the array at `moments` where that is not 0. */
  forward(
    group: ParameterGroup,
    at: { position: number; rows: number; images: number },
    drives: Drives,
    z: Address,
    moments: Address,
  ): void {
    const { position, rows, images } = at;
    const { source } = this;
    const scratch = this.#team.scratch((source.motifs + source.steps) * LANES * 4);
    const args = this.#arguments;
    args.rows = rows;
    args.images = images;
    args.driveSteps = drives.steps;
    args.offsets = source.offsets.at;
    args.events = source.events.at;
    args.weights = group.at("recurrent");
    args.drives = drives.at;
    args.z = z;
    args.moments = moments;
    args.scratch = scratch.at;
    args.scratchStride = scratch.stride;
    this.#team.runRange("recurrentEvents", position * this.#tiles, (position + 1) * this.#tiles, args);
  }

  /** Weight gradient of the whole window from g = dL/dz. */
  gradient(group: ParameterGroup, images: number, { g, z }: Workspace): void {
    const { source } = this;
    const weight = group.gradientAt("recurrent");
    source.correlate({ images, pixels: 1, tiles: this.#tiles, g, z, coefficients: 0, weight, bias: 0 });
  }

  plainShape(): readonly number[] {
    return [this.fanIn, this.fanIn];
  }

  protected override eachPair(_block: string, visit: (packedAt: number, plainAt: number) => void): void {
    const inputs = this.fanIn;
    for (let unit = 0; unit < inputs; unit++) {
      const tile = Math.floor(unit / LANES);
      for (let i = 0; i < inputs; i++) visit((tile * inputs + i) * LANES + (unit % LANES), unit * inputs + i);
    }
  }
}
