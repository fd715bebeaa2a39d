/**
 * The section `sweep` of an experiment's file: what is searched, and how.
 *
 *   grid       axes, as in `compare`: every combination            random     space: a range a key, `samples` draws
 *   halving    on top of either: `epochs` of each rung, and at most one in `eta` candidates goes on to the next
 */
import * as z from "zod";
import { type Comparison, readComparison, settingsOf, VARIANT } from "../comparison/axes.ts";
import type { Summary } from "../comparison/figures.ts";
import { isSection } from "../comparison/measures.ts";
import { cellsOf, jobsOf, type PlannedJob } from "../comparison/plan.ts";
import { exponential, logarithm } from "../engine/elementary.ts";
import { RandomStream } from "../engine/random.ts";
import { BispikeError } from "../errors.ts";
import { checkConfig, section, whole } from "../training/config-check.ts";
import { copyRaw, type RawSection, type RawValue } from "../training/config-raw.ts";

/** Where a key's values are drawn from. */
export type Range =
  | { readonly kind: "uniform" | "logUniform" | "integer"; readonly least: number; readonly most: number }
  | { readonly kind: "choice"; readonly values: readonly RawValue[] };

export interface HalvingSettings {
  /** Epochs of each rung, rising. */
  readonly epochs: readonly number[];
  /** Of n candidates, ceil(n / eta) go on. */
  readonly eta: number;
  /** Dotted name of a figure of the validation part in `summary.json`; undefined for the first there is of `VALIDATION_FIGURES`. */
  readonly figure?: string;
  readonly better?: "higher" | "lower";
}

export interface SweepSettings {
  readonly axes: Readonly<Record<string, readonly RawValue[]>>;
  readonly space: readonly (readonly [key: string, range: Range])[];
  readonly samples?: number;
  /** Of the draws; the runs' own are `seeds`. */
  readonly seed: number;
  readonly seeds?: number | readonly number[];
  readonly baseline: Readonly<Record<string, RawValue>>;
  readonly halving?: HalvingSettings;
}

/** Draws and rungs at most; more would be a slip. */
const MOST_SAMPLES = 10_000;
const KINDS = ["uniform", "logUniform", "integer", "choice"] as const;
const RANGE =
  "a range: { uniform: [0.4, 1.2] }, { logUniform: [0.0003, 0.03] }, { integer: [1, 8] } or { choice: [64, 128] }";

/** Version 1 called the validation part held out. */
export const todaysFigure = (figure: string) => figure.replace(/^heldOut/, "validation");

const epochsError = "two or more rising numbers of epochs, one a rung, such as [1, 3, 9]";
const halvingSection = section({
  epochs: z
    .array(whole(1, 1_000_000), { error: epochsError })
    .min(2, { error: epochsError })
    .max(16, { error: epochsError })
    .refine((epochs) => epochs.every((count, k) => k === 0 || count > epochs[k - 1]!), { error: epochsError }),
  eta: whole(2, 1000),
  figure: z
    .string({ error: "the name of a figure of the validation part" })
    .regex(/^(heldOut|validation)/, {
      error: "a figure of the validation part, such as validation.bits: the test part is not for choices",
    })
    .transform(todaysFigure)
    .exactOptional(),
  better: z.enum(["higher", "lower"], { error: "higher or lower" }).exactOptional(),
});
const shape = section({
  sweep: section({
    axes: z.record(z.string(), z.array(z.unknown(), { error: "a list of values" }), { error: "keys with lists" }),
    space: z.record(z.string(), z.unknown(), { error: "keys with a range each" }),
    samples: z.exactOptional(whole(1, MOST_SAMPLES)),
    seed: whole(0, Number.MAX_SAFE_INTEGER),
    // As `compare.seeds`, which words the complaint.
    seeds: z.unknown().exactOptional(),
    baseline: z.record(z.string(), z.unknown(), { error: "keys with a value each, such as { rule.name: bsd }" }),
    halving: z.exactOptional(halvingSection),
  }),
});

/**
 * @param given the section as its YAML has it
 * @throws BispikeError "config"
 * @example
 * readSweepSection({ space: { "train.learningRate": { logUniform: [0.001, 0.1] } }, samples: 20 }, "a.yaml").samples; // 20
 */
export function readSweepSection(given: unknown, source: string): SweepSettings {
  const filled = isPlain(given) ? { axes: {}, space: {}, seed: 0, baseline: {}, ...given } : given;
  const halving = isPlain(filled) && isPlain(filled.halving) ? { halving: { eta: 3, ...filled.halving } } : {};
  const raw = isPlain(filled) ? { ...filled, ...halving } : filled;
  const { sweep } = checkConfig({ schema: shape, impossible: faults }, { sweep: raw }, source);
  const space = Object.entries(sweep.space).map(([key, range]) => [key, readRange(key, range, source)] as const);
  return { ...sweep, space } as unknown as SweepSettings;
}

