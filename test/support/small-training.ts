/** Trains the small data set in this process and keeps everything a run would write. */
import { Team } from "../../src/engine/team.ts";
import { spawnThread } from "../../src/node/threads.ts";
import type { Checkpoint } from "../../src/training/checkpoint.ts";
import { resolveConfig } from "../../src/training/config.ts";
import { createExperiment } from "../../src/training/experiment.ts";
import type { MetricLine } from "../../src/training/metrics.ts";
import type { Observation } from "../../src/training/observer.ts";
import { decodeCheckpoint } from "../../src/training/read-checkpoint.ts";
import { trainExperiment } from "../../src/training/trainer.ts";
import { type SmallDigitsOptions, smallDigits } from "./small-digits.ts";

export interface SmallTraining {
  readonly last: Uint8Array;
  /** Undefined where no epoch ended or nothing was held out. */
  readonly best: Uint8Array | undefined;
  /** Every `last` that was saved on the way, and what had been written by then. */
  readonly saves: readonly { readonly last: Uint8Array; readonly metrics: number }[];
  /** Without what depends on the clock. */
  readonly metrics: readonly Partial<MetricLine>[];
  readonly observations: readonly Observation[];
  readonly steps: number;
  readonly finished: boolean;
}

export interface SmallTrainingOptions {
  readonly threads?: number;
  /** Trains on this team, which takes longer to make than such a training. Default: one of its own, of `threads`. */
  readonly team?: Team;
  /** Stops before the step of this number, from 0. */
  readonly stopBefore?: number;
  readonly resume?: Uint8Array;
  readonly data?: SmallDigitsOptions;
}

/** @param raw sections of a configuration, for `resolveConfig` */
export async function smallTraining(raw: object, options: SmallTrainingOptions = {}): Promise<SmallTraining> {
  const { threads = 1, stopBefore = Number.POSITIVE_INFINITY } = options;
  const resume: Checkpoint | undefined = options.resume && decodeCheckpoint(options.resume, "test");
  const config = resolveConfig({ data: { path: "bars" }, ...raw });
  const team = options.team ?? (await Team.create({ threads, spawn: spawnThread, maximumPages: 1024 }));
  try {
    const experiment = createExperiment(team, config, smallDigits(options.data));
    const saved: Partial<Record<"last" | "best", Uint8Array>> = {};
    const metrics: Partial<MetricLine>[] = [];
    const observations: Observation[] = [];
    const saves: SmallTraining["saves"][number][] = [];
    let step = resume?.position.step ?? 0;
    const { finished } = await trainExperiment(experiment, {
      sink: {
        onStep: (_report, line) => {
          step = line.step;
        },
        onMetrics: (line) => {
          const { seconds: _, ...kept } = line;
          metrics.push("imagesPerSecond" in kept ? { ...kept, imagesPerSecond: 0 } : kept);
        },
        onObservation: (observation) => observations.push(observation),
        onCheckpoint: (which, bytes) => {
          saved[which] = bytes.slice();
          if (which === "last") saves.push({ last: bytes.slice(), metrics: metrics.length });
        },
      },
      stopped: () => step >= stopBefore,
      ...(resume ? { resume } : {}),
    });
    if (!saved.last) throw new Error("training ended without a checkpoint");
    return { last: saved.last, best: saved.best, saves, metrics, observations, steps: step, finished };
  } finally {
    if (!options.team) await team.close();
  }
}
