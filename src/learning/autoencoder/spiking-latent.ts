/** The latent of spiking autoencoders: its spikes for given images, and images for given spikes. Norms use their running statistics. */
import { BispikeError } from "../../errors.ts";
import type { AutoencoderPair, Network } from "../../network/autoencoder/pair.ts";
import type { Layer } from "../../network/layer.ts";
import { assertRows } from "../../network/rows.ts";
import { layerSlots, type Slot } from "../../network/slots.ts";
import type { LatentAccess } from "./learner.ts";

/** Runs layers one after the other, without learning. `alike`: an image's bytes do not depend on those beside it. */
function run(layers: readonly Layer[], images: number, alike: boolean): void {
  for (const layer of layers) {
    layer.forward(images, { train: false, alike });
    layer.output?.list(images, false);
  }
}

/** The pair's stimulus rows as a network draws them: the feature rows of its last layer. */
export function redrawImages(pair: AutoencoderPair, images: number, by: Network): Float32Array {
  assertRows("images", images, pair.options.maxImages);
  const layers = pair.path(by);
  run(layers, images, false);
  return layers.at(-1)!.features.view.subarray(0, images * pair.stimulusWidth);
}

export class SpikingLatent implements LatentAccess {
  readonly neurons: number;
  readonly steps: number;
  readonly #pair: AutoencoderPair;

  constructor(pair: AutoencoderPair) {
    this.#pair = pair;
    this.neurons = pair.options.latent;
    this.steps = pair.options.steps;
  }

  encode(images: number, by: Network): Uint8Array {
    const { neurons, steps } = this;
    const pair = this.#pair;
    assertRows("images", images, pair.options.maxImages);
    const layers = pair.path(by);
    run(layers.slice(0, pair.latent + 1), images, true);
    const { output } = layers[pair.latent]!;
    const spikes = new Uint8Array(images * steps * neurons);
    for (let image = 0, at = 0; image < images; image++) {
      for (let t = 0; t < steps; t++) {
        for (let n = 0; n < neurons; n++, at++) spikes[at] = output!.fired(image, t, 0, n) ? 1 : 0;
      }
    }
    return spikes;
  }

  decode(spikes: Uint8Array, images: number, by: Network): Float32Array {
    const { neurons, steps } = this;
    const pair = this.#pair;
    assertRows("images", images, pair.options.maxImages);
    if (spikes.length !== images * steps * neurons)
      throw new BispikeError(
        "shape",
        `latent spikes: expected ${images} images x ${steps} steps x ${neurons} neurons, got ${spikes.length}`,
      );
    const layers = pair.path(by);
    const output = layers[pair.latent]!.output!;
    for (let image = 0, at = 0; image < images; image++) {
      for (let t = 0; t < steps; t++) {
        for (let n = 0; n < neurons; n++, at++) output.set(image, t, 0, n, spikes[at] !== 0);
      }
    }
    output.list(images, false);
    const after = layers.slice(pair.latent + 1);
    run(after, images, true);
    return after.at(-1)!.features.view.subarray(0, images * pair.stimulusWidth);
  }
}

/** The pair's state as named tensors: as of image pairs, `perception.stage2.weight`, `recall.stage1.bias`, `perception.stage2.norm.gamma`, ... */
export function* autoencoderSlots(pair: AutoencoderPair, optimiser: boolean): Generator<Slot> {
  for (const { name, group, synapses, norm } of pair.layers) {
    yield* layerSlots({ name, group, bundles: [synapses], norm, channels: synapses.shape.channels }, optimiser);
  }
}
