/**
 * Settings, each declared once in a table (`settings/`): its type, range, default, unit, one sentence, the rules that read it, and the problems it has no meaning in.
 *
 * Configuration types are inferred from the tables; the check of a file, defaults, old names and the lists of all settings are made from them.
 */
import { HOW_TO_LOAD, type Registry } from "../registry.ts";
import { clip, describeValue, isSection, nearest, type RawSection, type RawValue } from "./config-raw.ts";
import type { Fault } from "./faults.ts";

export const PROBLEMS = ["classify", "sequence", "autoencode"] as const;
/** What a pair of networks is trained for. */
export type Problem = (typeof PROBLEMS)[number];

/** Problems in words, for messages. */
const EXPERIMENTS: Readonly<Record<Problem, string>> = {
  classify: "an image experiment",
  sequence: "a sequence experiment",
  autoencode: "an autoencoder experiment",
};

/** What else a configuration says, for defaults that depend on it. */
export interface Chosen {
  readonly problem: Problem;
  /** The value of a dotted key: as given, unchecked, or its default. */
  readonly at: (key: string) => unknown;
}

/** For some problems the reason why a setting has no meaning there. */
export type NotIn = { readonly [P in Problem]?: string };

/** One setting. `V` holds the type of its value in each problem; `Left` tells whether it may be left out of a complete configuration. */
export interface Option<V = unknown, Left extends boolean = boolean> {
  /** Of the type system alone. */
  readonly type?: V;
  readonly optional: Left;
  /** What may stand there, for messages: the words after "expected". */
  readonly expected: (problem: Problem) => string;
  readonly accepts: (value: unknown, problem: Problem) => boolean;
  /** Of a list, what its items are. */
  readonly each?: Pick<Option, "expected" | "accepts">;
  /** Values to choose from, where there are few. */
  readonly choices?: (problem: Problem) => readonly string[];
  readonly default: (chosen: Chosen) => unknown;
  readonly says: string;
  readonly unit?: string;
  /** Dotted keys it had in version 1. */
  readonly was: readonly string[];
  /** Values it had in version 1, and what they are called now. */
  readonly wasNamed: Readonly<Record<string, string>>;
  /** Rules that read it; undefined: all. */
  readonly rules?: readonly string[];
  readonly notIn: NotIn;
}

/** Settings under one key. */
export interface Section<F extends Table = Table, N extends NotIn = NotIn> {
  readonly fields: F;
  readonly says: string;
  readonly notIn: N;
}

export interface Table {
  readonly [key: string]: Option | Section;
}

// ── Types ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

type None = Record<never, never>;
/** A value's type in each problem: never where it has no meaning. */
type Each<T, N, O> = { readonly [P in Problem]: P extends keyof N ? never : P extends keyof O ? O[P] : T };

type ValueIn<S, P extends Problem> =
  S extends Section<infer F, infer N>
    ? P extends keyof N
      ? never
      : Infer<F, P>
    : S extends Option<infer V, boolean>
      ? V[P & keyof V]
      : never;
type Needed<F, K extends keyof F, P extends Problem> =
  F[K] extends Option<unknown, true> ? never : [ValueIn<F[K], P>] extends [never] ? never : K;
type Optional<F, K extends keyof F, P extends Problem> =
  F[K] extends Option<unknown, true> ? ([ValueIn<F[K], P>] extends [never] ? never : K) : never;
type Flat<T> = { readonly [K in keyof T]: T[K] };

/** The type of a complete section of a problem's configuration. */
export type Infer<F, P extends Problem> = Flat<
  { readonly [K in keyof F as Needed<F, K, P>]: ValueIn<F[K], P> } & {
    readonly [K in keyof F as Optional<F, K, P>]?: ValueIn<F[K], P>;
  }
>;

// ── Declaring ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What is said of any setting. */
export interface Says<T, N extends NotIn> {
  /** One sentence. */
  readonly says: string;
  /** A value, or how it follows from what else was chosen. A setting without one is optional. */
  readonly default?: T | ((chosen: Chosen) => T | undefined);
  readonly unit?: string;
  readonly was?: readonly string[];
  readonly wasNamed?: Readonly<Record<string, string>>;
  readonly rules?: readonly string[];
  readonly notIn?: N;
}

type Form = Pick<Option, "expected" | "accepts" | "each" | "choices">;

function declare<V>(form: Form, said: Says<unknown, NotIn>): Option<V, false> {
  const { default: usual, was = [], wasNamed = {}, notIn = {}, ...rest } = said;
  const fallback = typeof usual === "function" ? (usual as (chosen: Chosen) => unknown) : () => usual;
  return { ...form, ...rest, optional: false, default: fallback, was, wasNamed, notIn };
}

