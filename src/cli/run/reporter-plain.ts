/** Lines for logs and pipes: one an epoch, and in long epochs one every ten seconds. */
import { epochLine, resultLines, startLine, stepLine } from "./lines.ts";
import type { Reporter } from "./reporter.ts";

const SECONDS_BETWEEN_LINES = 10;

export function plainReporter(): Reporter {
  let told = performance.now();
  let totalEpochs = 0;
  const say = (line: string) => {
    process.stdout.write(`${line}\n`);
    told = performance.now();
  };
  const warn = (message: string) => {
    process.stderr.write(`bispike: warning: ${message}\n`);
  };
  return {
    start: (info) => {
      totalEpochs = info.epochs;
      say(startLine(info));
    },
    step: (_report, line, progress) => {
      if (performance.now() - told >= 1000 * SECONDS_BETWEEN_LINES) say(stepLine(line, progress));
    },
    metrics: (line, epochs = totalEpochs) => {
      if (line.kind !== "epoch") return;
      say(epochLine(line, epochs));
      for (const message of line.warnings) warn(message);
    },
    warning: warn,
    stopping: () => say("stopping after this step and saving; once more to quit at once"),
    stopped: ({ runFolder, step, totalSteps }) => {
      say(`stopped and saved at step ${step} of ${totalSteps}; go on with: bispike train --resume ${runFolder}`);
    },
    done: (summary, before) => {
      for (const line of resultLines(summary, before)) say(line);
    },
    close: () => {},
  };
}
