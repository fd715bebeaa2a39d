/** Ids of a sweep's jobs: the same job has the same id wherever and whenever it is planned. */
import { createHash } from "node:crypto";
import type { AnyConfig } from "../../training/any-config.ts";
import { FREE } from "../../training/same-training.ts";

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
