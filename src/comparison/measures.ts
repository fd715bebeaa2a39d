/**
 * What a comparison measures of each run once it is trained, beside what training itself tells. In the file's section `compare`:
 *
 *   measure: { robustness: true }      or      measure: { robustness: { images: 2000, corruptions: [noise, blur], severities: [1, 3, 5], draws: 3, seed: 1 } }
 *
 * The runs' own files stay as training left them: what was measured lies beside them, and is measured anew when something else is asked for.
 */
import * as z from "zod";
import {
  CORRUPTIONS,
  type CorruptionName,
  DEFAULT_DRAWS,
  SEVERITIES,
  type Severity,
} from "../measurement/corruptions/names.ts";
import { checkConfig } from "../training/config-check.ts";
import { choice, section, whole } from "../training/config-fields.ts";
import type { RawValue } from "../training/config-raw.ts";
import { isSection } from "./values.ts";

/** What `bispike eval --robustness` is asked, every field filled in. */
export interface RobustnessMeasure {
  /** In the order of `CORRUPTIONS`. Default: all. */
  readonly corruptions: readonly CorruptionName[];
  /** Ascending. Default: 1 to 5. */
  readonly severities: readonly Severity[];
  /** Test images, spread evenly; 0 for all. Default 0. */
  readonly images: number;
  /** Draws of the noise on the weights at each severity. Default 3. */
  readonly draws: number;
  /** The same for all runs, so that all see the same corrupted images. Default 1. */
  readonly seed: number;
}

export interface Measures {
  readonly robustness?: RobustnessMeasure;
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
  });

/** Of a plan's file. */
export const measuresSchema = section({ robustness: z.exactOptional(robustnessSection()) });

const schema = section({ compare: section({ measure: measuresSchema }) });

const DEFAULTS: RobustnessMeasure = {
  corruptions: CORRUPTIONS,
  severities: SEVERITIES,
  images: 0,
  draws: DEFAULT_DRAWS,
  seed: 1,
};

/**
 * @param raw the value of `compare.measure`
 * @param source file name for error messages
 * @throws BispikeError "config"
 * @example
 * readMeasures({ robustness: { images: 1000 } }, "a.yaml").robustness?.draws; // 3
 */
export function readMeasures(raw: RawValue, source: string): Measures {
  const { measure } = checkConfig(
    { schema, impossible: () => [] },
    { compare: { measure: filled(raw) } },
    source,
  ).compare;
  const { robustness } = measure;
  if (!robustness) return {};
  // In one order, so that the same measurement is known by its words.
  const corruptions = CORRUPTIONS.filter((name) => robustness.corruptions.includes(name));
  const severities = SEVERITIES.filter((level) => robustness.severities.includes(level));
  return { robustness: { ...robustness, corruptions, severities } };
}

/** true is all of the defaults, false is nothing. */
function filled(raw: RawValue): unknown {
  if (!isSection(raw)) return raw;
  const { robustness, ...others } = raw;
  if (robustness === undefined || robustness === false) return others;
  const given = robustness === true ? {} : robustness;
  return { ...others, robustness: isSection(given) ? { ...DEFAULTS, ...given } : given };
}

/** Options of `bispike eval` that measure it. */
export function robustnessArguments(measure: RobustnessMeasure): string[] {
  const { corruptions, severities, images, draws, seed } = measure;
  const lists = ["--corruptions", corruptions.join(","), "--severities", severities.join(",")];
  const numbers = ["--images", String(images), "--draws", String(draws), "--seed", String(seed)];
  return ["--robustness", ...lists, ...numbers];
}
