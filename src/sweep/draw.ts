/**
 * Random search: draws from ranges, the same for ever.
 *
 *   uniform      least + (most - least) u            logUniform   least exp(u log(most / least))
 *   integer      least + below(most - least + 1)     choice       values[below(n)]
 *
 * u in [0, 1) and below(n) are draw k of the stream (seed, "sweep/" + key). So more samples keep the earlier ones, and a key more changes no other's values.
 */
import { exponential, logarithm } from "../engine/elementary.ts";
import { RandomStream } from "../engine/random.ts";
import { BispikeError } from "../errors.ts";
import type { RawValue } from "../training/config-raw.ts";
import type { Range } from "./section.ts";

/** Significant digits of a drawn number: what a person can copy, and far finer than any search. */
const DIGITS = 6;
/** Draws a sample wanted, before the space is said to hold too few. */
const TRIES = 100;

/** A point of the space: dotted keys and values. */
export type Point = Readonly<Record<string, RawValue>>;

/**
 * `samples` different points.
 *
 * @param seed of the draws
 * @param source file name for error messages
 * @throws BispikeError "config" when the space seems to hold fewer points
 * @example
 * drawPoints([["train.learningRate", { kind: "logUniform", least: 0.001, most: 0.1 }]], 20, 1, "a.yaml");
 */
export function drawPoints(
  space: readonly (readonly [key: string, range: Range])[],
  samples: number,
  seed: number,
  source: string,
): Point[] {
  const found = new Map<string, Point>();
  for (let draw = 0; found.size < samples; draw++) {
    if (draw >= samples * TRIES)
      throw new BispikeError(
        "config",
        `${source}: sweep.samples: expected at most as many as the space holds, got ${samples} for ${found.size} different points`,
      );
    const point = Object.fromEntries(
      space.map(([key, range]) => [key, drawValue(range, new RandomStream(seed, `sweep/${key}`, draw))]),
    );
    const name = JSON.stringify(point);
    if (!found.has(name)) found.set(name, point);
  }
  return [...found.values()];
}

function drawValue(range: Range, stream: RandomStream): RawValue {
  if (range.kind === "choice") return range.values[stream.below(range.values.length)]!;
  const { kind, least, most } = range;
  if (kind === "integer") return least + stream.below(most - least + 1);
  const u = stream.uniform();
  const drawn = kind === "uniform" ? least + (most - least) * u : least * exponential(u * logarithm(most / least));
  return Math.min(most, Math.max(least, Number(drawn.toPrecision(DIGITS))));
}
