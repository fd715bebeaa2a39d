/** How well the networks of an autoencoder reconstruct a part of the data. */
import type { Dataset, Split } from "../../data/dataset.ts";
import { BispikeError } from "../../errors.ts";
import type { FeatureExtractor } from "../../measure/features.ts";
import { type GenerationMeasures, GenerationMeter } from "../../measure/generation.ts";
import { isDrawable, type Picture, pictureGrid, type Tile } from "../../measure/picture-grid.ts";
import { reconstructedBatches } from "../../measure/reconstruction.ts";
import type { Network } from "../../nets/autoencoder-pair.ts";
import { sizeOf } from "../../nets/shape.ts";
import { writeDurably } from "../../node/durable.ts";
import { featuresFor, openFeatures } from "../../node/features.ts";
import { encodePng } from "../../node/pictures.ts";
import type { AutoencoderModel } from "../../problems/autoencode-learners.ts";
import { alignTable, figure } from "./tables.ts";

/** One network's drawings, means over the images; pixels from 0 to 1. */
export type DrawingFigures = Omit<GenerationMeasures, "images">;

/** Null for a network that was not asked for or does not draw. */
export interface Reconstruction {
  readonly images: number;
  readonly perception: DrawingFigures | null;
  readonly recall: DrawingFigures | null;
}

export interface ReconstructionOptions {
  /** Default: all that draw. */
  readonly networks?: readonly Network[];
  /** Features to compare the distributions of originals and drawings by. Default: no Fréchet distance. */
  readonly features?: FeatureExtractor | undefined;
  /** Told after each batch how many images are done. */
  readonly progress?: (images: number) => void;
  /** Awaited between batches; may throw to give up. */
  readonly pause?: () => Promise<void>;
}

/** Reconstructs the images at `indices` and measures them. */
export async function measureReconstruction(
  model: AutoencoderModel,
  split: Split,
  indices: Int32Array,
  { networks = model.learner.reconstructors, features, progress, pause }: ReconstructionOptions = {},
): Promise<Reconstruction> {
  const { shape } = model.data;
  // One image has no covariance, and so no distance.
  const compared = features && indices.length > 1 ? { features } : {};
  const meters = networks.map(() => new GenerationMeter({ shape, ...compared }));
  for await (const { from, images, originals, reconstructed } of reconstructedBatches(
    model,
    split,
    indices,
    networks,
    pause,
  )) {
    for (const [k, meter] of meters.entries())
      await meter.add({ originals, reconstructed: reconstructed[k]!, count: images });
    progress?.(from + images);
  }
  const figuresOf = (by: Network): DrawingFigures | null => {
    const meter = meters[networks.indexOf(by)];
    if (!meter) return null;
    const { images: _, ...figures } = meter.measures();
    return figures;
  };
  return { images: indices.length, perception: figuresOf("perception"), recall: figuresOf("recall") };
}

/**
 * Runs `use` with the features that a person named, or else with those that come along for a known data set in its published size; with none where there are none.
 *
 * @param named a shipped net's name, an ONNX model, a run folder or a checkpoint of images
 */
export async function withFeatures<T>(
  { name, shape }: Pick<Dataset, "name" | "shape">,
  named: string | undefined,
  use: (features: FeatureExtractor | undefined) => Promise<T>,
): Promise<T> {
  const source = named ?? featuresFor(name, shape);
  if (source === undefined) return use(undefined);
  const features = await openFeatures(source, { images: shape });
  try {
    return await use(features);
  } finally {
    await features.close();
  }
}

/** The figures of both networks side by side, for a person. */
export function reconstructionTable({ perception, recall }: Reconstruction): string {
  const columns = Object.entries({ perception, recall }).flatMap(([name, figures]) =>
    figures ? [{ name, figures }] : [],
  );
  const row = (title: string, value: (figures: DrawingFigures) => string, unit: string) => [
    title,
    ...columns.map(({ figures }) => value(figures)),
    unit,
  ];
  const distance = columns[0]?.figures.frechet;
  const few = distance?.notes.includes("few-images") ? `; no more images than its ${distance.features} features` : "";
  return alignTable(
    [
      ["", ...columns.map(({ name }) => name)],
      row("MSE", ({ mse }) => figure(mse), "pixels 0 to 1"),
      row("  low band", ({ lowError }) => figure(lowError), "up to 0.25 cycles a pixel"),
      row("  high band", ({ highError }) => figure(highError), "above"),
      row("PSNR", ({ psnr }) => (Number.isFinite(psnr) ? psnr.toFixed(2) : "-"), "dB"),
      row("SSIM", ({ ssim }) => ssim.toFixed(4), ""),
      ...(distance
        ? [
            row(
              "Fréchet distance",
              ({ frechet }) => (frechet ? figure(frechet.value) : "-"),
              `${distance.name.replace(/^.*?, /, "")}${few}`,
            ),
          ]
        : []),
    ],
    `l${"r".repeat(columns.length)}l`,
  );
}

// Originals above what the networks of an autoencoder draw of them, as a PNG.

/** Images in a row of a picture; more take more groups of rows. */
const IMAGES_A_ROW = 10;
/** Without `scale`, images are shown about this many pixels wide. */
const TILE_WIDTH = 112;

/**
 * Rows of originals, each with the networks' rows below it, in the order of `networks`.
 *
 * @param indices of the images in `split`
 * @throws BispikeError "shape" for images of other than 1 or 3 channels
 */
export function writeReconstructions(
  model: AutoencoderModel,
  split: Split,
  indices: Int32Array,
  file: string,
  networks: readonly Network[] = model.learner.reconstructors,
  scale?: number,
): Picture {
  const rows: Tile[][] = [];
  // No more at once than the learner holds.
  const together = Math.min(IMAGES_A_ROW, model.learner.maxImages);
  for (let from = 0; from < indices.length; from += together) {
    const images = Math.min(together, indices.length - from);
    model.load(split, indices, from, images);
    rows.push(tilesOf(model, model.originals(split, indices, from, images)));
    for (const by of networks) rows.push(tilesOf(model, model.reconstruct(images, by)));
  }
  return writeGrid(model, rows, file, scale);
}

/** Tiles of images [image][height][width][channel] in 0..1. */
export function tilesOf({ data }: AutoencoderModel, images: Float32Array): Tile[] {
  const { height, width, channels } = data.shape;
  if (!isDrawable(channels))
    throw new BispikeError("shape", `a picture needs 1 or 3 channels, the data have ${channels}`);
  const size = sizeOf(data.shape);
  return Array.from({ length: images.length / size }, (_, k) => ({
    height,
    width,
    channels,
    pixels: Uint8Array.from(images.subarray(k * size, (k + 1) * size), (value) => Math.round(255 * value)),
  }));
}

/** Writes rows of tiles, upscaled to about 112 pixels unless told otherwise. */
export function writeGrid(
  { data }: AutoencoderModel,
  rows: readonly (readonly Tile[])[],
  file: string,
  scale = Math.max(1, Math.round(TILE_WIDTH / data.shape.width)),
): Picture {
  const picture = pictureGrid(rows, { scale });
  writeDurably(file, encodePng(picture));
  return picture;
}
