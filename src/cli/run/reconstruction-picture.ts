/** Originals above what the networks of an autoencoder draw of them, as a PNG. */
import type { Split } from "../../data/dataset.ts";
import { BispikeError } from "../../errors.ts";
import { isDrawable, type Picture, pictureGrid, type Tile } from "../../measurement/picture-grid.ts";
import type { Network } from "../../network/autoencoder-pair.ts";
import { sizeOf } from "../../network/shape.ts";
import { writeDurably } from "../../node/durable.ts";
import { encodePng } from "../../node/png.ts";
import type { AutoencoderModel } from "../../problems/autoencode-model.ts";

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
  networks: readonly Network[] = model.learner.redrawers,
  scale?: number,
): Picture {
  const rows: Tile[][] = [];
  // No more at once than the learner holds.
  const together = Math.min(IMAGES_A_ROW, model.learner.maxImages);
  for (let from = 0; from < indices.length; from += together) {
    const images = Math.min(together, indices.length - from);
    model.load(split, indices, from, images);
    rows.push(tilesOf(model, model.originals(split, indices, from, images)));
    for (const by of networks) rows.push(tilesOf(model, model.redraw(images, by)));
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
