/** A progress bar for terminals, with a line above it for every epoch. */
import { SingleBar } from "cli-progress";
import { duration, percent } from "./lines.ts";
import type { Reporter } from "./reporter.ts";
import { plainReporter } from "./reporter-plain.ts";

/** What matters most comes first: a narrow terminal cuts the end. */
const FORMAT = "epoch {epoch} [{bar}] {left} left  {images}/s  loss {loss}  train {accuracy}  rates {rates}";

export function barReporter(): Reporter {
  const plain = plainReporter();
  const bar = new SingleBar({
    format: FORMAT,
    barsize: 12,
    barCompleteChar: "#",
    barIncompleteChar: "-",
    stream: process.stderr,
    linewrap: true,
    clearOnComplete: true,
    // Signals are ours: the first one saves.
    gracefulExit: false,
    hideCursor: false,
    fps: 8,
  });
  let running = false;
  let shown = { total: 0, step: 0, payload: {} as object };
  let epochs = 0;
  let epoch = 0;
  let seen = { images: 0, correct: 0 };
  const draw = () => {
    running = true;
    bar.start(shown.total, shown.step, shown.payload);
  };
  const clear = () => {
    running = false;
    bar.stop();
  };
  /** Writes a line where the bar was; the bar goes on below. It returns to where it was started, so it has to start anew. */
  const above = (say: () => void) => {
    if (!running) return say();
    clear();
    say();
    draw();
  };
  return {
    start: (info) => {
      epochs = info.epochs;
      plain.start(info);
      const unknown = { images: "-", loss: "-", accuracy: "-", rates: "-", left: "-" };
      shown = { total: info.totalSteps, step: info.step, payload: { epoch: `-/${epochs}`, ...unknown } };
      draw();
    },
    step: (report, line, progress) => {
      if (line.epoch !== epoch) seen = { images: 0, correct: 0 };
      epoch = line.epoch;
      seen = { images: seen.images + report.images, correct: seen.correct + report.correct };
      const payload = {
        epoch: `${epoch}/${epochs}`,
        images: Math.round(line.imagesPerSecond),
        loss: line.loss.toFixed(3),
        accuracy: percent(seen.correct / seen.images),
        rates: `${mean(line.perceptionRates)}/${mean(line.recallRates)}`,
        left: duration(progress.secondsLeft),
      };
      shown = { ...shown, step: progress.step, payload };
      bar.update(progress.step, payload);
    },
    metrics: (line) => {
      if (line.kind === "epoch") above(() => plain.metrics(line));
    },
    warning: (message) => above(() => plain.warning(message)),
    stopping: () => above(() => plain.stopping()),
    stopped: (info) => {
      clear();
      plain.stopped(info);
    },
    done: (summary, before) => {
      clear();
      plain.done(summary, before);
    },
    close: clear,
  };
}

function mean(rates: readonly number[]): string {
  return (rates.reduce((sum, rate) => sum + rate, 0) / Math.max(1, rates.length)).toFixed(2);
}
