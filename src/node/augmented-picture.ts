/** The picture of what training shows in place of images. */
import type { Augmenter } from "../data/augment.ts";
import { fillRows } from "../data/batch.ts";
import { imageBytes, type Split } from "../data/dataset.ts";
import { fromFrameRows } from "../data/frame-rows.ts";
import { permutation } from "../engine/random.ts";
import { pictureGrid, type Tile } from "../measure/picture-grid.ts";
import type { TrainConfig } from "../training/config.ts";
import { writeDurably } from "./durable.ts";
import { tileOf } from "./figures.ts";
import { encodePng } from "./png.ts";

const IMAGES = 10;
const EPOCHS = 6;
/** Tiles are shown about this many pixels wide. */
const TILE_WIDTH = 112;

/** Images as a training goes through them. */
export interface TrainedImages {
  readonly split: Split;
  /** Images trained on. */
  readonly trainIndices: Int32Array;
  readonly train: Pick<TrainConfig, "seed" | "batch" | "epochs">;
}

/**
 * Writes a PNG: some images trained on in the first row (the first of each class, ten at most), and below, in their frame, the variants of them that the first epochs of the training show.
 *
 * @param augmenter as the training has it
 * @throws BispikeError "shape" for images of other than 1 or 3 channels
 * @example
 * writeAugmentedPicture(augmenter, { split: dataset.train, trainIndices, train: config.train }, "augmented.png");
 */
export function writeAugmentedPicture(augmenter: Augmenter, images: TrainedImages, file: string): void {
  const { split, trainIndices, train } = images;
  const places = firstOfEachClass(split, trainIndices);
  const { frame, shape, stride, statistics } = augmenter.layout;
  const tiles = (rows: Float32Array): Tile[] => {
    // The frame whole, with what was moved into its margin.
    const layout = { frame, stride, statistics, shape: { ...frame, channels: shape.channels } };
    const pixels = fromFrameRows(rows, places.length, layout);
    const size = imageBytes(layout.shape);
    return places.map((_, k) => tileOf({ data: layout }, pixels.subarray(k * size, (k + 1) * size)));
  };
  const rows = new Float32Array(places.length * stride);
  const indices = Int32Array.from(places, (place) => trainIndices[place]!);
  fillRows(rows, stride, split, indices, 0, places.length, shape, frame, statistics);
  const grid = [tiles(rows)];
  for (let epoch = 0; epoch < Math.min(EPOCHS, train.epochs); epoch++) {
    const order = permutation(train.seed, "shuffle", epoch, trainIndices.length);
    const steps = Math.ceil(trainIndices.length / train.batch);
    for (const [k, place] of places.entries()) {
      const counter = epoch * steps + Math.floor(order.indexOf(place) / train.batch);
      augmenter.fill(rows.subarray(k * stride), split, indices, k, 1, counter);
    }
    grid.push(tiles(rows));
  }
  writeDurably(file, encodePng(pictureGrid(grid, { scale: Math.max(1, Math.round(TILE_WIDTH / frame.width)) })));
}

/** Places among the images trained on. */
function firstOfEachClass({ labels }: Split, trainIndices: Int32Array): number[] {
  const first = new Map<number, number>();
  for (const [place, image] of trainIndices.entries()) {
    const label = labels[image]!;
    if (!first.has(label)) first.set(label, place);
  }
  const classes = [...first.keys()].sort((a, b) => a - b).slice(0, IMAGES);
  return classes.map((label) => first.get(label)!);
}
