/** Files, checkpoints, exports, parts of a training and figures. */
import * as z from "zod/mini";
import { callable, iterable, listed, map, number, shape, thing } from "./schemas.ts";

const path = { schema: z.string(), words: "a path" };
const fileName = { schema: z.string(), words: "a file's name" };
const limits = { schema: thing, words: "limits of frames, as limitsOf gives them" };

export const fileKinds = {
  ...{ path, folder: path, base: path, file: fileName, source: fileName, limits },
  run: { schema: z.string(), words: "the path of a run's folder or of a checkpoint" },
  datasetRequest: {
    schema: z.looseObject({ name: z.optional(z.string()), path: z.optional(z.string()) }),
    words: "{ name }, { path } or both",
  },
  checkpoint: { schema: z.looseObject({ config: thing }), words: "a checkpoint, as decodeAnyCheckpoint gives it" },
  state: { schema: z.looseObject({ optimiser: z.boolean() }), words: "{ optimiser: true } or { optimiser: false }" },
  imageState: {
    schema: z.looseObject({
      ...{ config: thing, data: z.looseObject({ shape, classNames: listed }), position: thing },
      classMeans: z.custom((value) => value instanceof Float32Array),
    }),
    words: "{ config, data, position, classMeans }",
  },
  otherState: {
    schema: z.looseObject({ config: thing, data: thing, position: thing }),
    words: "{ config, data, position }",
  },
  tensors: { schema: map, words: "a Map of tensors by their names" },
  pairsOfTensors: { schema: iterable, words: "pairs of a name and a tensor, such as a Map" },
  metadata: { schema: thing, words: "an object of texts" },
  slots: { schema: iterable, words: "slots, such as model.slots(false)" },
  weights: { schema: z.looseObject({ tensors: map }), words: "a file, as decodeSafetensors gives it" },
  npy: { schema: z.looseObject({ shape: listed, data: listed }), words: "an array { shape, data }" },
  npz: { schema: map, words: "a Map of arrays { shape, data } by their names" },
  line: { schema: z.looseObject({ kind: z.string() }), words: "a line of metrics, with its kind" },
  lines: { schema: z.array(thing), words: "a list of lines, as readMetrics or readObservations gives it" },
  events: { schema: z.array(z.looseObject({ scalars: listed })), words: "a list of events, as scalarsOf gives them" },
  facts: {
    schema: z.looseObject({ name: z.string(), task: z.string(), tags: listed, figures: listed, files: listed }),
    words: "the card's facts, { name, what, task, dataset, tags, figures, files } and more",
  },
  graph: {
    schema: z.looseObject({ nodes: map, edges: listed }),
    words: "a NIR graph, as decodeNir gives it",
  },
  node: { schema: z.looseObject({ type: z.string() }), words: "a NIR node, with its type" },
  trains: {
    schema: z.looseObject({ steps: number, dt: number, networks: map }),
    words: "recorded spikes { steps, dt, networks }",
  },
  stageRange: { schema: z.looseObject({ first: number, last: number }), words: "stages { first, last }" },
  part: {
    schema: z.looseObject({ config: thing, model: thing, rule: thing, range: thing }),
    words: "a part, as createPart gives it",
  },
  parts: {
    schema: z.array(z.looseObject({ config: thing, position: z.looseObject({ stages: thing }), tensors: map })),
    words: "a list of parts, as decodePart gives them",
  },
  neighbours: { schema: thing, words: "the channels { above, below } that there are" },
  neighbour: { schema: z.enum(["above", "below"]), words: "above or below" },
  partOptions: { schema: z.looseObject({ software: z.string() }), words: "{ software } and more" },
  address: {
    schema: z.union([z.looseObject({ path: z.string() }), z.looseObject({ host: z.string(), port: number })]),
    words: "an address, as parseAddress gives it",
  },
  socket: { schema: z.looseObject({ setKeepAlive: callable, on: callable }), words: "a socket of node:net" },
  patience: { schema: z.looseObject({ seconds: number }), words: "{ seconds } and more" },
  raster: { schema: z.looseObject({ networks: listed }), words: "a raster { networks } and more" },
  figure: { schema: z.looseObject({ panels: listed }), words: "a figure { title, panels, rows, first }" },
};
