/**
 * Synapses that draw an image from firing rates: nearest x2 upsampling and a 3x3 convolution, as `ConvSynapses` with `upsample`, read out as its mean over time. A read-out has
 * no neurons, so the steps are averaged before the product and the drive has one step (kernels: `assembly/drawing.ts`). Packed as ConvSynapses are.
 */
import { LANES, padded } from "../engine/kernels.ts";
import type { Address, Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import type { ParameterGroup } from "./parameters.ts";
import type { SpikeTrains } from "./population.ts";
import { pixelsOf, type Shape, sizeOf, tilesOf } from "./shape.ts";
import { PackedParameters, type RealInput, type Synapses, type Work, type Workspace } from "./synapses.ts";

/** Outputs up to which lanes are better spent on input channels. */
export const MOST_DRAWN_CHANNELS = 4;

export class DrawingSynapses extends PackedParameters implements Synapses {
  /** Firing rates of the population below, [image][pixel][channels padded to 16]. */
  readonly source: RealInput;
  readonly shape: Shape;
  readonly fanIn: number;
  readonly blocks: Readonly<Record<string, number>>;
  readonly chunkImages = 1;
  readonly wiring;
  readonly #team: Team;
  readonly #spikes: SpikeTrains;
  readonly #rates: Region<Float32Array>;
  readonly #width: number;
  readonly #collapsed: Address;
  readonly #collapsedGradient: Address;

  /** `channels`: of the image, at most 16. */
  constructor(team: Team, spikes: SpikeTrains, channels: number, maxImages: number) {
    super();
    const { shape } = spikes;
    const { arena } = team;
    if (channels > LANES) throw new Error(`an image of ${channels} channels is convolved, not drawn`);
    this.#team = team;
    this.#spikes = spikes;
    this.#width = padded(shape.channels);
    this.#rates = arena.f32(maxImages * pixelsOf(shape) * this.#width);
    const stride = pixelsOf(shape) * this.#width;
    this.source = { kind: "real", shape, at: this.#rates.at, stride, maxImages };
    this.shape = { height: 2 * shape.height, width: 2 * shape.width, channels };
    const { height, width } = this.shape;
    this.wiring = { up: 1, pool: 0, stride: 1, padding: 1, outHeight: height, outWidth: width };
    this.fanIn = 9 * shape.channels;
    this.blocks = { weight: 9 * shape.channels * LANES, bias: LANES };
    this.#collapsed = arena.allocate(channels * 16 * this.#width * 4);
    this.#collapsedGradient = arena.allocate(channels * 16 * this.#width * 4);
  }

  workspace = (maxImages: number) => ({ drives: maxImages * pixelsOf(this.shape) * LANES, winners: 0 });

  forward(group: ParameterGroup, images: number, workspace: Workspace): void {
    const { shape, steps, masks } = this.#spikes;
    const { channels } = this.shape;
    const team = this.#team;
    team.run("spikeRates", images, {
      steps,
      places: pixelsOf(shape) * tilesOf(shape),
      masks: masks.at,
      rates: this.#rates.at,
    });
    team.run("collapseDrawing", channels, {
      channels: shape.channels,
      paddedChannels: this.#width,
      weights: group.at("weight"),
      out: this.#collapsed,
    });
    team.run("drawRates", images, {
      height: shape.height,
      width: shape.width,
      paddedChannels: this.#width,
      outputs: channels,
      rates: this.#rates.at,
      weights: this.#collapsed,
      bias: group.at("bias"),
      z: workspace.z,
    });
  }

  gradient(group: ParameterGroup, images: number, { g }: Workspace): void {
    const { shape } = this.#spikes;
    const { channels } = this.shape;
    const team = this.#team;
    const [collapsed, weight] = [this.#collapsedGradient, group.view("weight", group.gradients)];
    team.run("drawGradient", 16 * channels * tilesOf(shape), {
      images,
      height: shape.height,
      width: shape.width,
      paddedChannels: this.#width,
      g,
      rates: this.#rates.at,
      out: collapsed,
    });
    weight.fill(0);
    team.run("expandDrawing", channels, {
      channels: shape.channels,
      paddedChannels: this.#width,
      collapsed,
      out: group.gradientAt("weight"),
    });
    team.run("sumRows", 1, {
      rows: images * pixelsOf(this.shape),
      stride: LANES,
      scale: 1,
      x: g,
      out: group.gradientAt("bias"),
    });
  }

  /** A spike is not listed, so all rates are multiplied, with the 2 x 2 sums of the taps that each output sees. */
  performed(images: number): Work {
    const { channels } = this.source.shape;
    return { macs: images * sizeOf(this.shape) * 4 * channels, acs: 4 * (9 - 4) * channels * this.shape.channels };
  }

  plainShape(block: string): readonly number[] {
    return block === "weight" ? [this.shape.channels, 3, 3, this.source.shape.channels] : [this.shape.channels];
  }

  protected override eachPair(block: string, visit: (packedAt: number, plainAt: number) => void): void {
    const inputs = block === "weight" ? this.fanIn : 1;
    for (let channel = 0; channel < this.shape.channels; channel++) {
      for (let i = 0; i < inputs; i++) visit(i * LANES + channel, channel * inputs + i);
    }
  }
}
