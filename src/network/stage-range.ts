/**
 * Which stages of a pair are at hand. A pair can be cut between stages, because all that goes from stage to stage is spikes: perception's up, recall's down.
 *
 *   stages first..last of L hold   perception.stage i, first <= i <= last, i > 1    (weights W into stage i)
 *                                  recall.stage i,     first <= i <= last, i < L    (weights Theta into stage i)
 */
import { BispikeError } from "../errors.ts";

/** Stages `first` to `last`, both included, counted from the stimulus, which is stage 1. */
export interface StageRange {
  readonly first: number;
  readonly last: number;
}

/** "3-5", or "3" for one stage. */
export function describeStages(range: StageRange): string {
  const { first, last } = range;
  return first === last ? `${first}` : `${first}-${last}`;
}

/**
 * Stages from text, the stimulus being stage 1.
 *
 * @param text "1-2" or "3"
 * @throws BispikeError "usage"
 * @example
 * parseStages("3-5"); // { first: 3, last: 5 }
 */
export function parseStages(text: string): StageRange {
  const found = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(text);
  const first = Number(found?.[1]);
  const last = Number(found?.[2] ?? found?.[1]);
  if (found && first >= 1 && first <= last) return { first, last };
  throw new BispikeError("usage", `expected stages such as 1-2 or 3, the stimulus being stage 1, got ${text}`);
}

/**
 * A range that a pair of `stages` stages has.
 *
 * @param direct whether the stimulus is real numbers held over time, not spikes
 * @throws BispikeError "usage"
 */
export function checkRange(range: StageRange, stages: number, direct: boolean): StageRange {
  const { first, last } = range;
  if (!(Number.isInteger(first) && Number.isInteger(last) && 1 <= first && first <= last && last <= stages)) {
    throw new BispikeError(
      "usage",
      `expected stages between 1 and ${stages} (the net's number), got ${first} to ${last}`,
    );
  }
  // Stage 2 would be told real numbers, not spikes.
  if (direct && stages > 1 && ((first === 1 && last === 1) || first === 2)) {
    throw new BispikeError(
      "usage",
      `stages ${describeStages(range)}: a directly coded stimulus is no spikes, so stages 1 and 2 stay together; cut after stage 2 or later, or use network.stimulus: poisson or latency`,
    );
  }
  return range;
}

/** Whether ranges, from the stimulus up, are all of `stages` stages, each once. */
export function areWhole(ranges: readonly StageRange[], stages: number): boolean {
  const ends = [0, ...ranges.map(({ last }) => last)];
  return ranges.every(({ first }, k) => first === ends[k]! + 1) && ends.at(-1) === stages;
}

/** The ranges that cuts after the stages `after` make of `stages` stages. @example rangesOf([2, 3], 5) // 1-2, 3-3, 4-5 */
export function rangesOf(after: readonly number[], stages: number): StageRange[] {
  const ends = [...after, stages];
  return ends.map((last, k) => ({ first: k === 0 ? 1 : ends[k - 1]! + 1, last }));
}
