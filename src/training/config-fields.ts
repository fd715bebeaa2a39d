/**
 * Building blocks of configuration schemas. Each field's `error` is the sentence after "expected": the checker adds the key and what came.
 * Ranges bound memory and catch slips. By zod's small form, as pages load this.
 */
import * as z from "zod/mini";
import { HOW_TO_LOAD, type Registry } from "../registry.ts";
import type { TrainConfig } from "./config.ts";

export const whole = (min: number, max: number) => {
  const error = `an integer from ${min} to ${max}`;
  const within = (value: number) => Number.isSafeInteger(value) && value >= min && value <= max;
  return z.number({ error }).check(z.refine(within, { error }));
};
export const real = (min: number, max = Number.MAX_VALUE) => {
  const error = max === Number.MAX_VALUE ? `a number of at least ${min}` : `a number from ${min} to ${max}`;
  return z.number({ error }).check(z.gte(min, { error }), z.lte(max, { error }));
};
export const positive = () => {
  const error = "a number above 0";
  return z.number({ error }).check(z.gt(0, { error }));
};
export const fraction = () => {
  const error = "a number above 0 and at most 1";
  return z.number({ error }).check(z.gt(0, { error }), z.lte(1, { error }));
};
export const flag = () => z.boolean({ error: "true or false" });
export const choice = <const T extends readonly [string, ...string[]]>(options: T) =>
  z.enum(options, { error: options.length === 1 ? options[0] : `one of ${options.join(", ")}` });
/** A name of this library's, or one that was registered by the time it is checked. */
export const choiceOrRegistered = <T>(registry: Registry<T>) =>
  z
    .string({ error: () => registeredNames(registry) })
    .check(z.refine((name) => registry.names().includes(name), { error: () => registeredNames(registry) }));
/** A field that may be left out; undefined is no value of it. */
export const optional = z.exactOptional;
const registeredNames = <T>(registry: Registry<T>) =>
  `one of ${registry.names().join(", ")}, or a ${registry.what} of your own (${HOW_TO_LOAD})`;
export const section = <T extends z.core.$ZodShape>(shape: T) =>
  z.strictObject(shape, {
    // Unknown keys are reported by their own issue, which the checker words itself.
    error: (issue) => (issue.code === "invalid_type" ? `a section with the keys ${Object.keys(shape).join(", ")}` : ""),
  });

/** An experiment's name. */
export const name = () => {
  const error = "a folder name: 1 to 100 letters, digits, '.', '_' or '-', starting with a letter or digit";
  return z.string({ error }).check(z.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, { error }));
};
/** @param what "a folder's path", for the message */
export const path = (what: string) => {
  const error = `${what}, 1 to 4096 characters without control characters`;
  const plain = (text: string) => text.length > 0 && text.length <= 4096 && !/\p{Cc}|\p{Cs}/u.test(text);
  return z.string({ error }).check(z.refine(plain, { error }));
};
export const hidden = () => {
  const error = "a list of 1 to 64 integers from 1 to 65535, one a hidden stage, such as [512, 256]";
  return z.array(whole(1, 65535), { error }).check(z.minLength(1, { error }), z.maxLength(64, { error }));
};

/** The section `train`, the same for every kind of experiment. */
export const trainSection = () =>
  section({
    seed: whole(0, Number.MAX_SAFE_INTEGER),
    epochs: whole(1, 1_000_000),
    batch: whole(1, 65536),
    threads: whole(0, 256),
    learningRate: positive(),
    recallRate: real(0),
    schedule: choice(["cosine", "constant"]),
    warmup: whole(0, Number.MAX_SAFE_INTEGER),
    weightDecay: real(0),
    clip: real(0),
    clipScope: choice(["stage", "global"]),
    checkpointSeconds: real(0),
  }) satisfies z.ZodMiniType<TrainConfig>;

/** Dotted names of every key of a schema, sections included, in file order: `train`, `train.seed`, ... */
export function keysOf(schema: z.core.$ZodType, prefix = ""): string[] {
  if (schema instanceof z.core.$ZodExactOptional) return keysOf(schema._zod.def.innerType, prefix);
  if (!(schema instanceof z.core.$ZodObject)) return [];
  return Object.entries(schema._zod.def.shape).flatMap(([key, child]) => {
    const dotted = prefix + key;
    return [dotted, ...keysOf(child, `${dotted}.`)];
  });
}

/** Dotted names of the keys whose value is itself a list, such as `network.hidden`. */
export function listKeysOf(schema: z.core.$ZodType, prefix = ""): string[] {
  if (schema instanceof z.core.$ZodArray) return [prefix];
  if (schema instanceof z.core.$ZodExactOptional) return listKeysOf(schema._zod.def.innerType, prefix);
  if (!(schema instanceof z.core.$ZodObject)) return [];
  return Object.entries(schema._zod.def.shape).flatMap(([key, child]) =>
    listKeysOf(child, prefix === "" ? key : `${prefix}.${key}`),
  );
}
