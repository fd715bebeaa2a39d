/** Trains autoencoders on the small bars in this process and keeps everything a run would write. */
import { Team } from "../../src/engine/team.ts";
import { spawnThread } from "../../src/node/threads.ts";
import { resolveAutoencoderConfig } from "../../src/training/config.ts";
import { createAutoencoderExperiment } from "../../src/training/experiment.ts";
import type { AutoencoderMetricLine } from "../../src/training/metrics.ts";
import { decodeAutoencoderCheckpoint } from "../../src/training/read-checkpoint.ts";
import { trainExperiment } from "../../src/training/trainer.ts";
import { smallDigits } from "./small-digits.ts";

/** 108 images to train on and 12 held out; 6 batches of 18 an epoch. */
export const SMALL_AUTOENCODER = {
  task: "autoencode",
  data: { path: "bars" },
  network: { hidden: [6], latent: 10, steps: 3 },
  train: { epochs: 2, batch: 18, learningRate: 0.01 },
} as const;

export interface SmallAutoencoderTraining {
  readonly last: Uint8Array;
  readonly best: Uint8Array | undefined;
  /** Without what depends on the clock. */
  readonly metrics: readonly object[];
  readonly steps: number;
}

export interface SmallAutoencoderOptions {
  readonly threads?: number;
  /** Stops before the step of this number, from 0. */
  readonly stopBefore?: number;
  readonly resume?: Uint8Array;
}

/** @param raw sections of a configuration, in place of those of `SMALL_AUTOENCODER` */
export async function smallAutoencoderTraining(
  raw: Readonly<Record<string, object>> = {},
  { threads = 1, stopBefore = Number.POSITIVE_INFINITY, ...options }: SmallAutoencoderOptions = {},
): Promise<SmallAutoencoderTraining> {
  const config = resolveAutoencoderConfig({ ...SMALL_AUTOENCODER, ...raw });
  const team = await Team.create({ threads, spawn: spawnThread, maximumPages: 1024 });
  try {
    const saved: Partial<Record<"last" | "best", Uint8Array>> = {};
    const metrics: object[] = [];
    const resume = options.resume && decodeAutoencoderCheckpoint(options.resume, "test");
    let step = resume?.position.step ?? 0;
    await trainExperiment(createAutoencoderExperiment(team, config, smallDigits()), {
      sink: {
        onStep: (_report, line) => {
          step = line.step;
        },
        onMetrics: (line: AutoencoderMetricLine) => {
          const { seconds: _, ...kept } = line;
          metrics.push("imagesPerSecond" in kept ? { ...kept, imagesPerSecond: 0 } : kept);
        },
        onCheckpoint: (which, bytes) => {
          saved[which] = bytes.slice();
        },
      },
      stopped: () => step >= stopBefore,
      ...(resume ? { resume } : {}),
    });
    if (!saved.last) throw new Error("training ended without a checkpoint");
    return { last: saved.last, best: saved.best, metrics, steps: step };
  } finally {
    await team.close();
  }
}
