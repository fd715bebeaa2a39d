/** The runs of a comparison: every combination of the axes' values (a cell) with every seed, each with its folder and its checked configuration. */
import { crc32 } from "../engine/checksum.ts";
import { BispikeError } from "../errors.ts";
import { type AnyConfig, completeAnyConfig, experimentKind } from "../training/any-config.ts";
import { applyOverrides } from "../training/config-overrides.ts";
import { copyRaw, type RawValue } from "../training/config-raw.ts";
import type { Judge } from "../training/trainable.ts";
import { type Axis, type Comparison, type Setting, settingsOf, VARIANT } from "./axes.ts";
import { MEASURES, type Measures, nameValue, sameValue, showValue } from "./measures.ts";

/** What is compared, without how it is trained: enough for a report. */
export interface Design {
  readonly name: string;
  readonly axes: readonly Axis[];
  readonly seeds: readonly number[];
  readonly baseline: readonly Setting[];
  /** What is measured of each run once it is trained. Default: nothing. */
  readonly measure?: Measures;
  /** What the runs' results are of. Default test. */
  readonly judge?: Judge;
}

export interface Cell {
  /** One a axis, in their order. */
  readonly values: readonly RawValue[];
  /** The values for people, such as "bsd, 0.4"; the experiment's name where nothing varies. */
  readonly label: string;
  /** Folder of its runs within the comparison's; "" where nothing varies. */
  readonly folder: string;
  /** Place of the cell it is held against; null for the baseline itself. */
  readonly baseline: number | null;
}

export interface PlannedRun {
  /** Place of its cell. */
  readonly cell: number;
  readonly seed: number;
  /** For people, such as "rule.name=bsd seed 1". */
  readonly label: string;
  /** The run's folder within the comparison's. */
  readonly folder: string;
}

export interface PlannedJob extends PlannedRun {
  readonly config: AnyConfig;
}

/** More would be a slip. */
const MOST_RUNS = 10_000;
/** Longer folder names are cut, with a checksum; file systems take 255 bytes. */
const LONGEST_NAME = 180;

/**
 * Every combination of the axes' values, the last axis fastest.
 *
 * @throws BispikeError "config" for more than 10,000 runs
 * @example
 * cellsOf({ name: "a", axes: [{ key: "rule.name", values: ["bsd", "dll"] }], seeds: [1], baseline: [] })[1].folder; // "rule.name=dll"
 */
export function cellsOf({ name, axes, seeds, baseline }: Design): Cell[] {
  const runs = axes.reduce((product, { values }) => product * values.length, seeds.length);
  if (runs > MOST_RUNS)
    throw new BispikeError("config", `${name}: expected at most ${MOST_RUNS} runs, got ${runs}; vary less at a time`);
  const combinations = axes.reduce<RawValue[][]>(
    (cells, { values }) => cells.flatMap((cell) => values.map((value) => [...cell, value])),
    [[]],
  );
  const held = (values: readonly RawValue[]) =>
    values.map((value, k) => baseline.find(({ key }) => key === axes[k]!.key)?.value ?? value);
  return combinations.map((values) => {
    const against = combinations.findIndex((other) => sameValue(other, held(values)));
    return {
      values,
      label: values.length === 0 ? name : values.map(showValue).join(", "),
      // In the order of the alphabet, so that a run is found again wherever its axes are written.
      folder: folderName(axes.map(({ key }, k) => `${key}=${nameValue(values[k]!)}`).sort()),
      baseline: sameValue(combinations[against]!, [...values]) ? null : against,
    };
  });
}

function folderName(parts: readonly string[]): string {
  const name = parts.join(",");
  if (name.length <= LONGEST_NAME) return name;
  const sum = crc32(new TextEncoder().encode(name)).toString(16).padStart(8, "0");
  return `${name.slice(0, LONGEST_NAME - 9)}-${sum}`;
}

/** All runs, seed by seed: the first round has a run of every cell. */
export function runsOf(design: Design, cells: readonly Cell[] = cellsOf(design)): PlannedRun[] {
  const { axes, seeds } = design;
  return seeds.flatMap((seed) =>
    cells.map(({ folder, values }, cell) => ({
      cell,
      seed,
      label: [...settingsText(axes, values), `seed ${seed}`].join(" "),
      folder: folder === "" ? `seed${seed}` : `${folder}/seed${seed}`,
    })),
  );
}

const settingsText = (axes: readonly Axis[], values: readonly RawValue[]) =>
  axes.map(({ key }, k) => (key === VARIANT ? showValue(values[k]!) : `${key}=${showValue(values[k]!)}`));

/**
 * The runs with their configurations, all of them checked.
 *
 * @param source file name for error messages
 * @throws BispikeError "config", with the cell's values or the option that told the value, for the first one that is refused, or that is to be measured as only one of images can be
 */
export function jobsOf(comparison: Comparison, source: string): PlannedJob[] {
  const { axes, base } = comparison;
  const cells = cellsOf(comparison);
  return runsOf(comparison, cells).map((run) => {
    const { values } = cells[run.cell]!;
    const settings = [...axes.flatMap(({ key }, k) => settingsOf(key, values[k]!)), ["train.seed", run.seed] as const];
    const written = settings.map(([key, value]) => `--${key}=${JSON.stringify(value)}`);
    const where = values.length === 0 ? source : `${source} (${settingsText(axes, values).join(" ")})`;
    // Values of the file's axes are set as overrides are, but no command line told them.
    const config = completeAnyConfig(applyOverrides(copyRaw(base, where), written, where), where, comparison.told);
    const measured = MEASURES.find((name) => comparison.measure[name]);
    if (measured && experimentKind(config) !== "images")
      throw new BispikeError(
        "config",
        `${where}: compare.measure.${measured}: is for image experiments, but this one has task ${"task" in config ? config.task : ""}`,
      );
    return { ...run, config };
  });
}