/** A default that each problem has of its own. @example default: each({ classify: 128, sequence: 64, autoencode: 128 }) */
export const each =
  <T>(values: Readonly<Record<Problem, T>>) =>
  ({ problem }: { readonly problem: Problem }): T =>
    values[problem];

/** The same setting, which a complete configuration may lack. */
export function optional<V>(option: Option<V, false>): Option<V, true> {
  return { ...option, optional: true };
}

const isNumber = (value: unknown): value is number => typeof value === "number";

/** A number from `min` to `max`, both included; `above` excludes the lower end. */
export function real<const N extends NotIn = None>(
  said: Says<number, N> & { readonly min?: number; readonly max?: number; readonly above?: number },
): Option<Each<number, N, None>, false> {
  const { min = -Number.MAX_VALUE, max = Number.MAX_VALUE, above = Number.NEGATIVE_INFINITY, ...rest } = said;
  const accepts = (value: unknown) => isNumber(value) && value >= min && value > above && value <= max;
  return declare({ expected: () => rangeWords(min, above, max), accepts }, rest);
}

function rangeWords(min: number, above: number, max: number): string {
  const bounded = max < Number.MAX_VALUE;
  if (above > min) return bounded ? `a number above ${above} and at most ${max}` : `a number above ${above}`;
  if (min === -Number.MAX_VALUE) return "a number";
  return bounded ? `a number from ${min} to ${max}` : `a number of at least ${min}`;
}

/** An integer from `min` to `max`, both included. */
export function whole<const N extends NotIn = None>(
  said: Says<number, N> & { readonly min: number; readonly max?: number },
): Option<Each<number, N, None>, false> {
  const { min, max = Number.MAX_SAFE_INTEGER, ...rest } = said;
  const accepts = (value: unknown) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
  return declare({ expected: () => `an integer from ${min} to ${max}`, accepts }, rest);
}

/** true or false. */
export function flag<const N extends NotIn = None>(said: Says<boolean, N>): Option<Each<boolean, N, None>, false> {
  return declare({ expected: () => "true or false", accepts: (value) => typeof value === "boolean" }, said);
}

type Narrowed<C extends string> = { readonly [P in Problem]?: readonly C[] };

/** One of a few words; `only` gives problems that have some of them. */
export function choice<
  const C extends string,
  const N extends NotIn = None,
  const O extends Narrowed<NoInfer<C>> = None,
>(
  words: readonly C[],
  said: Says<NoInfer<C>, N> & { readonly only?: O },
): Option<Each<C, N, { readonly [P in keyof O]: O[P] extends readonly (infer W)[] ? W : never }>, false> {
  const { only, ...rest } = said;
  const choices = (problem: Problem): readonly string[] => (only as Narrowed<string> | undefined)?.[problem] ?? words;
  const accepts = (value: unknown, problem: Problem) => choices(problem).includes(value as string);
  return declare({ expected: (problem) => listWords(choices(problem)), accepts, choices }, rest);
}

const listWords = (words: readonly string[]) => (words.length === 1 ? words[0]! : `one of ${words.join(", ")}`);

/** One of the words of a registry, of this library's (`C`) or others'; `only` gives problems that have some of them alone. */
export function registered<C extends string, const N extends NotIn = None, const O extends Narrowed<NoInfer<C>> = None>(
  registry: Registry<unknown>,
  words: readonly C[],
  said: Says<NoInfer<C>, N> & { readonly only?: O },
): Option<
  Each<C | (string & {}), N, { readonly [P in keyof O]: O[P] extends readonly (infer W)[] ? W : never }>,
  false
> {
  const { only, ...rest } = said;
  const own = (problem: Problem) => (only as Narrowed<string> | undefined)?.[problem];
  const choices = (problem: Problem): readonly string[] => own(problem) ?? registry.names();
  const expected = (problem: Problem) =>
    own(problem)
      ? listWords(choices(problem))
      : `${listWords(choices(problem))}, or a ${registry.what} of your own (${HOW_TO_LOAD})`;
  const accepts = (value: unknown, problem: Problem) => choices(problem).includes(value as string);
  return declare({ expected, accepts, choices: (problem) => own(problem) ?? words }, rest);
}

/** Any value that `accepts` takes, `expected` in words; `T` is its type. */
export function value<T, const N extends NotIn = None>(
  said: Says<T, N> & Pick<Option, "expected" | "accepts" | "each">,
): Option<Each<T, N, None>, false> {
  const { expected, accepts, each, ...rest } = said;
  return declare({ expected, accepts, ...(each && { each }) }, rest);
}

