import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Neighbours } from "../../cluster/join.ts";
import { limitsOf } from "../../cluster/link.ts";
import { createPart, type Part } from "../../cluster/part.ts";
import { PartFolder, partFolder, partsConfig } from "../../cluster/part-folder.ts";
import { connectToPart, describeAddress, listenForPart, parseAddress } from "../../cluster/socket-channel.ts";
import {
  checkTiming,
  type PartResult,
  type PartStep,
  type PartTiming,
  timingDefaults,
  trainPart,
} from "../../cluster/train-part.ts";
import { loadDataset } from "../../data/load.ts";
import { BispikeError } from "../../errors.ts";
import { describeStages, parseStages, type StageRange } from "../../nets/pair.ts";
import { writeDurably } from "../../node/durable.ts";
import { createTeam } from "../../node/open.ts";
import { RUNS_FOLDER } from "../../node/run-folder.ts";
import { packageVersion } from "../../node/version.ts";
import type { ExperimentConfig } from "../../training/config.ts";
import { readExperiment } from "../../training/config-file.ts";
import { breathe, EXIT, quitOnSignal, watchSignals } from "../process.ts";

import { duration } from "../report/tables.ts";

/** What a process tells that trains a part of a pair: lines for a person, or one JSON object a line. */

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

/** What is asked of one part and of all parts alike. */
export interface CutRequest extends PartTiming {
  readonly file?: string;
  readonly overrides: readonly string[];
  readonly out?: string;
  readonly resume?: string | true;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly events?: boolean;
}

export interface TrainPartRequest extends CutRequest {
  /** "1-3". */
  readonly stages: string;
  /** Where the part above calls, and where the part below listens. */
  readonly listen?: string;
  readonly connect?: string;
}

/** A part below may still be loading its data. */
const CONNECT_SECONDS = 600;
const TIMING_FILE = "timing.json";
const STEP_LINES_AN_EPOCH = 20;

export async function trainPartRun(request: TrainPartRequest): Promise<void> {
  const range = parseStages(request.stages);
  const { config, run } = readRequest(request);
  checkTiming(config, request);
  const addresses = {
    ...(request.listen === undefined ? {} : { listen: parseAddress(request.listen) }),
    ...(request.connect === undefined ? {} : { connect: parseAddress(request.connect) }),
  };
  const dispose = quitOnSignal();
  const dataset = await loadDataset(config.data);
  const team = await createTeam(config.train.threads);
  try {
    const part = createPart(team, config, dataset, range);
    checkAddresses(part, request);
    const resumed = request.resume !== undefined;
    const folder = resumed ? PartFolder.open(run, range) : PartFolder.create(run, range, config);
    try {
      const timing = keepTiming(folder, request);
      const reporter = createPartReporter(range, request);
      const neighbours = await callNeighbours(part, addresses, reporter);
      // From here on signals are the session's.
      dispose();
      const result = await session({ part, folder, neighbours, reporter, timing, events: request.events ?? false });
      if (!result.finished) process.exitCode = EXIT.interrupted;
    } finally {
      folder.close();
    }
  } finally {
    dispose();
    await team.close();
  }
}

/** The folder and the experiment asked for. */
export function readRequest({ file, overrides, out, resume }: Omit<TrainPartRequest, "stages">): {
  config: ExperimentConfig;
  run: string;
} {
  const given = typeof resume === "string" ? resume : out;
  if (resume !== undefined && given !== undefined && file === undefined)
    return { config: partsConfig(given, overrides), run: given };
  if (file === undefined)
    throw new BispikeError(
      "usage",
      "expected an experiment's YAML file, or --resume RUN, the folder of a training in parts",
    );
  const config = readExperiment(file, overrides);
  return { config, run: given ?? join(RUNS_FOLDER, `${config.name}-seed${config.train.seed}`) };
}

/** Each neighbour needs an address: the part above calls us, we call the part below. */
function checkAddresses({ range, rule }: Part, { listen, connect }: TrainPartRequest): void {
  const top = range.last === rule.pair.stages;
  const fault = (message: string) => new BispikeError("usage", message);
  if (!top && listen === undefined)
    throw fault(
      `stages ${range.first} to ${range.last} of ${rule.pair.stages}: expected --listen ADDRESS for the part above`,
    );
  if (range.first > 1 && connect === undefined)
    throw fault(`stages ${range.first} to ${range.last}: expected --connect ADDRESS, where the part below listens`);
  if (top && listen !== undefined) throw fault("--listen: there is no part above the concept's stage");
  if (range.first === 1 && connect !== undefined) throw fault("--connect: there is no part below stage 1");
}

