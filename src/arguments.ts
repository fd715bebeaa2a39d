/**
 * What programs pass to the entry points of this library. TypeScript asks for it anyway; plain JavaScript does not, and a forgotten argument or `await` would end far inside as a TypeError.
 * Entry points alone ask, once a call, never a step of training, which gets by with a glance (`requireUnless`).
 */
import * as z from "zod/mini";
import { BispikeError } from "./errors.ts";
import { inWords } from "./in-words.ts";
import { type Kind, kinds } from "./kinds.ts";

type KindName = keyof typeof kinds;

/** An argument that is not called what its kind is. */
class OfKind {
  readonly kind: KindName;
  readonly value: unknown;

  constructor(kind: KindName, value: unknown) {
    this.kind = kind;
    this.value = value;
  }
}

/** Says of what kind an argument is, for `requireArguments`, where its name does not. */
export const ofKind = (kind: KindName, value: unknown): OfKind => new OfKind(kind, value);

/** Arguments by their names, which are those of their kinds but for `ofKind`. */
type Arguments<T> = { readonly [K in keyof T]: K extends KindName ? T[K] : OfKind };

/**
 * As `requireKind` for all arguments of a function.
 *
 * @param where the function; an argument called as it is needs no other name in the message
 * @example
 * requireArguments("evaluate", { model, split, indices });
 * requireArguments("NetworkPair", { team, options: ofKind("pairOptions", options) });
 */
export function requireArguments<T extends object>(where: string, values: T & Arguments<T>): void {
  for (const [name, given] of Object.entries(values)) {
    const { kind, value } = given instanceof OfKind ? given : { kind: name as KindName, value: given as unknown };
    requireKind(name === where ? where : `${where}: ${name}`, kind, value);
  }
}

/**
 * @param where the function and the argument's name, such as "train: options"
 * @throws BispikeError "usage" that says what was expected, and what came or which part of it does not fit
 * @example
 * requireKind("train: options", "trainerOptions", options);
 */
export function requireKind(where: string, kind: KindName | Kind, value: unknown): void {
  const { schema, words }: Kind = typeof kind === "string" ? kinds[kind] : kind;
  const [issue] = z.safeParse(schema, value).error?.issues ?? [];
  // Whatever it is to be, it has not come yet.
  const late = value instanceof Promise;
  if (!issue && !late) return;
  const part = issue && !late ? partOf(value, issue) : "";
  throw new BispikeError("usage", `${where}: expected ${words}, got ${part || inWords(value)}`);
}

/** As `requireArguments` for what runs once a step or a batch: only when a glance at the arguments says that something is wrong with them. */
export function requireUnless<T extends object>(fits: () => unknown, where: string, values: T & Arguments<T>): void {
  if (!fits()) requireArguments(where, values);
}

/** As `requireUnless` of a pair. */
export function requirePair(where: string, pair: { readonly perception: unknown }): void {
  if (!pair?.perception) requireArguments(where, { pair });
}

/** What a class's own makers pass its private constructor first, which plain JavaScript can call, too. */
export const byMaker: unique symbol = Symbol("by its maker");

/**
 * Refuses a constructor that is called by no maker of its class.
 *
 * @param makers static functions of it, in words
 * @throws BispikeError "usage"
 */
export function requireMaker(name: string, makers: string, by: unknown): void {
  if (by !== byMaker) throw new BispikeError("usage", `new ${name}: its constructor is private; make one by ${makers}`);
}

/** A whole number from 0 to `most`, cheap enough for a loop. */
export function requireUpTo(where: string, value: number, most: number): void {
  if (!(Number.isInteger(value) && value >= 0 && value <= most))
    throw new BispikeError("usage", `${where}: expected a whole number from 0 to ${most}, got ${inWords(value)}`);
}

/**
 * Refuses what is no checked configuration of a kind of experiment, as a raw one is, or another kind's.
 *
 * @param where the function and the argument's name
 * @param by what makes one
 * @throws BispikeError "usage"
 */
export function requireConfig(where: string, schema: Kind["schema"], config: unknown, by: string): void {
  requireKind(where, { schema, words: `a configuration, as ${by} gives it` }, config);
}

/** What about an object does not fit; "" where the object itself does not. */
function partOf(value: unknown, issue: z.core.$ZodIssue): string {
  const keys = issue.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
  const path = [...issue.path, ...keys];
  if (path.length === 0) return "";
  const part = path.reduce<unknown>((outer, key) => (outer as Record<PropertyKey, unknown>)[key], value);
  return `one whose ${path.map(String).join(".")} is ${inWords(part)}${keys.length > 0 ? ", which is no key of it" : ""}`;
}
