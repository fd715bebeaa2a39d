/**
 * What a comparison varies: axes (a key and its values), seeds, and which values the others are held against.
 *
 * Any key with a list of values is an axis; a key whose value is a list itself, such as `network.hidden`, is one when it is given a list of lists.
 * Keys that change together make the axis `variant`. Axes come from the file's section `compare`, from its other sections, and from the command line, which wins; in this order.
 * The command line may change the section itself: `--compare.seeds=1`, `--compare.judge=held-out`, `--compare.axes.rule.name=[bsd, dll]`.
 */
import * as z from "zod";
import { BispikeError } from "../errors.ts";
import { listKeys } from "../training/any-config.ts";
import { checkConfig, choice, section } from "../training/config-check.ts";
import { applyOverrides, keysToldBy } from "../training/config-overrides.ts";
import { copyRaw, type RawSection, type RawValue } from "../training/config-raw.ts";
import { type Judge, judges } from "../training/trainable.ts";
import { flatten, isSection, type Measures, readMeasures, sameValue, showValue, without } from "./measures.ts";

/** Seeds of one comparison. */
export const MOST_SEEDS = 1000;

export interface Axis {
  /** Dotted, such as rule.name. */
  readonly key: string;
  /** Two or more different ones, or one. */
  readonly values: readonly RawValue[];
}

/** A key and one of its axis's values. */
export interface Setting {
  readonly key: string;
  readonly value: RawValue;
}

export interface Comparison {
  /** The experiment's name. */
  readonly name: string;
  /** The experiment without what varies; not yet checked. */
  readonly base: RawSection;
  readonly axes: readonly Axis[];
  readonly seeds: readonly number[];
  /** Values that are held against; other axes keep theirs. Empty without axes. */
  readonly baseline: readonly Setting[];
  /** What is measured of each run once it is trained. */
  readonly measure: Measures;
  /** What the runs' results are of; held-out: no run looks at its test part. */
  readonly judge: Judge;
  /** Keys that the command line set, which messages blame in place of the file. */
  readonly told: readonly string[];
}

export interface ComparisonRequest {
  /** As `--key.path=value`; a list of values makes an axis. */
  readonly overrides?: readonly string[];
  /** A count, for seeds 1, 2, ..., or the seeds. Default: the file's, else 3. */
  readonly seeds?: number | readonly number[];
  /** As `key.path=value`; a variant that has a name also by that, `variant=name`. Default: the file's; else rule.name=bsd where that is on an axis, else the first value of each. */
  readonly baseline?: readonly string[];
}

