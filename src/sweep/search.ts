/** Reads a sweep from an experiment's file: a grid or random search, in one rung or in those of successive halving. */
import { type Comparison, readComparison } from "../comparison/axes.ts";
import { cellsOf, jobsOf, type PlannedJob } from "../comparison/plan.ts";
import { isSection } from "../comparison/values.ts";
import { settingsOf, VARIANT } from "../comparison/variants.ts";
import { BispikeError } from "../errors.ts";
import { copyRaw, type RawSection, type RawValue } from "../training/config-raw.ts";
import { drawPoints } from "./draw.ts";
import { keptOf } from "./halving.ts";
import { type HalvingSettings, readSweepSection } from "./section.ts";

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