function faults({ sweep }: z.infer<typeof shape>): string[] {
  const { axes, space, samples, halving } = sweep;
  const [grid, random] = [Object.keys(axes).length > 0, Object.keys(space).length > 0];
  const found: string[] = [];
  if (grid && random) found.push("sweep: expected axes (a grid) or space (random search), got both");
  if (random && samples === undefined) found.push("sweep.samples: expected how many draws of the space, got none");
  if (!random && samples !== undefined) found.push("sweep.samples: expected a space to draw from (sweep.space)");
  if (halving && (Object.hasOwn(axes, "train.epochs") || Object.hasOwn(space, "train.epochs")))
    found.push("sweep.halving: sets train.epochs itself; it cannot vary too");
  if (halving && Object.keys(sweep.baseline).length > 0)
    found.push("sweep.baseline: candidates of successive halving are held against no baseline; leave it out");
  return found;
}

function readRange(key: string, given: unknown, source: string): Range {
  const fail = (expected: string) =>
    new BispikeError("config", `${source}: sweep.space.${key}: expected ${expected}, got ${JSON.stringify(given)}`);
  const [name, ...more] = isPlain(given) ? Object.keys(given) : [];
  const kind = KINDS.find((known) => known === name);
  if (kind === undefined || more.length > 0) throw fail(RANGE);
  const values = (given as Record<string, unknown>)[kind];
  if (!Array.isArray(values)) throw fail(RANGE);
  if (kind === "choice") {
    if (values.length === 0) throw fail("one or more values to choose from");
    return { kind, values: values as RawValue[] };
  }
  const [least, most] = values as [unknown, unknown];
  const inOrder = typeof least === "number" && typeof most === "number" && least < most && values.length === 2;
  if (!inOrder || !Number.isFinite(most - least)) throw fail("two finite numbers, the smaller one first");
  if (kind === "logUniform" && least <= 0) throw fail("numbers above 0 for logUniform");
  if (kind === "integer" && !(Number.isSafeInteger(least) && Number.isSafeInteger(most) && most - least < 2 ** 32))
    throw fail("two integers less than 2^32 apart");
  return { kind, least, most };
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

// Random search: draws from ranges, the same for ever.
//
//   uniform      least + (most - least) u            logUniform   least exp(u log(most / least))
//   integer      least + below(most - least + 1)     choice       values[below(n)]
//
// u in [0, 1) and below(n) are draw k of the stream (seed, "sweep/" + key). So more samples keep the earlier ones, and a key more changes no other's values.

/** Significant digits of a drawn number: what a person can copy, and far finer than any search. */
const DIGITS = 6;
/** Draws a sample wanted, before the space is said to hold too few. */
const TRIES = 100;

/** A point of the space: dotted keys and values. */
export type Point = Readonly<Record<string, RawValue>>;

/**
 * `samples` different points.
 *
 * @param seed of the draws
 * @param source file name for error messages
 * @throws BispikeError "config" when the space seems to hold fewer points
 * @example
 * drawPoints([["train.learningRate", { kind: "logUniform", least: 0.001, most: 0.1 }]], 20, 1, "a.yaml");
 */
export function drawPoints(
  space: readonly (readonly [key: string, range: Range])[],
  samples: number,
  seed: number,
  source: string,
): Point[] {
  const found = new Map<string, Point>();
  for (let draw = 0; found.size < samples; draw++) {
    if (draw >= samples * TRIES)
      throw new BispikeError(
        "config",
        `${source}: sweep.samples: expected at most as many as the space holds, got ${samples} for ${found.size} different points`,
      );
    const point = Object.fromEntries(
      space.map(([key, range]) => [key, drawValue(range, new RandomStream(seed, `sweep/${key}`, draw))]),
    );
    const name = JSON.stringify(point);
    if (!found.has(name)) found.set(name, point);
  }
  return [...found.values()];
}

function drawValue(range: Range, stream: RandomStream): RawValue {
  if (range.kind === "choice") return range.values[stream.below(range.values.length)]!;
  const { kind, least, most } = range;
  if (kind === "integer") return least + stream.below(most - least + 1);
  const u = stream.uniform();
  const drawn = kind === "uniform" ? least + (most - least) * u : least * exponential(u * logarithm(most / least));
  return Math.min(most, Math.max(least, Number(drawn.toPrecision(DIGITS))));
}

// Successive halving (Jamieson and Talwalkar 2016): all candidates train for few epochs, the better ones anew for more, and so on.
//
//   n[r + 1] = ceil(n[r] / eta), chosen by the mean over the seeds of a figure of the validation part
//
// Never by the test part. Each rung trains from the start, as the learning rate's schedule spans all of a run's epochs.

/** What candidates are chosen by unless told otherwise: the first that all finished runs have. */
export const VALIDATION_FIGURES: readonly (readonly [figure: string, better: "higher" | "lower"])[] = [
  ["validationAccuracy", "higher"],
  ["validation.accuracy", "higher"],
  ["validation.mse", "lower"],
  ["validationMse", "lower"],
];

export interface Standing {
  readonly candidate: number;
  /** Mean over the seeds that finished; null when one of them failed. */
  readonly mean: number | null;
}

export interface Choice {
  readonly figure: string;
  readonly better: "higher" | "lower";
  /** Best first; of equals the earlier candidate. */
  readonly standings: readonly Standing[];
  /** In the order of the plan. */
  readonly kept: readonly number[];
}

/** How many of n candidates go on. @example keptOf(10, 3) // 4 */
export function keptOf(n: number, eta: number): number {
  return Math.ceil(n / eta);
}

/**
 * Which candidates go on.
 *
 * @param runs a candidate's summaries, seed by seed; null for a run that failed, which puts its candidate last
 * @throws BispikeError "training" when no candidate finished, "config" when a run lacks the figure
 * @example
 * chooseCandidates(new Map([[0, [{ validationAccuracy: 0.9 }]], [1, [{ validationAccuracy: 0.8 }]]]), { eta: 2, epochs: [1, 2] }).kept; // [0]
 */
export function chooseCandidates(
  runs: ReadonlyMap<number, readonly (Summary | null)[]>,
  settings: HalvingSettings,
): Choice {
  const finished = [...runs.values()].flat().filter((summary) => summary !== null);
  if (![...runs.values()].some((seeds) => !seeds.includes(null)))
    throw new BispikeError(
      "training",
      "successive halving: no candidate has finished; there is nothing to choose from",
    );
  const { figure, better } = figureFor(finished, settings);
  const standings = [...runs]
    .map(([candidate, seeds]) => ({ candidate, mean: meanOf(seeds, figure) }))
    .sort((a, b) => compare(a, b, better));
  const count = keptOf(runs.size, settings.eta);
  const kept = standings
    .filter(({ mean }) => mean !== null)
    .slice(0, count)
    .map(({ candidate }) => candidate)
    .sort((a, b) => a - b);
  return { figure, better, standings, kept };
}

function figureFor(
  finished: readonly Summary[],
  { figure, better }: HalvingSettings,
): Pick<Choice, "figure" | "better"> {
  const known = VALIDATION_FIGURES.find(([id]) => (figure === undefined ? has(finished, id) : id === figure));
  const id = figure ?? known?.[0];
  if (id === undefined || !has(finished, id))
    throw new BispikeError(
      "config",
      `successive halving: expected runs with ${id ?? "a figure of the validation part"}, but summary.json has none; keep a validation part (data.validation), or name a figure it has (sweep.halving.figure)`,
    );
  return { figure: id, better: better ?? known?.[1] ?? (/accuracy|psnr|ssim/i.test(id) ? "higher" : "lower") };
}

function compare(a: Standing, b: Standing, better: Choice["better"]): number {
  if (a.mean === null || b.mean === null)
    return Number(a.mean === null) - Number(b.mean === null) || a.candidate - b.candidate;
  const ahead = better === "higher" ? b.mean - a.mean : a.mean - b.mean;
  return ahead || a.candidate - b.candidate;
}

const has = (runs: readonly Summary[], figure: string) => runs.every((summary) => figureOf(summary, figure) !== null);

function meanOf(seeds: readonly (Summary | null)[], figure: string): number | null {
  const values = seeds.map((summary) => summary && figureOf(summary, figure));
  if (values.includes(null)) return null;
  return values.reduce<number>((sum, value) => sum + value!, 0) / values.length;
}

function figureOf(summary: Summary, dotted: string): number | null {
  let value: unknown = summary;
  for (const key of dotted.split("."))
    value = typeof value === "object" && value !== null && Object.hasOwn(value, key) ? (value as Summary)[key] : null;
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

// Reads a sweep from an experiment's file: a grid or random search, in one rung or in those of successive halving.

export interface Rung {
  /** Its runs' folder within the sweep's. */
  readonly folder: string;
  /** Every candidate, also those that may not come this far. */
  readonly comparison: Comparison;
  /** With their configurations, all checked. */
  readonly jobs: readonly PlannedJob[];
  /** Candidates that train in it; all but for later rungs of successive halving. */
  readonly candidates: number;
}

export interface Search {
  readonly name: string;
  readonly kind: "grid" | "random";
  readonly rungs: readonly Rung[];
  readonly halving?: HalvingSettings;
}

export interface SearchRequest {
  /** As `--key.path=value`; a list of values makes an axis. */
  readonly overrides?: readonly string[];
  /** A count, for seeds 1, 2, ..., or the seeds. Default: the file's, else 3 for a grid and 1 for other searches. */
  readonly seeds?: number | readonly number[];
}

/**
 * Takes any file for `bispike compare`, or one with the section `sweep` in its place.
 *
 * @param raw an experiment as its YAML has it
 * @param source file name for error messages
 * @throws BispikeError "config" or "usage", for the first run that is refused too
 * @example
 * readSearch({ data: { name: "mnist" }, sweep: { space: { "train.batch": { choice: [64, 128] } }, samples: 2 } }, "a.yaml").rungs[0].jobs.length; // 2
 */
export function readSearch(raw: unknown, source: string, request: SearchRequest = {}): Search {
  const { sweep, ...rest } = copyRaw(raw, source) as RawSection;
  if (sweep === undefined) return oneRung("grid", readComparison(rest, source, request), source);
  if (rest.compare !== undefined)
    throw new BispikeError("config", `${source}: expected the section sweep or the section compare, got both`);
  const { space, samples = 0, seed, axes, seeds, baseline, halving } = readSweepSection(sweep, source);
  const random = space.length > 0;
  const points = random ? { [VARIANT]: drawPoints(space, samples, seed, source) as RawValue[] } : axes;
  const compare = { axes: points, baseline, seeds: seeds ?? (random || halving ? 1 : 3) } as unknown as RawSection;
  const comparison = readComparison({ ...rest, compare }, source, request);
  // Of drawn points none is one that the others are to be held against.
  const search =
    Object.keys(baseline).length === 0 && (random || halving) ? { ...comparison, baseline: [] } : comparison;
  const kind = random ? "random" : "grid";
  return halving ? inRungs(kind, search, halving, source) : oneRung(kind, search, source);
}

function oneRung(kind: Search["kind"], comparison: Comparison, source: string): Search {
  const jobs = jobsOf(comparison, source);
  const rung = { folder: "runs", comparison, jobs, candidates: jobs.length / comparison.seeds.length };
  return { name: comparison.name, kind, rungs: [distinct(rung, source)] };
}

function inRungs(kind: Search["kind"], comparison: Comparison, halving: HalvingSettings, source: string): Search {
  if (comparison.axes.some(({ key }) => key === "train.epochs"))
    throw new BispikeError("config", `${source}: sweep.halving: sets train.epochs itself; it cannot vary too`);
  const cells = cellsOf(comparison);
  // The survivors of a grid are no grid: from here on each is a variant of its own.
  const values = cells.map(({ values }): RawValue => {
    const [only] = values;
    if (comparison.axes.length === 1 && comparison.axes[0]?.key === VARIANT && only !== undefined) return only;
    return Object.fromEntries(comparison.axes.flatMap(({ key }, k) => settingsOf(key, values[k]!)));
  });
  let candidates = cells.length;
  if (candidates < 2)
    throw new BispikeError("config", `${source}: sweep.halving: expected two or more candidates, got ${candidates}`);
  const rungs = halving.epochs.map((epochs, k) => {
    const train = isSection(comparison.base.train) ? comparison.base.train : {};
    const base = { ...comparison.base, train: { ...train, epochs } };
    const rung = { ...comparison, base, axes: [{ key: VARIANT, values }], baseline: [] };
    if (k > 0) candidates = keptOf(candidates, halving.eta);
    return distinct(
      { folder: `rung${k + 1}`, comparison: rung, jobs: jobsOf(rung, `${source} (rung ${k + 1})`), candidates },
      source,
    );
  });
  return { name: comparison.name, kind, rungs, halving };
}

/** Long folder names end in a checksum of 32 bits, which thousands of draws could have in common. */
function distinct(rung: Rung, source: string): Rung {
  const seen = new Set<string>();
  for (const { folder, label } of rung.jobs) {
    if (seen.has(folder))
      throw new BispikeError(
        "config",
        `${source}: ${label}: its folder would be another run's; draw with another sweep.seed`,
      );
    seen.add(folder);
  }
  return rung;
}
