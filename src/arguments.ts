/**
 * What programs pass to the entry points of this library. TypeScript asks for it anyway; plain JavaScript does not, and a forgotten argument or `await` would end far inside as a TypeError.
 * Entry points alone ask, once a call, never a step of training.
 */
import * as z from "zod/mini";
import { BispikeError } from "./errors.ts";
import { inWords } from "./in-words.ts";

/** What an argument may be. */
export interface Kind {
  readonly schema: z.core.$ZodType;
  /** The sentence after "expected". */
  readonly words: string;
}

/**
 * @param where the function and the argument's name, such as "evaluate: model"
 * @throws BispikeError "usage" that says what was expected, and what came or which part of it does not fit
 * @example
 * requireKind("evaluate: model", kinds.model, model);
 */
export function requireKind(where: string, { schema, words }: Kind, value: unknown): void {
  const { error } = z.safeParse(schema, value);
  if (!error) return;
  const [issue] = error.issues;
  const part = value instanceof Promise ? "" : partOf(value, issue!);
  throw new BispikeError("usage", `${where}: expected ${words}, got ${part || inWords(value)}`);
}

/** What about an object does not fit; "" where the object itself does not. */
function partOf(value: unknown, issue: z.core.$ZodIssue): string {
  const keys = issue.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
  const path = [...issue.path, ...keys];
  if (path.length === 0) return "";
  const part = path.reduce<unknown>((outer, key) => (outer as Record<PropertyKey, unknown>)[key], value);
  return `one whose ${path.map(String).join(".")} is ${inWords(part)}${keys.length > 0 ? ", which is no key of it" : ""}`;
}

const callable = z.custom((value) => typeof value === "function");
const listed = z.custom((value) => Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView)));
const bytes = z.custom((value) => value instanceof Uint8Array || value instanceof Uint8ClampedArray);
const thing = z.looseObject({});
const split = z.looseObject({ images: listed, labels: listed, count: z.number() });
const shape = z.looseObject({ height: z.number(), width: z.number(), channels: z.number() });
const arrays = z.looseObject({ images: listed, labels: listed });

/** Of images and sequences. */
export const kinds = {
  team: { schema: z.looseObject({ arena: thing, threads: z.number() }), words: "a team, as Team.create gives it" },
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
  indices: { schema: listed, words: "a list of places in that part, such as Int32Array.of(0, 1)" },
  model: {
    schema: z.looseObject({
      data: z.looseObject({ classNames: z.array(z.string()) }),
      load: callable,
      perceive: callable,
    }),
    words: "a model, such as experiment.model",
  },
  pairModel: {
    schema: z.looseObject({ pair: z.looseObject({ target: thing }), data: thing }),
    words: "a spiking pair's model, such as experiment.model",
  },
  means: {
    schema: z.custom((value) => value instanceof Float32Array),
    words: "the classes' mean images, as classMeans gives them",
  },
  sequence: {
    schema: z.looseObject({ set: thing, about: thing, windows: z.looseObject({ train: listed }) }),
    words: "a sequence, as loadSequence or assembleSequence gives it",
  },
  set: {
    schema: z.looseObject({ inputs: thing, targets: thing, parts: thing }),
    words: "a sequence's set, such as sequence.set",
  },
  range: {
    schema: z.looseObject({ from: z.number(), to: z.number() }),
    words: "positions { from, to }, such as sequence.set.parts.test",
  },
  learner: {
    schema: z.looseObject({ window: z.number(), load: callable, predict: callable }),
    words: "a learner, such as experiment.learner",
  },
  stepper: { schema: z.looseObject({ next: callable, reset: callable }), words: "a stepper, as stepperOf gives it" },
  bytes: { schema: bytes, words: "a file's bytes, a Uint8Array as readFileSync gives it" },
  path: { schema: z.string(), words: "a path" },
  datasetRequest: {
    schema: z.looseObject({ name: z.optional(z.string()), path: z.optional(z.string()) }),
    words: "{ name }, { path } or both",
  },
  request: { schema: thing, words: "an object of options" },
  overrides: { schema: z.array(z.string()), words: 'a list of texts such as ["--train.epochs=3"]' },
  experiment: {
    schema: z.looseObject({ task: z.looseObject({ step: callable, encode: callable, restore: callable }) }),
    words: "an experiment, as createExperiment gives it",
  },
  trainerOptions: {
    schema: z.strictObject({
      sink: z.optional(
        z.looseObject({
          ...{ onStep: z.optional(callable), onMetrics: z.optional(callable) },
          ...{ onObservation: z.optional(callable), onCheckpoint: z.optional(callable) },
        }),
      ),
      ...{ stopped: z.optional(callable), pause: z.optional(callable), pauseMilliseconds: z.optional(z.number()) },
      // Looked at when it is gone on from.
      ...{ resume: z.optional(z.any()), secondsBefore: z.optional(z.number()) },
    }),
    words: "options with sink, stopped, pause, pauseMilliseconds, resume or secondsBefore",
  },
} satisfies Readonly<Record<string, Kind>>;
