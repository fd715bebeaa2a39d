/**
 * Full connections from real values to a plane of pixels, as the way out of an autoencoder's latent has them: z[p, u] = b[p, u] + sum over inputs i of W[p, u, i] x[i].
 * Packed like those of spikes, [pixel][tile][input][16]: a flat population of pixels * tiles * 16 units does the products, whose drives are then laid out as a plane.
 */
import { LANES } from "../../engine/kernels.ts";
import type { Address } from "../../engine/memory.ts";
import type { Team } from "../../engine/team.ts";
import { eachLinearPair, LinearSynapses } from "../linear.ts";
import type { ParameterGroup } from "../parameters.ts";
import { flat, pixelsOf, type Shape, sizeOf, tilesOf } from "../shape.ts";
import { PackedParameters, type RealInput, type Synapses, type Workspace } from "../synapses.ts";

export class PlaneLinear extends PackedParameters implements Synapses {
  readonly source: RealInput;
  readonly shape: Shape;
  readonly fanIn: number;
  readonly blocks: Readonly<Record<string, number>>;
  readonly chunkImages = 1;
  readonly #team: Team;
  readonly #flat: LinearSynapses;
  /** Drives and their gradients by row tile, [pixel * tiles + tile][image][16]. */
  readonly #rows: Workspace;

  constructor(team: Team, source: RealInput, shape: Shape, bias: boolean) {
    super();
    this.#team = team;
    this.source = source;
    this.shape = shape;
    this.fanIn = sizeOf(source.shape);
    this.#flat = new LinearSynapses(team, source, flat(this.#rowTiles * LANES), bias);
    this.blocks = this.#flat.blocks;
    const bytes = this.#flat.workspace(source.maxImages).drives * 4;
    this.#rows = { z: team.arena.allocate(bytes), g: team.arena.allocate(bytes), winner: 0 };
  }

  get #rowTiles(): number {
    return pixelsOf(this.shape) * tilesOf(this.shape);
  }

  workspace = (maxImages: number) => this.#flat.workspace(maxImages);

  forward(group: ParameterGroup, images: number, { z }: Workspace, moments: Address, alike = false): void {
    this.#flat.forward(group, images, this.#rows, 0, alike);
    this.#layOut(images, this.#rows.z, z, false);
    if (moments)
      this.#team.run("moments", tilesOf(this.shape) * images, { rows: pixelsOf(this.shape), z, out: moments });
  }

  gradient(group: ParameterGroup, images: number, { z, g }: Workspace, coefficients: Address): void {
    const tiles = tilesOf(this.shape);
    if (coefficients) {
      const rows = images * pixelsOf(this.shape);
      this.#team.run("finishPositions", tiles, { positions: 1, rows, tiles, coefficients, g, z });
    }
    this.#layOut(images, this.#rows.g, g, true);
    this.#flat.gradient(group, images, this.#rows, 0);
  }

  #layOut(images: number, rows: Address, planes: Address, back: boolean): void {
    this.#team.run("rowTilesToPlanes", this.#rowTiles, {
      images,
      pixels: pixelsOf(this.shape),
      tiles: tilesOf(this.shape),
      back: back ? 1 : 0,
      rows,
      planes,
    });
  }

  plainShape(block: string): readonly number[] {
    return block === "weight" ? [sizeOf(this.shape), this.fanIn] : [sizeOf(this.shape)];
  }

  protected override eachPair(block: string, visit: (packedAt: number, plainAt: number) => void): void {
    eachLinearPair(this.shape, block === "weight" ? this.fanIn : 1, visit);
  }
}
