/** A made text and series that small recurrent nets learn in a moment, and training on them in this process. */
import { assembleSequence } from "../../src/data/sequence/assemble.ts";
import { Team } from "../../src/engine/team.ts";
import { spawnThread } from "../../src/node/threads.ts";
import { resolveSequenceConfig } from "../../src/training/config.ts";
import { sequenceRequest } from "../../src/training/data-sources.ts";
import { createSequenceExperiment } from "../../src/training/experiment.ts";
import type { SequenceMetricLine } from "../../src/training/metrics.ts";
import { decodeSequenceCheckpoint } from "../../src/training/read-checkpoint.ts";
import { trainExperiment } from "../../src/training/trainer.ts";
import { bytesOf } from "./series-files.ts";

/** Words in an order that repeats every five: what follows a letter depends on what came before it. */
export function smallText(words = 160): string {
  const known = ["abba", "cab", "back"];
  return Array.from({ length: words }, (_, k) => known[(k * k + k) % 5]).join(" ");
}

/** CSV: two waves, and a third column that is their sum a row later; hourly times. */
export function smallSeries(rows = 240): string {
  const wave = (n: number, period: number) => Math.abs((n % period) - period / 2);
  const lines = Array.from({ length: rows }, (_, n) => {
    const sum = wave(n + 1, 8) + wave(n + 1, 12);
    return `2020-01-${String(1 + Math.floor(n / 24)).padStart(2, "0")} ${String(n % 24).padStart(2, "0")}:00,${wave(n, 8)},${wave(n, 12)},${sum}`;
  });
  return ["date,a,b,OT", ...lines, ""].join("\n");
}

export interface SmallSequenceTraining {
  readonly last: Uint8Array;
  readonly best: Uint8Array | undefined;
  /** Without what depends on the clock. */
  readonly metrics: readonly object[];
  readonly steps: number;
}

export interface SmallSequenceOptions {
  readonly threads?: number;
  /** Stops before the step of this number, from 0. */
  readonly stopBefore?: number;
  readonly resume?: Uint8Array;
}

/** @param raw sections of a configuration; `data.text` and `data.series` only name the file */
export async function smallSequenceTraining(
  raw: { readonly task: string } & Readonly<Record<string, object | string>>,
  options: SmallSequenceOptions = {},
): Promise<SmallSequenceTraining> {
  const { threads = 1, stopBefore = Number.POSITIVE_INFINITY } = options;
  const file = raw.task === "next-character" ? { text: "small.txt" } : { series: "small.csv" };
  const config = resolveSequenceConfig({ ...raw, data: { ...file, ...(raw.data as object) } });
  const content = raw.task === "next-character" ? smallText() : smallSeries();
  const sequence = await assembleSequence(bytesOf(content), Object.values(file)[0]!, sequenceRequest(config));
  const team = await Team.create({ threads, spawn: spawnThread, maximumPages: 2048 });
  try {
    const experiment = createSequenceExperiment(team, config, sequence);
    const saved: Partial<Record<"last" | "best", Uint8Array>> = {};
    const metrics: object[] = [];
    const resume = options.resume && decodeSequenceCheckpoint(options.resume, "test");
    let step = resume?.position.step ?? 0;
    await trainExperiment(experiment, {
      sink: {
        onStep: (_report, line) => {
          step = line.step;
        },
        onMetrics: (line: SequenceMetricLine) => {
          const { seconds: _, ...kept } = line;
          metrics.push("positionsPerSecond" in kept ? { ...kept, positionsPerSecond: 0 } : kept);
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
