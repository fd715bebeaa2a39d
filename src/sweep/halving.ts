/**
 * Successive halving (Jamieson and Talwalkar 2016): all candidates train for few epochs, the better ones anew for more, and so on.
 *
 *   n[r + 1] = ceil(n[r] / eta), chosen by the mean over the seeds of a figure of the validation part
 *
 * Never by the test part. Each rung trains from the start, as the learning rate's schedule spans all of a run's epochs.
 */
import type { Summary } from "../comparison/figures.ts";
import { BispikeError } from "../errors.ts";
import type { HalvingSettings } from "./section.ts";

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