/** A list of `min` to `max` items. */
export function list<T, const N extends NotIn = None>(
  said: Says<readonly T[], N> & {
    readonly expected: string;
    readonly each: { readonly expected: string; readonly accepts: (item: unknown) => boolean };
    readonly min: number;
    readonly max: number;
  },
): Option<Each<readonly T[], N, None>, false> {
  const { expected, each, min, max, ...rest } = said;
  const accepts = (items: unknown) => Array.isArray(items) && items.length >= min && items.length <= max;
  const item = { expected: () => each.expected, accepts: each.accepts };
  return declare({ expected: () => expected, accepts, each: item }, rest);
}

/** Settings under one key. */
export function section<F extends Table>(fields: F, said: { readonly says: string }): Section<F, None>;
export function section<F extends Table, const N extends NotIn>(
  fields: F,
  said: { readonly says: string; readonly notIn: N },
): Section<F, N>;
export function section(fields: Table, { says, notIn = {} }: { says: string; notIn?: NotIn }): Section {
  return { fields, says, notIn };
}

// ── Reading ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Whether it is a section of settings, rather than one. */
export const isGroup = (entry: Option | Section): entry is Section => "fields" in entry;

/** Every option of a table with its dotted key, in order. */
export function* optionsOf(table: Table, prefix = ""): Generator<readonly [key: string, option: Option]> {
  for (const [key, entry] of Object.entries(table)) {
    if (isGroup(entry)) yield* optionsOf(entry.fields, `${prefix}${key}.`);
    else yield [prefix + key, entry];
  }
}

/** Dotted keys of a problem, sections included, in order: `train`, `train.seed`, ... */
export function keysOf(table: Table, problem: Problem, prefix = ""): string[] {
  return Object.entries(table).flatMap(([key, entry]) => {
    if (problem in entry.notIn) return [];
    const dotted = prefix + key;
    return isGroup(entry) ? [dotted, ...keysOf(entry.fields, problem, `${dotted}.`)] : [dotted];
  });
}

/** The option or section of a dotted key; undefined for none. */
export function entryAt(table: Table, dotted: string): Option | Section | undefined {
  const [key = "", ...rest] = dotted.split(".");
  const entry = Object.hasOwn(table, key) ? table[key] : undefined;
  if (rest.length === 0 || entry === undefined) return entry;
  return isGroup(entry) ? entryAt(entry.fields, rest.join(".")) : undefined;
}

/** A raw value at a dotted key; undefined for none. */
export function rawAt(raw: RawValue | undefined, dotted: string): RawValue | undefined {
  return dotted
    .split(".")
    .reduce<RawValue | undefined>((at, key) => (isSection(at) && Object.hasOwn(at, key) ? at[key] : undefined), raw);
}

/** What defaults may look at. */
export function chosenOf(table: Table, given: RawSection, problem: Problem): Chosen {
  const chosen: Chosen = {
    problem,
    at: (key) => {
      const said = rawAt(given, key);
      const entry = entryAt(table, key);
      return said !== undefined || entry === undefined || isGroup(entry) ? said : entry.default(chosen);
    },
  };
  return chosen;
}

/**
 * A copy of a raw section with the problem's defaults filled in, keys in the table's order; unknown keys and wrong values stay, for `faultsOf` to report.
 *
 * @param chosen what the whole configuration says
 */
export function fill(table: Table, given: RawSection, chosen: Chosen): Record<string, unknown> {
  const filled: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(table)) {
    if (chosen.problem in entry.notIn) continue;
    const said = Object.hasOwn(given, key) ? given[key] : undefined;
    if (!isGroup(entry)) {
      const known = said === undefined ? structuredClone(entry.default(chosen)) : said;
      if (known !== undefined) filled[key] = known;
    } else filled[key] = said === undefined || isSection(said) ? fill(entry.fields, said ?? {}, chosen) : said;
  }
  for (const [key, said] of Object.entries(given)) if (!Object.hasOwn(filled, key)) filled[key] = said;
  return filled;
}

