/**
 * Where a step of a pair that is cut between stages meets the rest of the pair: it takes spikes from the stage beyond the cut, or gives its own.
 *
 * A step is a generator of these. Who runs it does what it asks before it goes on; a whole pair's step only pauses.
 */
import { BispikeError } from "../errors.ts";
import type { Population } from "../network/population.ts";

/** Spikes of the first `rows` images or recalls of a population, [row][step][pixel][tile] masks. */
export interface SpikeCrossing {
  /** take: fill `spikes.masks` before the step goes on. give: read them before the step goes on. */
  readonly do: "take" | "give";
  /** Perception's spikes go up, recall's down. */
  readonly network: "perception" | "recall";
  readonly spikes: Population;
  readonly rows: number;
}

/** Nothing is asked: other work of the thread may come by here, as between stages. */
export interface Pause {
  readonly do: "pause";
}

export type Crossing = SpikeCrossing | Pause;

/** A step in parts. */
export type Course<Report> = Generator<Crossing, Report, void>;

export const PAUSE: Pause = { do: "pause" };

/**
 * Runs a step of a whole pair to its end.
 *
 * @throws BispikeError "usage" where the step asks for spikes of another part
 */
export function runWhole<Report>(course: Course<Report>): Report {
  for (;;) {
    const { done, value } = course.next();
    if (done) return value;
    if (value.do !== "pause")
      throw new BispikeError("usage", "this rule has some stages of a pair alone: run its course with the other parts");
  }
}
