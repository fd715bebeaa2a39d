/** Trains the small data set in parts of one process, over channels that pass every frame through its bytes. */

import type { SpikeCoding } from "../../src/cluster/frames.ts";
import { channelPair } from "../../src/cluster/frames.ts";
import type { Neighbours } from "../../src/cluster/join.ts";
import { joinParts } from "../../src/cluster/join.ts";
import { limitsOf } from "../../src/cluster/link.ts";
import { createPart, type Part } from "../../src/cluster/part.ts";
import { decodePart, type PartFile } from "../../src/cluster/part-file.ts";
import { type PartResult, trainPart } from "../../src/cluster/train-part.ts";
import { Team } from "../../src/engine/team.ts";
import { rangesOf, type StageRange } from "../../src/nets/pair.ts";
import { resolveConfig } from "../../src/training/config.ts";
import { type SmallDigitsOptions, smallDigits } from "./small-digits.ts";

export interface SmallPartsOptions {
  /** Last stage of each part but the last. */
  readonly after: readonly number[];
  readonly depth?: number;
  readonly saveEvery?: number;
  readonly coding?: SpikeCoding;
  readonly data?: SmallDigitsOptions;
  /** Steps and bytes each part has kept, lowest part first. */
  readonly saved?: readonly ReadonlyMap<number, Uint8Array>[];
  /** Has the k-th part wish to stop before the step of this number. */
  readonly stop?: { readonly part: number; readonly before: number };
  readonly neighbours?: (parts: readonly Part[]) => Neighbours[];
}

export interface SmallParts {
  readonly results: readonly PromiseSettledResult<PartResult>[];
  /** All that each part saved, by step. */
  readonly saves: readonly ReadonlyMap<number, Uint8Array>[];
  readonly starts: readonly number[];
  readonly ranges: readonly StageRange[];
}

/** @param raw sections of a configuration, for `resolveConfig` */
export async function smallParts(raw: object, options: SmallPartsOptions): Promise<SmallParts> {
  const config = resolveConfig({ data: { path: "bars" }, ...raw });
  const dataset = smallDigits(options.data);
  const ranges = rangesOf(options.after, config.network.hidden.length + 2);
  const teams: Team[] = [];
  const parts: Part[] = [];
  try {
    for (const range of ranges) {
      const team = await Team.create({ maximumPages: 1024 });
      teams.push(team);
      parts.push(createPart(team, config, dataset, range));
    }
    const neighbours = (options.neighbours ?? joined)(parts);
    const saves = parts.map((_, k) => new Map(options.saved?.[k]));
    const starts: number[] = [];
    const { depth = 0, saveEvery = 20, coding = "bits" } = options;
    const results = await Promise.allSettled(
      parts.map((part, k) => {
        let done = 0;
        return trainPart(part, neighbours[k] ?? {}, {
          ...{ depth, saveEvery, coding, software: "test" },
          saved: [...(saves[k]?.keys() ?? [])],
          load: (step) => decodePart(saves[k]!.get(step)!, "test"),
          onStart: (step) => {
            starts[k] = done = step;
          },
          onStep: ({ step }) => {
            done = step;
          },
          onSave: (step, bytes) => saves[k]!.set(step, bytes.slice()),
          stopped: () => options.stop?.part === k && done >= options.stop.before,
        });
      }),
    );
    return { results, saves, starts, ranges };
  } finally {
    for (const team of teams) await team.close();
  }
}

/** Channels between neighbours. */
export function joined(parts: readonly Part[]): Neighbours[] {
  const neighbours: { above?: Neighbours["above"]; below?: Neighbours["below"] }[] = parts.map(() => ({}));
  for (let k = 0; k + 1 < parts.length; k++) {
    const limits = { ...limitsOf(parts[k]!.model.pair, "above"), ...limitsOf(parts[k + 1]!.model.pair, "below") };
    const [lower, upper] = channelPair(limits);
    neighbours[k]!.above = lower;
    neighbours[k + 1]!.below = upper;
  }
  return neighbours as Neighbours[];
}

/** The checkpoint of a step from all parts' saves. */
export function joinedAt(saves: readonly ReadonlyMap<number, Uint8Array>[], step: number): Uint8Array {
  const read = (bytes: Uint8Array | undefined): PartFile => {
    if (!bytes) throw new Error(`a part did not save step ${step}`);
    return decodePart(bytes, "test");
  };
  return joinParts(saves.map((kept) => read(kept.get(step))));
}

/** Throws what a part threw. */
export function fulfilled({ results }: SmallParts): PartResult[] {
  return results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}
