/** Checks the summary of a text or series that a checkpoint brings: untrusted. */
import * as z from "zod";
import type { SequenceSummary } from "../data/sequence/task.ts";
import { BispikeError } from "../errors.ts";

const count = z.number().int().min(0);
const part = z.strictObject({ from: count, to: count });
const names = z.array(z.string()).min(1).max(65535);
const numbers = z.array(z.number());
const record = z.strictObject({
  file: z.string(),
  bytes: count,
  sha256: z.string(),
  verified: z.union([z.boolean(), z.literal("unknown")]),
});
const common = {
  name: z.string(),
  length: count,
  parts: z.strictObject({ train: part, validation: part, test: part }),
  window: count.min(1),
  stride: count.min(1),
  provenance: z.array(record),
};
const character = z.string().refine((text) => [...text].length === 1);

const summary = z.discriminatedUnion("kind", [
  z.strictObject({
    ...common,
    kind: z.literal("text"),
    task: z.literal("next"),
    alphabet: z.array(character).min(2).max(65535),
    newline: z.enum(["keep", "lf"]),
  }),
  z.strictObject({
    ...common,
    kind: z.literal("series"),
    task: z.enum(["regression", "forecast"]),
    columns: names,
    inputs: names,
    targets: names,
    horizon: count,
    standardise: z.enum(["train", "all"]),
    mean: numbers,
    std: numbers,
    constant: z.array(z.string()),
    filled: count,
    fill: z.enum(["error", "interpolate", "previous"]),
    span: z.tuple([z.string(), z.string()]).nullable(),
  }),
]);

/** @throws BispikeError "checkpoint" that names the first field that is not as it should be */
export function checkSummary(value: unknown): SequenceSummary {
  const parsed = summary.safeParse(value);
  if (!parsed.success) {
    const where = parsed.error.issues[0]!.path.join(".");
    throw new BispikeError(
      "checkpoint",
      `metadata data: expected the summary of a text or series${where === "" ? "" : `; ${where} is none of one`}`,
    );
  }
  const about: SequenceSummary = parsed.data;
  const fault = about.kind === "text" ? textFault(about.alphabet) : seriesFault(about);
  if (fault !== undefined) throw new BispikeError("checkpoint", `metadata data: ${fault}`);
  return about;
}

function textFault(alphabet: readonly string[]): string | undefined {
  const sorted = alphabet.every((c, k) => k === 0 || alphabet[k - 1]!.codePointAt(0)! < c.codePointAt(0)!);
  return sorted ? undefined : "expected an alphabet in the order of its code points, each once";
}

function seriesFault(about: Extract<SequenceSummary, { kind: "series" }>): string | undefined {
  const { columns, inputs, targets, mean, std, constant } = about;
  const unique = new Set(columns);
  if (unique.size !== columns.length) return "expected columns of different names";
  for (const list of [inputs, targets, constant])
    if (new Set(list).size !== list.length || !list.every((name) => unique.has(name)))
      return "expected inputs and targets to be among the columns, each once";
  if (mean.length !== columns.length || std.length !== columns.length || !std.every((value) => value > 0))
    return "expected a mean and a standard deviation above 0 for each column";
  return undefined;
}
