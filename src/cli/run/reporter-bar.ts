/** A progress bar for terminals, with a line above it for every epoch. */

import { paceOf } from "./lines.ts";
import type { Reporter } from "./reporter.ts";
import { plainReporter } from "./reporter-plain.ts";
import { terminalBar } from "./terminal-bar.ts";
import { duration, percent } from "./words.ts";

/** What matters most comes first: a narrow terminal cuts the end. */
const FORMAT = "epoch {epoch} [{bar}] {left} left  {pace}  loss {loss}  train {figure}{rates}";

export function barReporter(): Reporter {
  const plain = plainReporter();
  const bar = terminalBar(FORMAT, 12);
  let running = false;
  let shown = { total: 0, step: 0, payload: {} as object };
  let epochs = 0;
  /** Whether real values are predicted or redrawn, which are not right or wrong. */
  let values = false;
  let epoch = 0;
  let seen = { elements: 0, correct: 0 };
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
      values = "targets" in info || "latent" in info;
      plain.start(info);
      const unknown = { pace: "-", loss: "-", figure: "-", rates: "", left: "-" };
      shown = { total: info.totalSteps, step: info.step, payload: { epoch: `-/${epochs}`, ...unknown } };
      draw();
    },
    step: (report, line, progress) => {
      if (line.epoch !== epoch) seen = { elements: 0, correct: 0 };
      epoch = line.epoch;
      const elements = "images" in report ? report.images : report.positions;
      seen = { elements: seen.elements + elements, correct: seen.correct + report.correct };
      const payload = {
        epoch: `${epoch}/${epochs}`,
        pace: paceOf(line),
        loss: line.loss.toFixed(3),
        figure: values ? `MSE ${line.topLoss.toFixed(4)}` : percent(seen.correct / seen.elements),
        rates: ratesOf([line.perceptionRates, line.recallRates]),
        left: duration(progress.secondsLeft),
      };
      shown = { ...shown, step: progress.step, payload };
      bar.update(progress.step, payload);
    },
    metrics: (line, total) => {
      if (line.kind === "epoch") above(() => plain.metrics(line, total));
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

/** "  rates 0.12/0.15", of the networks that spike; nothing where none does. */
function ratesOf(networks: readonly (readonly number[])[]): string {
  const means = networks
    .filter((rates) => rates.length > 0)
    .map((rates) => (rates.reduce((sum, rate) => sum + rate, 0) / rates.length).toFixed(2));
  return means.length === 0 ? "" : `  rates ${means.join("/")}`;
}