/** What is wrong with a filled-in section: wrong values in the table's order, then keys that are not of it. */
export function faultsOf(table: Table, filled: object, problem: Problem, root: Table = table, prefix = ""): Fault[] {
  const values = filled as Record<string, unknown>;
  const here = Object.entries(table).filter(([, entry]) => !(problem in entry.notIn));
  const wrong = here.flatMap(([key, entry]): Fault[] => {
    const said = values[key];
    const dotted = prefix + key;
    if (!isGroup(entry)) return valueFaults(entry, said, dotted, problem);
    if (typeof said === "object" && said !== null && !Array.isArray(said))
      return faultsOf(entry.fields, said, problem, root, `${dotted}.`);
    const keys = Object.keys(entry.fields).filter((field) => !(problem in entry.fields[field]!.notIn));
    return [wrongValue(dotted, `a section with the keys ${keys.join(", ")}`, said)];
  });
  const known = new Set(here.map(([key]) => key));
  const foreign = Object.keys(values).filter((key) => !known.has(key));
  return [...wrong, ...foreign.map((key) => foreignKey(root, prefix + key, problem))];
}

function valueFaults(option: Option, said: unknown, dotted: string, problem: Problem): Fault[] {
  if (said === undefined && option.optional) return [];
  if (!option.accepts(said, problem)) {
    const now = typeof said === "string" && Object.hasOwn(option.wasNamed, said) ? option.wasNamed[said]! : undefined;
    return now !== undefined && option.accepts(now, problem)
      ? [wrongValue(dotted, `${now}, as ${said} is called now`, said)]
      : [wrongValue(dotted, option.expected(problem), said)];
  }
  const { each } = option;
  if (!each || !Array.isArray(said)) return [];
  return said.flatMap((item, at) =>
    each.accepts(item, problem) ? [] : [wrongValue(`${dotted}[${at}]`, each.expected(problem), item)],
  );
}

function wrongValue(dotted: string, expected: string, said: unknown): Fault {
  const quoteIt =
    ["number", "boolean"].includes(typeof said) && /name$|path$/.test(dotted) ? "; put quotes around text" : "";
  return {
    key: dotted,
    text: `${dotted}: expected ${expected}, got ${describeValue(said)}${quoteIt}`,
    unknown: false,
  };
}

/** A key that the problem does not have: of another problem, of version 1, or misspelt. */
function foreignKey(root: Table, dotted: string, problem: Problem): Fault {
  const fault = (text: string): Fault => ({ key: dotted, text, unknown: true });
  const entry = entryAt(root, dotted);
  if (entry) return fault(`${dotted} has no meaning in ${EXPERIMENTS[problem]}: ${entry.notIn[problem]}`);
  const now = nowCalled(root, dotted);
  if (now !== undefined) return fault(`unknown key ${dotted}: it is called ${now} now`);
  const known = keysOf(root, problem);
  const guess = nearest(dotted, known);
  if (guess !== undefined) return fault(`unknown key ${clip(dotted)} (did you mean ${guess}?)`);
  const before = dotted.slice(0, dotted.lastIndexOf(".") + 1);
  const siblings = known.filter((key) => key.startsWith(before) && !key.slice(before.length).includes("."));
  return fault(`unknown key ${clip(dotted)} (known here: ${siblings.join(", ")})`);
}

/** The dotted key of a setting that was called otherwise in version 1; undefined for none. */
export function nowCalled(table: Table, dotted: string): string | undefined {
  return Array.from(optionsOf(table)).find(([, { was }]) => was.includes(dotted))?.[0];
}

/**
 * A configuration of version 1 by the names settings have now; one that has them already is only copied.
 *
 * @param config plain data, as a checkpoint or a run folder holds it
 */
export function renamed(table: Table, config: unknown): unknown {
  const copy = structuredClone(config);
  if (typeof copy !== "object" || copy === null) return copy;
  for (const [key, { was, wasNamed }] of optionsOf(table)) {
    for (const old of was) move(copy as RawSection, old, key);
    const said = rawAt(copy as RawSection, key);
    if (typeof said === "string" && Object.hasOwn(wasNamed, said)) put(copy as RawSection, key, wasNamed[said]!);
  }
  return copy;
}

function move(config: RawSection, from: string, to: string): void {
  const said = rawAt(config, from);
  if (said === undefined) return;
  const at = from.lastIndexOf(".");
  const owner = rawAt(config, from.slice(0, at));
  if (isSection(owner)) delete owner[from.slice(at + 1)];
  if (rawAt(config, to) === undefined) put(config, to, said);
}

function put(config: RawSection, dotted: string, said: RawValue): void {
  const path = dotted.split(".");
  const last = path.pop()!;
  let owner = config;
  for (const key of path) {
    const inner = owner[key];
    if (isSection(inner)) owner = inner;
    else {
      const made: RawSection = {};
      owner[key] = made;
      owner = made;
    }
  }
  owner[last] = said;
}
