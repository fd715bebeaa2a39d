/** Images, data sets and what is taken of them. */
import * as z from "zod/mini";
import { callable, floats, iterable, listed, number, shape, statistics, thing, whole } from "./schemas.ts";

const bytes = z.custom((value) => value instanceof Uint8Array || value instanceof Uint8ClampedArray);
const split = z.looseObject({ images: listed, labels: listed, count: z.number() });
const arrays = z.looseObject({ images: listed, labels: listed });
const pictured = z.looseObject({ height: whole, width: whole, channels: whole, pixels: listed });

export const imageKinds = {
  dataset: {
    schema: z.looseObject({ name: z.string(), shape, classNames: z.array(z.string()), train: split, test: split }),
    words: "a data set, as loadDataset or datasetOf gives it",
  },
  arrays: {
    schema: z.looseObject({
      ...{ name: z.string(), shape, classNames: z.optional(z.array(z.string())) },
      ...{ train: arrays, test: z.optional(arrays) },
    }),
    words: "{ name, shape: { height, width, channels }, train: { images, labels } }",
  },
  split: { schema: split, words: "a part of a data set, such as dataset.test" },
  trained: {
    schema: z.looseObject({ split, indices: listed }),
    words: "{ split, indices } of images that were trained on",
  },
  indices: { schema: listed, words: "a list of places in that part, such as Int32Array.of(0, 1)" },
  means: {
    schema: z.custom((value) => value instanceof Float32Array),
    words: "the classes' mean images, as classMeans gives them",
  },
  shape: { schema: shape, words: "{ height, width, channels }, such as dataset.shape" },
  image: { schema: shape, words: "{ height, width, channels } of one image" },
  frame: { schema: z.looseObject({ height: number, width: number }), words: "{ height, width }" },
  statistics: { schema: statistics, words: "the pixels' { mean, std }, as channelStatistics gives them" },
  layout: {
    schema: z.looseObject({ shape, frame: thing, stride: number, statistics }),
    words: "{ shape, frame, stride, statistics }",
  },
  side: {
    schema: z.enum(["left", "right", "top", "bottom", "centre"]),
    words: "left, right, top, bottom or centre",
  },
  augment: {
    schema: z.looseObject({ shift: number, flip: z.boolean(), rotate: number, erase: number }),
    words: "{ shift, flip, rotate, erase }",
  },
  bytes: { schema: bytes, words: "a file's bytes, a Uint8Array as readFileSync gives it" },
  pixels: { schema: listed, words: "a list of pixels" },
  originals: { schema: floats, words: "rows of pixels 0..1, a Float32Array" },
  redrawn: { schema: floats, words: "rows of pixels 0..1, a Float32Array" },
  rowsOf: { schema: floats, words: "rows of numbers, a Float32Array" },
  picture: { schema: pictured, words: "a picture { height, width, channels, pixels }" },
  grid: { schema: z.array(z.array(pictured)), words: "rows of tiles { height, width, channels, pixels }" },
  batches: { schema: iterable, words: "batches to iterate over" },
  stream: {
    schema: z.looseObject({ below: callable, uniform: callable }),
    words: "a RandomStream",
  },
};