/** A dotted key. */
export const KEY = /^[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*$/;

const DEFAULT_SEEDS = 3;

const seedsField = () => {
  const isSeed = (seed: unknown) => Number.isSafeInteger(seed) && (seed as number) >= 0;
  const isCount = (count: unknown) => isSeed(count) && (count as number) >= 1 && (count as number) <= MOST_SEEDS;
  // As one check: of a union, the nearer alternative would word the complaint.
  return z.custom<number | readonly number[]>(
    (seeds) => (Array.isArray(seeds) ? isCount(seeds.length) && seeds.every(isSeed) : isCount(seeds)),
    { error: `a number of seeds from 1 to ${MOST_SEEDS}, or a list of seeds such as [1, 2, 3]` },
  );
};
const sectionSchema = section({
  compare: section({
    axes: z.record(z.string(), z.array(z.unknown(), { error: "a list of values" }), { error: "keys with lists" }),
    seeds: seedsField().exactOptional(),
    baseline: z.record(z.string(), z.unknown(), { error: "keys with a value each, such as { rule.name: bsd }" }),
    judge: choice(judges),
  }),
});

/**
 * Takes a raw experiment apart into what is common to all runs and what varies.
 *
 * @param raw an experiment as its YAML has it, with or without the section `compare`: `axes` (keys with lists), `seeds`, `baseline` (keys with a value), `measure` (measures.ts)
 * @param source file name for error messages; without folder and ending it names the comparison where the experiment has no name
 * @throws BispikeError "config" or "usage"
 * @example
 * readComparison({ task: "next-character", data: { text: "alice" } }, "alice.yaml", { overrides: ["--rule.name=[bsd, dll]"] });
 */
export function readComparison(raw: unknown, source: string, request: ComparisonRequest = {}): Comparison {
  const { own: ofLine, overrides } = splitOverrides(request.overrides ?? []);
  const { compare: ofFile = {}, ...rest } = copyRaw(raw, source);
  const { compare: given = {} } = applyOverrides(copyRaw({ compare: ofFile }), ofLine, source);
  const { measure = {}, ...own } = isSection(given) ? given : {};
  const filled = isSection(given) ? { ...defaults, ...dotted(own) } : given;
  const { compare } = checkConfig(
    { schema: sectionSchema, impossible: () => [] },
    { compare: filled },
    source,
    keysToldBy(ofLine),
  );
  // One thread a run, as many runs as cores; the command line may ask for more.
  const all = applyOverrides(copyRaw(rest), ["--train.threads=1", ...overrides], source);
  const fixed = new Map(flatten(applyOverrides(copyRaw({}), overrides)));

  const axes = new Map<string, readonly RawValue[]>();
  for (const [key, values] of Object.entries(compare.axes) as [string, RawValue[]][])
    if (!fixed.has(key)) axes.set(key, key === VARIANT ? withoutFixed(values, fixed) : values);
  const lists = listKeys();
  const others = flatten(copyRaw(rest)).filter(([key]) => !fixed.has(key));
  for (const [key, value] of [...others, ...fixed]) if (isAxis(key, value, lists)) axes.set(key, value as RawValue[]);
  const origin = (key: string) => (fixed.has(key) ? `--${key}: ` : `${source}: axis ${key}: `);
  const seeds = chooseSeeds(request.seeds, compare.seeds, axes.get("train.seed"), source);
  axes.delete("train.seed");
  const checked = [...axes].map(([key, values]) => checkAxis(key, values, lists, origin(key)));
  const fault = faultOf(axes.get(VARIANT) ?? [], KEY, [...axes.keys(), "train.seed"]);
  if (fault !== undefined) throw new BispikeError("config", `${source}: axis ${VARIANT}: ${fault}`);
  // What the command line has fixed can no longer be held against.
  const kept = Object.entries(compare.baseline).filter(([key]) => !fixed.has(key) || axes.has(key));
  const wanted = request.baseline === undefined ? kept : request.baseline.flatMap(parseSetting);
  const base = [...axes.keys(), "train.seed"].reduce(without, all);
  const stem = source.replace(/^.*[\\/]/, "").replace(/\.ya?ml$/i, "");
  return {
    name: typeof base.name === "string" ? base.name : stem,
    base,
    axes: checked,
    seeds,
    measure: readMeasures(measure, source, compare.judge),
    baseline: chooseBaseline(
      checked,
      wanted as [string, RawValue][],
      request.baseline ? "--baseline" : `${source}: baseline`,
    ),
    judge: compare.judge,
    told: [...fixed.keys()],
  };
}

/** What the section `compare` has where it says nothing. */
const defaults = { axes: {}, baseline: {}, judge: "test" } as const;

/** Overrides of the section `compare`, and those of the experiment. */
function splitOverrides(overrides: readonly string[]): { own: string[]; overrides: string[] } {
  const isOwn = (override: string) => /^--compare[.=]/.test(override);
  return { own: overrides.filter(isOwn), overrides: overrides.filter((override) => !isOwn(override)) };
}

/** The section with its axes and baseline by dotted keys, as an override's nested ones are; of a key that is there twice, the later one counts. A variant's keys are its own. */
function dotted(given: RawSection): RawSection {
  const flat = (value: RawValue | undefined) => {
    if (!isSection(value)) return value;
    // In the order they are given, which is that of the report's columns.
    const entries = Object.entries(value).map(([key, child]): [string, RawValue][] =>
      key === VARIANT ? [[key, child]] : flatten({ [key]: child }),
    );
    return Object.fromEntries(entries.flat());
  };
  const copy: RawSection = { ...given };
  for (const key of ["axes", "baseline"]) {
    const value = flat(given[key]);
    if (value !== undefined) copy[key] = value;
  }
  return copy;
}

function isAxis(key: string, value: RawValue, lists: ReadonlySet<string>): boolean {
  if (!Array.isArray(value)) return false;
  return !lists.has(key) || (value.length > 0 && value.every(Array.isArray));
}

function checkAxis(key: string, values: readonly RawValue[], lists: ReadonlySet<string>, origin: string): Axis {
  const fail = (message: string) => new BispikeError("config", origin + message);
  if (!KEY.test(key)) throw fail("expected a dotted key such as rule.name");
  if (values.length === 0) throw fail("expected one or more values, got none");
  if (lists.has(key) && !values.every(Array.isArray))
    throw fail("expected a list of lists, as the key's value is a list itself: [[512, 256], [256]]");
  values.forEach((value, at) => {
    if (values.findIndex((other) => sameValue(other, value)) < at) throw fail(`has ${showValue(value)} twice`);
  });
  return { key, values };
}

function chooseSeeds(
  asked: ComparisonRequest["seeds"],
  ofFile: number | readonly number[] | undefined,
  axis: readonly RawValue[] | undefined,
  source: string,
): readonly number[] {
  const given = [asked ?? ofFile, axis].filter((seeds) => seeds !== undefined);
  if (given.length > 1)
    throw new BispikeError(
      "usage",
      `${source}: train.seed: expected the seeds once, got a list of train.seed and seeds`,
    );
  const filled = { compare: { ...defaults, seeds: given[0] ?? DEFAULT_SEEDS } };
  const { seeds } = checkConfig({ schema: sectionSchema, impossible: () => [] }, filled, source).compare;
  const list = typeof seeds === "number" ? Array.from({ length: seeds }, (_, k) => k + 1) : (seeds ?? []);
  const twice = list.find((seed, at) => list.indexOf(seed) < at);
  const origin = asked === undefined ? `${source}: seeds` : "--seeds";
  if (twice !== undefined) throw new BispikeError("config", `${origin}: has ${twice} twice`);
  return list;
}

function parseSetting(text: string): [string, RawValue][] {
  if (!/^[^=\s-][^=\s]*=/.test(text))
    throw new BispikeError(
      "usage",
      `--baseline: expected key=value, such as rule.name=bsd, got ${JSON.stringify(text)}`,
    );
  return flatten(applyOverrides(copyRaw({}), [`--${text}`]));
}

function chooseBaseline(
  axes: readonly Axis[],
  wanted: readonly (readonly [string, RawValue])[],
  origin: string,
): Setting[] {
  const chosen = wanted.map(([key, value]): Setting => {
    const axis = axes.find((axis) => axis.key === key);
    const fail = (message: string) => new BispikeError("config", `${origin}: ${message}`);
    if (!axis) {
      const known = axes.length === 0 ? "there is none" : `axes: ${axes.map(({ key }) => key).join(", ")}`;
      throw fail(`${key} is not an axis (${known})`);
    }
    // A variant may be meant by what it is called. The axis's own value is kept: cells are found by it.
    const own = axis.values.find((other) => sameValue(other, value) || (isSection(other) && other.name === value));
    if (own === undefined)
      throw fail(`${key} has no value ${showValue(value)} (values: ${axis.values.map(showValue).join(", ")})`);
    return { key, value: own };
  });
  if (chosen.length > 0) return chosen;
  const rule = axes.find(({ key, values }) => key === "rule.name" && values.includes("bsd"));
  if (rule) return [{ key: "rule.name", value: "bsd" }];
  return axes.map(({ key, values }) => ({ key, value: values[0] as RawValue }));
}

// The axis `variant`: keys that change together, such as a rule and the learning rate that suits it. Its values are sections of dotted keys:
//
//   compare: { axes: { variant: [{ rule.name: bsd, train.learningRate: 0.006 }, { name: slow, rule.name: dll, train.learningRate: 0.003 }] } }
//
// `name` is what tables and pictures call a variant: no setting, and no part of its folder's name.

export const VARIANT = "variant";

/** What a value of an axis sets in the experiment: dotted keys and their values. */
export function settingsOf(key: string, value: RawValue): [string, RawValue][] {
  return key === VARIANT && isSection(value) ? Object.entries(value).filter(([k]) => k !== "name") : [[key, value]];
}

/** Variants without the keys that the command line has fixed. */
export function withoutFixed(variants: readonly RawValue[], fixed: ReadonlyMap<string, RawValue>): RawValue[] {
  return variants.map((variant) => {
    if (!isSection(variant)) return variant;
    return Object.fromEntries(Object.entries(variant).filter(([key]) => !fixed.has(key)));
  });
}

/**
 * @param taken keys that vary by themselves
 * @returns what is wrong with the variants; undefined for nothing
 */
export function faultOf(variants: readonly RawValue[], isKey: RegExp, taken: readonly string[]): string | undefined {
  for (const variant of variants) {
    const keys = isSection(variant) ? Object.keys(variant).filter((key) => key !== "name") : [];
    if (isSection(variant) && "name" in variant && typeof variant.name !== "string")
      return `name: expected text, got ${JSON.stringify(variant.name)}`;
    const odd = keys.find((key) => !isKey.test(key));
    const double = keys.find((key) => taken.includes(key));
    if (odd !== undefined) return `expected dotted keys such as rule.name, got ${JSON.stringify(odd)}`;
    if (double !== undefined) return `${double} varies by itself already; leave it to one of the two`;
    if (keys.length === 0)
      return `expected sections of dotted keys, such as { rule.name: bsd, train.learningRate: 0.01 }, got ${JSON.stringify(variant)}`;
  }
  return undefined;
}

/** How much is compared at most. Light: the command line's options read it. */
