/** Fully connected synapses: z[u] = b[u] + sum over inputs i of W[u, i] s[i]. Packed [pixel][tile][input][16]. */
import { LANES } from "../engine/kernels.ts";
import type { Address } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import type { ParameterGroup } from "./parameters.ts";
import { RealLists } from "./real-lists.ts";
import { pixelsOf, type Shape, sizeOf, tilesOf } from "./shape.ts";
import { isReal, PackedParameters, type Source, type Synapses, stepsOf, type Workspace } from "./synapses.ts";

export class LinearSynapses extends PackedParameters implements Synapses {
  readonly source: Source;
  readonly shape: Shape;
  readonly fanIn: number;
  readonly blocks: Readonly<Record<string, number>>;
  readonly chunkImages: number;
  readonly #team: Team;
  readonly #rowTiles: number;
  readonly #lists: RealLists | undefined;
  /** Whether the newest forward pass used the lists. */
  #sparse = false;

  /** `bias` is left out where a norm would take it away again (one pixel and norm). */
  constructor(team: Team, source: Source, shape: Shape, bias: boolean) {
    super();
    this.#team = team;
    this.source = source;
    this.shape = shape;
    this.fanIn = sizeOf(source.shape);
    this.#rowTiles = pixelsOf(shape) * tilesOf(shape);
    this.chunkImages = pixelsOf(shape) === 1 ? 0 : 1;
    const weight = this.#rowTiles * this.fanIn * LANES;
    this.blocks = bias ? { weight, bias: this.#rowTiles * LANES } : { weight };
    if (isReal(source) && pixelsOf(shape) > 1)
      throw new Error("real inputs to a plane of pixels are convolved, not connected in full");
    if (isReal(source) && this.fanIn <= 65536) this.#lists = new RealLists(team, source);
  }

  workspace = (maxImages: number) => ({
    drives: maxImages * stepsOf(this.source) * this.#rowTiles * LANES,
    winners: 0,
  });

  forward(group: ParameterGroup, images: number, workspace: Workspace, moments: Address): void {
    const { source } = this;
    const weight = group.at("weight");
    const bias = group.at("bias");
    if (isReal(source)) {
      const lists = this.#lists;
      this.#sparse = lists?.list(images) ?? false;
      if (lists && this.#sparse) {
        const from = [
          images,
          this.fanIn,
          lists.capacity,
          lists.background,
          lists.ends.at,
          lists.indices.at,
          lists.values.at,
        ];
        this.#team.run("linearValued", this.#rowTiles, ...from, weight, bias, workspace.z, moments);
        return;
      }
      this.#team.run(
        "linearDense",
        this.#rowTiles,
        images,
        this.fanIn,
        source.stride,
        source.at,
        weight,
        bias,
        workspace.z,
        moments,
      );
      return;
    }
    const pixels = pixelsOf(this.shape);
    const scratch = this.#team.scratch(source.motifs * LANES * 4);
    this.#team.run(
      "linearEvents",
      this.#rowTiles,
      ...[images, source.steps, source.periods, this.fanIn, pixels, tilesOf(this.shape)],
      ...[source.offsets.at, source.events.at, weight, bias, workspace.z, pixels === 1 ? moments : 0],
      ...[scratch.at, scratch.stride],
    );
    if (moments && pixels > 1) {
      this.#team.run("moments", tilesOf(this.shape) * images, source.steps * pixels, workspace.z, moments);
    }
  }

  gradient(group: ParameterGroup, images: number, { g, z }: Workspace, coefficients: Address): void {
    const { source } = this;
    const outputs = [g, z, coefficients, group.gradientAt("weight"), group.gradientAt("bias")];
    const tiles = tilesOf(this.shape);
    const lists = this.#lists;
    if (lists && this.#sparse) {
      lists.transpose(images);
      const scratch = this.#team.scratch(64);
      const from = [
        images,
        this.fanIn,
        tiles,
        lists.rowCapacity,
        lists.background,
        lists.counts.at,
        lists.rows.at,
        lists.rowValues.at,
      ];
      this.#team.run("linearValuedGradient", this.#rowTiles, ...from, ...outputs, scratch.at, scratch.stride);
    } else if (isReal(source)) {
      this.#team.run(
        "linearDenseGradient",
        this.#rowTiles,
        images,
        this.fanIn,
        source.stride,
        tiles,
        source.at,
        ...outputs,
      );
    } else {
      const scratch = this.#team.scratch(images * source.motifs * LANES * 4);
      this.#team.run(
        "linearEventsGradient",
        this.#rowTiles,
        ...[
          images,
          source.steps,
          source.periods,
          this.fanIn,
          pixelsOf(this.shape),
          tiles,
          source.listCapacity,
          source.counts.at,
          source.lists.at,
        ],
        ...outputs,
        ...[scratch.at, scratch.stride],
      );
    }
  }

  plainShape(block: string): readonly number[] {
    return block === "weight" ? [sizeOf(this.shape), this.fanIn] : [sizeOf(this.shape)];
  }

  protected override eachPair(block: string, visit: (packedAt: number, plainAt: number) => void): void {
    const { channels } = this.shape;
    const inputs = block === "weight" ? this.fanIn : 1;
    for (let unit = 0; unit < sizeOf(this.shape); unit++) {
      const pixel = Math.floor(unit / channels);
      const channel = unit % channels;
      const rowTile = pixel * tilesOf(this.shape) + Math.floor(channel / LANES);
      for (let i = 0; i < inputs; i++) visit((rowTile * inputs + i) * LANES + (channel % LANES), unit * inputs + i);
    }
  }
}
