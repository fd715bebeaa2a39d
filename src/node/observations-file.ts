/** Reads a run's `observations.jsonl`. */

import * as z from "zod";
import { BispikeError } from "../errors.ts";
import type { Observation } from "../training/observation.ts";
import { wholeLines } from "./whole-lines.ts";

const count = z.number().int().min(0);
const spikes = z.object({
  rate: z.number(),
  dead: z.number(),
  saturated: z.number(),
  effectiveRank: z.number(),
  centredRank: z.number(),
});
const observation = z.object({
  step: count,
  epoch: count,
  images: count,
  gradients: z.array(z.object({ stage: count, cosine: z.number().nullable(), degrees: z.number().nullable() })),
  weights: z.array(z.object({ between: z.tuple([count, count]), cosine: z.number().nullable(), chance: z.number() })),
  stages: z.array(
    z.object({
      stage: count,
      hamming: z.number().nullable(),
      hammingShuffled: z.number().nullable(),
      perception: spikes,
      recall: spikes.nullable(),
    }),
  ),
}) satisfies z.ZodType<Observation>;

/**
 * All whole lines, in order; a last line without its newline is still being written and left out.
 *
 * @throws BispikeError "checkpoint" when a line is not an observation, "platform" when the file cannot be read
 * @example
 * const observations = readObservations("runs/mnist-mlp-seed1/observations.jsonl");
 */
export function readObservations(file: string): Observation[] {
  return wholeLines(file, "observations").map((text, index) => {
    const parsed = observation.safeParse(jsonOf(text));
    if (parsed.success) return parsed.data;
    const { path = [], message = "" } = parsed.error.issues[0] ?? {};
    const where = path.length === 0 ? "" : ` (${path.join(".")}: ${message})`;
    throw new BispikeError("checkpoint", `${file}: line ${index + 1}: expected an observation as JSON${where}`);
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Reported with lines that are JSON and something else.
  }
}
