/**
 * Data to train on: images, texts and series, of names and files (in Node), arrays, canvases or values in memory.
 *
 * @example
 * import { train } from "bispike";
 * import { images } from "bispike/data";
 *
 * const shape = { height: 1, width: 2, channels: 1 };
 * const sides = { images: Float32Array.of(0, 0.9, 0.1, 1, 0.8, 0, 1, 0.2), labels: [1, 1, 0, 0] };
 * const data = await images({ shape, classNames: ["left", "right"], train: sides }, { validation: 0 });
 * const run = await train({ data, epochs: 2, batch: 4 });
 *
 * @module bispike/data
 */
export {
  type CanvasPixels,
  type ImageArraysOf,
  type ImageFolder,
  type ImageInput,
  type ImageSet,
  type ImagesOptions,
  images,
  type PicturesOptions,
  type SeriesOptions,
  type SeriesRows,
  type SeriesSet,
  series,
  type TextOptions,
  type TextSet,
  type TrainingData,
  text,
} from "./training/data-sources.ts";
