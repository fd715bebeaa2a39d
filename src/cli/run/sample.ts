/** The work of `bispike sample`: latent spikes made of what a class's images or two images gave, and what a network draws of them. */
import type { Dataset } from "../../data/dataset.ts";
import { BispikeError } from "../../errors.ts";
import { interpolateRates } from "../../inference/autoencoder/interpolate.ts";
import { evenTrains, ratesOf } from "../../inference/autoencoder/trains.ts";
import type { Picture } from "../../measurement/picture-grid.ts";
import type { Network } from "../../network/autoencoder-pair.ts";
import { openAutoencoder } from "../../node/open.ts";
import type { AutoencoderModel } from "../../problems/autoencode-model.ts";
import type { LatentAccess } from "../../rules/rule.ts";
import type { AutoencoderCheckpoint } from "../../training/checkpoint.ts";
import { note, print } from "../output.ts";
import type { SAMPLE_SOURCES, SampleOptions } from "../sample.ts";
import { datasetFor, filesRead, partImages, placeOf, unverified } from "./data.ts";
import { requireNotRead, requirePicture } from "./output-file.ts";
import { drawing } from "./reconstruct.ts";
import { tilesOf, writeGrid } from "./reconstruction-picture.ts";
import { decodeAll, samplePrototypes, sampleStatistics } from "./sample-classes.ts";

/** What a source draws from. */
export interface Sampler {
  readonly model: AutoencoderModel;
  readonly latent: LatentAccess;
  readonly checkpoint: AutoencoderCheckpoint;
  readonly dataset: Dataset;
  readonly by: Network;
  readonly encoder: Network;
  readonly options: SampleOptions;
}

/** What was drawn, for a program and for a person. */
export interface Sampled {
  readonly json: object;
  readonly lines: readonly string[];
  readonly picture: Picture;
}

type Source = (typeof SAMPLE_SOURCES)[number];

const SAMPLERS: Readonly<Record<Source, (sampler: Sampler) => Promise<Sampled>>> = {
  prototypes: samplePrototypes,
  statistics: sampleStatistics,
  interpolation: sampleBetween,
};

/** Options that only some sources have. */
const OWN_OPTIONS: readonly (readonly [keyof SampleOptions, readonly Source[]])[] = [
  ["classes", ["prototypes", "statistics"]],
  ["count", ["statistics"]],
  ["correlated", ["statistics"]],
  ["seed", ["statistics"]],
  ["between", ["interpolation"]],
  ["part", ["interpolation"]],
  ["frames", ["interpolation"]],
];

/** Runs the command. */
export async function runSample(path: string, options: SampleOptions): Promise<void> {
  const { from, out } = options;
  for (const [name, sources] of OWN_OPTIONS) {
    if (options[name] !== undefined && !sources.includes(from))
      throw new BispikeError("usage", `--${name}: is for --from ${sources.join(" or ")}, not for --from ${from}`);
  }
  requireNotRead("--out", out, path);
  requirePicture("--out", out);
  const { model, team, checkpoint, file } = await openAutoencoder(path, options.threads);
  try {
    const { latent, redrawers } = model.learner;
    const { by = redrawers.includes("recall") ? "recall" : "perception", encoder = by } = options;
    for (const network of [by, encoder]) drawing(model.learner, network);
    if (!latent)
      throw new BispikeError(
        "usage",
        `${file}: its net (rule ${checkpoint.config.rule.name}) has no latent spikes to sample; use a run by rule bsd or backprop`,
      );
    const dataset = await datasetFor(checkpoint, file, options);
    requireNotRead("--out", out, path, filesRead(dataset, checkpoint, options));
    note("warning", unverified(dataset));
    const sampler = { model, latent, checkpoint, dataset, by, encoder, options };
    const { json, lines, picture } = await SAMPLERS[from](sampler);
    const { width, height } = picture;
    print(
      options.json
        ? JSON.stringify({ from, by, encoder, ...json, checkpoint: file, out, width, height })
        : [...lines, `(${width} x ${height} pixels)`].join("\n"),
    );
  } finally {
    await team.close();
  }
}

/** Default of `--frames`. */
const FRAMES = 8;

/** One row: the one original, the frames, the other original. */
async function sampleBetween(sampler: Sampler): Promise<Sampled> {
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