/** Depth and saving interval of the run: those it began with. */
function keepTiming(folder: PartFolder, { depth, saveEvery }: PartTiming): Required<PartTiming> {
  const file = join(partFolder(folder.run, folder.range), TIMING_FILE);
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Required<PartTiming>) : undefined;
  const timing = {
    depth: depth ?? kept?.depth ?? timingDefaults.depth,
    saveEvery: saveEvery ?? kept?.saveEvery ?? timingDefaults.saveEvery,
  };
  if (kept && (kept.depth !== timing.depth || kept.saveEvery !== timing.saveEvery)) {
    throw new BispikeError(
      "usage",
      `${folder.path}: the run began with --depth ${kept.depth} --save-every ${kept.saveEvery}, which stay: train anew for others`,
    );
  }
  writeDurably(file, `${JSON.stringify(timing)}\n`);
  return timing;
}

async function callNeighbours(
  { model }: Part,
  { listen, connect }: { listen?: ReturnType<typeof parseAddress>; connect?: ReturnType<typeof parseAddress> },
  reporter: PartReporter,
): Promise<Neighbours> {
  const neighbours: { above?: Neighbours["above"]; below?: Neighbours["below"] } = {};
  // Hellos come down from the top: first the part above, then the call to the one below.
  if (listen) {
    const listening = await listenForPart(listen, limitsOf(model.pair, "above"));
    reporter.listening(describeAddress(listening.address));
    neighbours.above = await listening.accept();
  }
  if (connect) {
    reporter.connecting(describeAddress(connect));
    neighbours.below = await connectToPart(connect, limitsOf(model.pair, "below"), { seconds: CONNECT_SECONDS });
  }
  return neighbours as Neighbours;
}

interface Session {
  readonly part: Part;
  readonly folder: PartFolder;
  readonly neighbours: Neighbours;
  readonly reporter: PartReporter;
  readonly timing: Required<PartTiming>;
  readonly events: boolean;
}

async function session({ part, folder, neighbours, reporter, timing, events }: Session): Promise<PartResult> {
  const { totalSteps, stepsPerEpoch, range } = part;
  const { run: runFolder } = folder;
  const every = Math.max(1, Math.floor(stepsPerEpoch / STEP_LINES_AN_EPOCH));
  const signal = watchSignals(() => reporter.stopping());
  let began = performance.now();
  let before = 0;
  let first = 0;
  const here = () => (performance.now() - began) / 1000;
  const seconds = () => before + here();
  let waitedSeconds = 0;
  let saved = -1;
  try {
    const result = await trainPart(part, neighbours, {
      ...timing,
      coding: events ? "events" : "bits",
      software: packageVersion(),
      saved: folder.saved(),
      load: (step) => folder.load(step),
      onStart: (step) => {
        before = folder.cut(step);
        first = step;
        began = performance.now();
        reporter.start({ runFolder, step, totalSteps, depth: timing.depth });
      },
      onStep: (step) => {
        waitedSeconds = step.waited / 1000;
        reporter.step(step, here());
        if (step.step % every !== 0) return;
        const imagesPerSecond = ((step.step - first) * part.trainIndices.length) / part.stepsPerEpoch / here();
        folder.addMetrics({ kind: "step", ...figures(step, part), imagesPerSecond, seconds: seconds() });
      },
      onEpoch: (epoch) => folder.addMetrics({ kind: "epoch", ...range, ...epoch, seconds: seconds() }),
      onSave: (step, bytes, regular) => {
        folder.save(step, bytes, regular);
        saved = step;
      },
      stopped: signal.stopped,
      pause: breathe,
    });
    const { step, traffic } = result;
    if (result.finished) reporter.done({ runFolder, step, seconds: here(), waitedSeconds, traffic });
    else reporter.stopped({ runFolder, step, totalSteps });
    return result;
  } catch (error) {
    if (!(error instanceof BispikeError) || saved < 0) throw error;
    throw new BispikeError(
      error.code,
      `${error.message}; this part is saved up to step ${saved}: start all parts again with --resume ${runFolder}`,
      { cause: error },
    );
  } finally {
    signal.dispose();
  }
}

/** A line of the part's `metrics.jsonl`. */
function figures({ step, epoch, learningRate, report, waited }: PartStep, { range }: Part): object {
  const { stageLosses, perceptionRates, recallRates } = report;
  const losses = stageLosses.slice(range.first - 1, range.last);
  return { step, epoch, ...range, losses, perceptionRates, recallRates, learningRate, waited };
}
