/** The measures that a comparison may ask for besides the runs' own figures, and raw configuration values as it sees them: flattened, compared, shown, and made into folder names. */
import * as z from "zod";
import { crc32 } from "../engine/checksum.ts";
import { CORRUPTIONS, type CorruptionName, DEFAULT_DRAWS, SEVERITIES, type Severity } from "../measure/corruptions.ts";
import { PROBE_IMAGES } from "../measure/stage-features.ts";
import { checkConfig, choice, optional, section, whole } from "../training/config-check.ts";
import type { RawSection, RawValue } from "../training/config-raw.ts";
import type { Judge } from "../training/trainable.ts";

/** Dotted keys and values of a section, in order; lists are values. @example flatten({ rule: { name: "bsd" } }) // [["rule.name", "bsd"]] */
export function flatten(section: RawSection, prefix = ""): [string, RawValue][] {
  return Object.entries(section).flatMap(([key, value]) =>
    isSection(value) ? flatten(value, `${prefix}${key}.`) : [[prefix + key, value] as [string, RawValue]],
  );
}

export function isSection(value: RawValue | undefined): value is RawSection {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A copy of a section without a dotted key. */
export function without(section: RawSection, dotted: string): RawSection {
  const [first = "", ...others] = dotted.split(".");
  const copy: RawSection = Object.assign(Object.create(null), section);
  const child = copy[first];
  if (others.length === 0) delete copy[first];
  else if (isSection(child)) copy[first] = without(child, others.join("."));
  return copy;
}

/** Whether two values are the same; what a variant is called does not count. */
export function sameValue(a: RawValue, b: RawValue): boolean {
  return JSON.stringify(unnamed(a)) === JSON.stringify(unnamed(b));
}

/** A variant without what it is called. */
function unnamed(value: RawValue): RawValue {
  return isSection(value) ? Object.fromEntries(Object.entries(value).filter(([key]) => key !== "name")) : value;
}

/** A value for people: text without quotes, sections by their name or as key=value. @example showValue([512, 256]) // "[512, 256]" */
export function showValue(value: RawValue): string {
  if (typeof value === "string") return value;
  if (isSection(value) && typeof value.name === "string") return value.name;
  if (isSection(value))
    return flatten(value)
      .map(([key, child]) => `${key}=${showValue(child)}`)
      .join(" ");
  return JSON.stringify(value).replaceAll(",", ", ");
}

/** The same with what a named section holds. @example describeValue({ name: "slow", "rule.name": "dll" }) // "slow (rule.name=dll)" */
export function describeValue(value: RawValue): string {
  const shown = showValue(value);
  return isSection(value) && shown === value.name ? `${shown} (${showValue(unnamed(value))})` : shown;
}

/** Longest piece of a folder's name that a value gives. */
const LONGEST = 40;

/**
 * A value as part of a folder's name: the same for ever, and different for different values. Numbers, plain words and lists of numbers as they
 * are; of anything else what a name may have, and a checksum.
 *
 * @example
 * nameValue([512, 256]); // "512-256"
 */
export function nameValue(value: RawValue): string {
  const plainValue = unnamed(value);
  const json = JSON.stringify(isSection(plainValue) ? Object.fromEntries(flatten(plainValue).sort()) : plainValue);
  const numbers = Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "number");
  const plain = numbers ? value.join("-") : typeof value === "string" ? value : json;
  if (/^[A-Za-z0-9-][\w.+-]*$/.test(plain) && !plain.endsWith(".") && plain.length <= LONGEST) return plain;
  const readable = plain
    .replace(/[^\w.+-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, LONGEST)
    .replace(/[^A-Za-z0-9]+$/, "");
  const sum = crc32(new TextEncoder().encode(json)).toString(16).padStart(8, "0");
  return readable === "" ? sum : `${readable}-${sum}`;
}

/** What `bispike eval --robustness` is asked, every field filled in. */
export interface RobustnessMeasure {
  /** In the order of `CORRUPTIONS`. Default: all. */
  readonly corruptions: readonly CorruptionName[];
  /** Ascending. Default: 1 to 5. */
  readonly severities: readonly Severity[];
  /** Images of the part, spread evenly; 0 for all. Default 0. */
  readonly images: number;
  /** Draws of the noise on the weights at each severity. Default 3. */
  readonly draws: number;
  /** The same for all runs, so that all see the same corrupted images. Default 1. */
  readonly seed: number;
  /** Images that are corrupted: see `MeasuredPart`. */
  readonly part: MeasuredPart;
}

/** What `bispike eval --probes` is asked. */
export interface ProbesMeasure {
  /** Training images to fit to, spread evenly; 0 for all. Default 5000. */
  readonly images: number;
  /** Cells a side that planes are pooled to; 0 for none. Default: 4 where a stage has over 4,096 units. */
  readonly cells?: number;
  /** Images the probes are read on: see `MeasuredPart`. */
  readonly part: MeasuredPart;
}

const MEASURED_PARTS = ["test", "heldout"] as const;
/** The part of the data a measurement looks at. Default: test, or heldout where the comparison is judged by the validation part, and then no other. */
export type MeasuredPart = (typeof MEASURED_PARTS)[number];

export interface Measures {
  readonly robustness?: RobustnessMeasure;
  readonly probes?: ProbesMeasure;
}

/** What can be measured, by its key in `compare.measure`. */
export type MeasureName = keyof Measures;
export const MEASURES = ["robustness", "probes"] as const satisfies readonly MeasureName[];

/** Whether anything is to be measured. */
export function measuresAny(measures: Measures): boolean {
  return MEASURES.some((name) => measures[name] !== undefined);
}

const listOf = <T extends z.core.$ZodType>(item: T, error: string) =>
  z
    .array(item, { error })
    .min(1, { error })
    .refine((list) => new Set(list).size === list.length, { error });

const severity = () => {
  const error = "whole numbers from 1 to 5";
  return z.literal(SEVERITIES, { error });
};

const robustnessSection = () =>
  section({
    corruptions: listOf(choice(CORRUPTIONS), `a list of ${CORRUPTIONS.join(", ")}, each at most once`),
    severities: listOf(severity(), "a list of severities from 1 to 5, each at most once"),
    images: whole(0, Number.MAX_SAFE_INTEGER),
    draws: whole(1, 1000),
    seed: whole(0, Number.MAX_SAFE_INTEGER),
    part: choice(MEASURED_PARTS),
  });

const probesSection = () =>
  section({
    images: whole(0, Number.MAX_SAFE_INTEGER),
    cells: optional(whole(0, 4096)),
    part: choice(MEASURED_PARTS),
  });

/** Of a plan's file. */
export const measuresSchema = section({
  robustness: z.exactOptional(robustnessSection()),
  probes: z.exactOptional(probesSection()),
});

const schema = section({ compare: section({ measure: measuresSchema }) });

function defaultsFor(judge: Judge): Required<Measures> {
  const part = judge === "test" ? "test" : "heldout";
  return {
    robustness: { corruptions: CORRUPTIONS, severities: SEVERITIES, images: 0, draws: DEFAULT_DRAWS, seed: 1, part },
    probes: { images: PROBE_IMAGES, part },
  };
}

/** One sentence a measurement that would look at the test part where no run may. */
function peeking(measure: Measures, judge: Judge): string[] {
  if (judge === "test") return [];
  return MEASURES.filter((name) => measure[name]?.part === "test").map(
    (name) =>
      `compare.measure.${name}.part: expected heldout, as compare.judge is held-out and no run is to look at its test part, got test`,
  );
}

/**
 * @param raw the value of `compare.measure`
 * @param source file name for error messages
 * @param judge of the comparison: one that leaves the test part alone measures the validation one. Default test
 * @throws BispikeError "config"
 * @example
 * readMeasures({ robustness: { images: 1000 } }, "a.yaml").robustness?.draws; // 3
 */
export function readMeasures(raw: RawValue, source: string, judge: Judge = "test"): Measures {
  const { measure } = checkConfig(
    { schema, impossible: ({ compare }) => peeking(compare.measure as Measures, judge) },
    { compare: { measure: filled(raw, judge) } },
    source,
  ).compare;
  const { robustness, probes } = measure;
  return {
    ...(robustness && { robustness: inOrder("robustness", robustness) }),
    ...(probes && { probes: inOrder("probes", probes) }),
  };
}

/** true is all of the defaults, false is nothing. */
function filled(raw: RawValue, judge: Judge): unknown {
  if (!isSection(raw)) return raw;
  const out: Record<string, unknown> = { ...raw };
  for (const name of MEASURES) {
    const given = raw[name] === true ? {} : raw[name];
    if (given === undefined || given === false) delete out[name];
    else if (isSection(given)) out[name] = { ...defaultsFor(judge)[name], ...given };
  }
  return out;
}

const orders: { readonly [Name in MeasureName]: (asked: Required<Measures>[Name]) => Required<Measures>[Name] } = {
  robustness: ({ corruptions, severities, images, draws, seed, part }) => ({
    corruptions: CORRUPTIONS.filter((name) => corruptions.includes(name)),
    severities: SEVERITIES.filter((level) => severities.includes(level)),
    ...{ images, draws, seed, part },
  }),
  probes: ({ images, cells, part }) => ({ images, ...(cells !== undefined && { cells }), part }),
};

/** Fields and lists in one order, whoever made them, so that the same measurement is known by its words. */
export function inOrder<Name extends MeasureName>(
  name: Name,
  asked: Required<Measures>[Name],
): Required<Measures>[Name] {
  return orders[name](asked);
}

/** Options of `bispike eval` that measure robustness. */
export function robustnessArguments(measure: RobustnessMeasure): string[] {
  const { corruptions, severities, images, draws, seed, part } = measure;
  const lists = ["--corruptions", corruptions.join(","), "--severities", severities.join(",")];
  const numbers = ["--images", String(images), "--draws", String(draws), "--seed", String(seed)];
  return ["--robustness", ...lists, ...numbers, "--part", part];
}

/** Options of `bispike eval` that probe stages. */
export function probesArguments({ images, cells, part }: ProbesMeasure): string[] {
  const pooled = cells === undefined ? [] : ["--probe-cells", String(cells)];
  return ["--probes", "--probe-images", String(images), ...pooled, "--part", part];
}
