/** A sweep's `plan.json`: every run with its id and configuration, and what it takes to tabulate them. Workers trust nothing that does not match its ids. */

import { createHash } from "node:crypto";
import * as z from "zod";
import { type Comparison, KEY } from "../comparison/axes.ts";
import { measuresAny, measuresSchema } from "../comparison/measures.ts";
import type { Design, PlannedJob } from "../comparison/plan.ts";
import { BispikeError } from "../errors.ts";
import type { AnyConfig } from "../training/any-config.ts";
import { FREE, FREE_KEYS } from "../training/same-training.ts";
import { judges } from "../training/trainable.ts";
import { type HalvingSettings, type Search, todaysFigure } from "./sweep.ts";

export const PLAN_FILE = "plan.json";
/** Of the file's form. */
const FORM = 1;

export interface SweepJob extends PlannedJob {
  readonly id: string;
  /** From 0. */
  readonly rung: number;
}

export interface SweepRung {
  readonly folder: string;
  readonly candidates: number;
  readonly design: Design;
}

export interface SweepPlan {
  readonly name: string;
  readonly kind: Search["kind"];
  /** Version it was made by. */
  readonly bispike: string;
  readonly halving?: HalvingSettings;
  readonly rungs: readonly SweepRung[];
  readonly jobs: readonly SweepJob[];
  /** Of all the above. */
  readonly digest: string;
}

/**
 * @param version of bispike
 * @throws BispikeError "config" where two jobs would learn the same
 */
export function planOf({ name, kind, halving, rungs }: Search, version: string): SweepPlan {
  const plan = {
    ...{ name, kind, bispike: version },
    ...(halving ? { halving } : {}),
    rungs: rungs.map(({ folder, candidates, comparison }, rung) => ({
      ...{ folder, candidates },
      design: designOf(comparison, rung === rungs.length - 1),
    })),
    jobs: rungs.flatMap(({ jobs }, rung) => jobs.map((job) => ({ id: jobId(job.config, version), rung, ...job }))),
  };
  assertDistinct(plan.jobs);
  return { ...plan, digest: digest(plan) };
}

function assertDistinct(jobs: readonly SweepJob[]): void {
  const labels = new Map<string, string>();
  for (const { id, label } of jobs) {
    const twin = labels.get(id);
    if (twin !== undefined)
      throw new BispikeError(
        "config",
        `sweep: expected jobs that differ in what they learn, got two that do not, ${twin} and ${label}; ${FREE_KEYS} change how a run goes and cannot vary`,
      );
    labels.set(id, label);
  }
}

/** What a rung compares. Where others follow it, it chooses among candidates: its runs look at no test part. */
function designOf({ name, axes, seeds, baseline, judge, measure }: Comparison, last: boolean): Design {
  const measured = last && measuresAny(measure) ? { measure } : {};
  return { name, axes, seeds, baseline, judge: last ? judge : "held-out", ...measured };
}

export function encodePlan(plan: SweepPlan): string {
  return `${JSON.stringify({ sweep: FORM, ...plan }, null, 1)}\n`;
}

const value = z.json();
const setting = z.object({ key: z.string().regex(KEY), value });
// Folders are names: a plan cannot make runs lie elsewhere.
const folder = z.string().regex(/^(?!.*\.\.(\/|$))[^/\\\0][^\\\0]*$/);
const count = z.number().int().min(0);
const schema = z.object({
  sweep: z.literal(FORM),
  name: z.string(),
  kind: z.enum(["grid", "random"]),
  bispike: z.string(),
  halving: z
    .object({
      epochs: z.array(count),
      eta: count,
      figure: z.string().transform(todaysFigure).exactOptional(),
      better: z.enum(["higher", "lower"]).exactOptional(),
    })
    .exactOptional(),
  rungs: z
    .array(
      z.object({
        folder: z.string().regex(/^[a-z]+\d*$/),
        candidates: count,
        design: z.object({
          name: z.string(),
          axes: z.array(z.object({ key: z.string().regex(KEY), values: z.array(value).min(1) })),
          seeds: z.array(count).min(1),
          baseline: z.array(setting),
          judge: z.enum(judges),
          measure: z.exactOptional(measuresSchema),
        }),
      }),
    )
    .min(1),
  jobs: z
    .array(
      z.object({
        ...{ id: z.string().regex(/^j[0-9a-f]{16}$/), rung: count, cell: count, seed: count },
        ...{ label: z.string(), folder, config: z.looseObject({ train: z.looseObject({ seed: count }) }) },
      }),
    )
    .min(1),
  digest: z.string(),
});

/**
 * Checks a plan: its form, the version it was made by, and that nothing in it was changed since.
 *
 * @param file name for error messages
 * @param version of bispike now
 * @throws BispikeError "checkpoint", or "usage" for another version's plan
 */
export function decodePlan(data: unknown, file: string, version: string): SweepPlan {
  const parsed = schema.safeParse(data);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new BispikeError(
      "checkpoint",
      `${file}: expected a sweep's plan, as bispike sweep plan writes it (${issue?.path.join(".") || "file"}: ${issue?.message}); plan again in another folder`,
    );
  }
  const { sweep: _, digest: given, ...plan } = parsed.data;
  if (plan.bispike !== version)
    throw new BispikeError(
      "usage",
      `${file}: was planned by bispike ${plan.bispike}, and this is ${version}, whose runs may differ; use that version, or plan again in another folder`,
    );
  for (const job of plan.jobs) {
    const id = jobId(job.config as unknown as AnyConfig, version);
    if (job.id !== id)
      throw new BispikeError(
        "checkpoint",
        `${file}: job ${job.id} (${job.label}) was changed after it was planned: its configuration has the id ${id}; put it back, or plan again in another folder`,
      );
  }
  if (digest(plan) !== given)
    throw new BispikeError(
      "checkpoint",
      `${file}: was changed after it was planned (its digest is not that of its content); put it back, or plan again in another folder`,
    );
  return parsed.data as unknown as SweepPlan;
}

// Ids of a sweep's jobs: the same job has the same id wherever and whenever it is planned.

/**
 * "j" and the first 16 hexadecimal digits of SHA-256 over the canonical JSON (keys in the order of the alphabet) of
 * { bispike: version, config, seed }, without `train.threads` and `train.checkpointSeconds`.
 *
 * @param version of bispike: another one may train otherwise
 * @example
 * jobId(resolveAnyConfig({ data: { name: "mnist" } }), packageVersion()); // "j" and 16 digits
 */
export function jobId(config: AnyConfig, version: string): string {
  const train = Object.fromEntries(Object.entries(config.train).filter(([key]) => !FREE.includes(key)));
  return `j${digest({ bispike: version, config: { ...config, train }, seed: config.train.seed })}`;
}

/** 16 hexadecimal digits of SHA-256 over the canonical JSON of plain data. */
export function digest(value: unknown): string {
  return createHash("sha256").update(canonical(value)).digest("hex").slice(0, 16);
}

/** @example canonical({ b: [1, "x"], a: undefined }) // '{"b":[1,"x"]}' */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value)
    .filter(([, child]) => child !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, child]) => `${JSON.stringify(key)}:${canonical(child)}`).join(",")}}`;
}
