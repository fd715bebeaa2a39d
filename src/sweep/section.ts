/**
 * The section `sweep` of an experiment's file: what is searched, and how.
 *
 *   grid       axes, as in `compare`: every combination            random     space: a range a key, `samples` draws
 *   halving    on top of either: `epochs` of each rung, and at most one in `eta` candidates goes on to the next
 */
import * as z from "zod";
import { BispikeError } from "../errors.ts";
import { checkConfig, section, whole } from "../training/config-check.ts";
import type { RawValue } from "../training/config-raw.ts";

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
