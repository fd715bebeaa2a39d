/** Drawings from one image to another, by their latent firing rates. */
import { interpolateRates } from "../../inference/autoencoder/interpolate.ts";
import { evenTrains, ratesOf } from "../../inference/autoencoder/trains.ts";
import { partImages, placeOf } from "./data.ts";
import { tilesOf, writeGrid } from "./reconstruction-picture.ts";
import type { Sampled, Sampler } from "./sample.ts";
import { decodeAll } from "./sample-classes.ts";

/** Default of `--frames`. */
const FRAMES = 8;

/** One row: the one original, the frames, the other original. */
export async function sampleBetween(sampler: Sampler): Promise<Sampled> {
  const { model, latent, checkpoint, dataset, encoder, by, options } = sampler;
  const { between = [0, 1], frames = FRAMES, part = "test", out } = options;
  const images = partImages(dataset, checkpoint, part);
  const { split } = images;
  const rates: Float64Array[] = [];
  const originals = between.map((index) => {
    const at = Int32Array.of(placeOf(images, index, part, "--between"));
    // One at a time: a learner for batches of one holds no two.
    model.load(split, at, 0, 1);
    rates.push(ratesOf(latent.encode(1, encoder), latent.neurons, latent.steps));
    return { index, class: dataset.classNames[split.labels[at[0]!]!]!, pixels: model.originals(split, at, 0, 1) };
  });
  const [first, last] = originals;
  const spikes = evenTrains(interpolateRates(rates[0]!, rates[1]!, frames), latent.neurons, latent.steps);
  const drawn = decodeAll(sampler, spikes, frames);
  const row = [first!.pixels, drawn, last!.pixels].flatMap((pixels) => tilesOf(model, pixels));
  const picture = writeGrid(model, [row], out, options.scale);
  const ends = originals.map(({ index, class: name }) => ({ index, class: name }));
  return {
    json: { ends, frames, part },
    lines: [
      `from ${part} image ${first!.index} (${first!.class}) to ${last!.index} (${last!.class}) in ${frames} frames`,
      `${out}: the two images at the ends, between them as drawn by ${by}`,
    ],
    picture,
  };
}
