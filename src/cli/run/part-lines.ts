/** What a process tells that trains a part of a pair: lines for a person, or one JSON object a line. */
import type { PartResult, PartStep } from "../../distributed/train-part.ts";
import { describeStages, type StageRange } from "../../network/pair.ts";
import { duration } from "./words.ts";

export interface PartReporter {
  listening(address: string): void;
  connecting(address: string): void;
  start(info: {
    readonly runFolder: string;
    readonly step: number;
    readonly totalSteps: number;
    readonly depth: number;
  }): void;
  step(step: PartStep, seconds: number): void;
  stopping(): void;
  stopped(info: { readonly runFolder: string; readonly step: number; readonly totalSteps: number }): void;
  done(info: {
    readonly runFolder: string;
    readonly step: number;
    readonly seconds: number;
    readonly waitedSeconds: number;
    readonly traffic: PartResult["traffic"];
  }): void;
}

const SECONDS_BETWEEN_LINES = 10;

export function createPartReporter(
  range: StageRange,
  { json, quiet }: { json?: boolean; quiet?: boolean },
): PartReporter {
  const stages = describeStages(range);
  const write = (event: string, fields: object) =>
    process.stdout.write(`${JSON.stringify({ event, stages, ...fields })}\n`);
  let told = performance.now();
  if (json) {
    return {
      listening: (address) => write("listening", { address }),
      connecting: (address) => write("connecting", { address }),
      start: (info) => write("start", info),
      step: ({ report: _, ...step }, seconds) => {
        // About four a second, for who draws a bar from them.
        if (performance.now() - told < 250) return;
        told = performance.now();
        write("step", { ...step, seconds });
      },
      stopping: () => {},
      stopped: (info) => write("stopped", info),
      done: (info) => write("done", info),
    };
  }
  const say = (line: string) => {
    if (!quiet) process.stdout.write(`stages ${stages}: ${line}\n`);
    told = performance.now();
  };
  return {
    listening: (address) => say(`waiting for the part above at ${address}`),
    connecting: (address) => say(`waiting for the part below at ${address}`),
    start: ({ runFolder, step, totalSteps, depth }) =>
      say(
        `${step > 0 ? `going on from step ${step} of ${totalSteps}` : `${totalSteps} steps`}, ${depth === 0 ? "in step with the others" : `up to ${depth} steps ahead`} -> ${runFolder}`,
      ),
    step: ({ step, totalSteps, report, waited }, seconds) => {
      if (performance.now() - told < 1000 * SECONDS_BETWEEN_LINES) return;
      const share = Math.round(waited / (10 * seconds));
      say(
        `step ${step}/${totalSteps}  own losses ${report.loss.toFixed(3)}  ${share} % of the time waiting for spikes`,
      );
    },
    stopping: () => say("stopping with the other parts and saving; once more to quit at once"),
    stopped: ({ runFolder, step, totalSteps }) =>
      say(
        `stopped and saved at step ${step} of ${totalSteps}; go on with: bispike train --resume ${runFolder} --stages ${stages} and its addresses, all parts again`,
      ),
    done: ({ step, seconds, waitedSeconds, traffic, runFolder }) => {
      const sent = Object.values(traffic).reduce((sum, each) => sum + (each?.sent.bytes ?? 0), 0);
      say(
        `${step} steps in ${duration(seconds)}, ${Math.round((100 * waitedSeconds) / seconds)} % of it waiting for spikes; sent ${(sent / 1e6).toFixed(1)} MB of spikes -> ${runFolder}`,
      );
    },
  };
}
