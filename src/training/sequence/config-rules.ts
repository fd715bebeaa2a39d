/** Combinations of a sequence experiment's fields that are each valid alone and make no sense together. */
import type { SequenceConfig, SequenceDataConfig } from "./config.ts";

/** Most rows of the engine's lists: windows x positions x steps. */
const MOST_ROWS = 65_536;

const SERIES_KEYS = [
  ...["targets", "columns", "standardise", "fill", "missing", "delimiter", "header", "timeColumn", "key", "feature"],
] as (keyof SequenceDataConfig)[];

/** @returns one sentence a fault */
export function impossible({ task, data, network, train }: SequenceConfig): string[] {
  const faults: string[] = [];
  const [wanted, other] = task === "next-character" ? (["text", "series"] as const) : (["series", "text"] as const);
  if (data[wanted] === undefined)
    faults.push(
      wanted === "text"
        ? "data.text: expected a known text (alice, hamlet, emma) or a text's path with task next-character, got nothing"
        : `data.series: expected a series' path with task ${task}, got nothing; give one, as in --data.series=ETTh1.csv`,
    );
  const foreign = [
    other,
    ...(task === "next-character" ? SERIES_KEYS : (["newline"] as const)),
    ...(task === "forecast" ? [] : (["horizon"] as const)),
  ];
  for (const key of foreign)
    if (data[key] !== undefined) faults.push(`data.${key}: expected nothing with task ${task}, got a value; remove it`);
  if (data.trainPart === 0)
    faults.push("data.trainPart: expected more than 0, got 0: there would be nothing to train on");
  const { window } = data;
  const { batch } = train;
  const { steps } = network;
  if (window * batch * steps > MOST_ROWS)
    faults.push(
      `data.window x train.batch x network.steps: expected at most ${MOST_ROWS} rows, got ${window} x ${batch} x ${steps} = ${window * batch * steps}; make one of them smaller`,
    );
  if (window * batch === 1)
    faults.push("data.window x train.batch: expected at least 2 positions, got 1: a position is compared with others");
  return faults;
}
