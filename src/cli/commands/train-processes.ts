import { existsSync } from "node:fs";
import { argv } from "node:process";
import { balancedCuts, stageWork } from "../../cluster/balance.ts";
import { assertCuttable } from "../../cluster/part.ts";
import {
  makePartFolders,
  PARTS_FOLDER,
  partFolder,
  partsOf,
  resumeCommand,
  savedSteps,
} from "../../cluster/part-folder.ts";
import { checkTiming } from "../../cluster/train-part.ts";
import { loadDataset } from "../../data/load.ts";
import { BispikeError } from "../../errors.ts";
import { areWhole, describeStages, rangesOf, type StageRange } from "../../nets/pair.ts";
import { type Child, type ChildEnd, startChild } from "../../node/child.ts";
import { assertEmpty, RunFolder } from "../../node/run-folder.ts";
import { coreCount } from "../../node/threads.ts";
import type { ExperimentConfig } from "../../training/config.ts";
import { pluginArguments } from "../plugins.ts";
import { EXIT, watchSignals } from "../process.ts";
import { createReporter } from "../report/training.ts";
import { joinInto } from "./join.ts";
import { type CutRequest, readRequest } from "./train-part.ts";

/** How `bispike train --processes` cuts a pair: as asked for, or balanced; a run that was begun keeps its cut. */

export interface CutChoice {
  readonly processes: number;
  /** Last stages of all parts but the last one. Default: balanced. */
  readonly cut?: readonly number[];
  readonly resume?: string | true;
}

/**
 * The parts' stages, from the stimulus up.
 *
 * @throws BispikeError "usage" for cuts the pair does not have, or other ones than the run was begun with
 */
export async function rangesFor(request: CutChoice, config: ExperimentConfig, run: string): Promise<StageRange[]> {
  const { processes, cut, resume } = request;
  const before = resume === undefined ? [] : partsOf(run);
  if (before.length === 0) return askedRanges(request, config);
  const words = before.map(describeStages).join(", ");
  if (areWhole(before, config.network.hidden.length + 2)) {
    const begun = `${run} was begun with ${before.length} parts (stages ${words}), which stay`;
    if (before.length !== processes) throw new BispikeError("usage", `--processes: ${begun}; got ${processes}`);
    const cuts = before.slice(0, -1).map(({ last }) => last);
    if (cut && cut.join() !== cuts.join())
      throw new BispikeError("usage", `--cut: ${begun}: expected ${cuts.join() || "none"}, got ${cut.join()}`);
    return before;
  }
  // Parts begun anew would have the others begin again, too.
  if (before.some((range) => savedSteps(partFolder(run, range)).length > 0))
    throw new BispikeError(
      "usage",
      `${run}: holds stages ${words} alone of a training in parts; copy the folders of its other parts into ${run}/${PARTS_FOLDER}, or go on with each where it is by --stages`,
    );
  const asked = await askedRanges(request, config);
  const names = asked.map(describeStages);
  if (!before.every((range) => names.includes(describeStages(range))))
    throw new BispikeError(
      "usage",
      `${run}: was begun with stages ${words}, and ${processes} processes would have stages ${names.join(", ")}: give --cut as it was begun, or choose another folder with --out`,
    );
  makePartFolders(run, asked);
  return asked;
}

/** The cut asked for, or else a balanced one. */
async function askedRanges({ processes, cut }: CutChoice, { network, data }: ExperimentConfig): Promise<StageRange[]> {
  const stages = network.hidden.length + 2;
  if (cut) {
    const rising = cut.every((after, k) => after >= 1 && after < stages && after > (cut[k - 1] ?? 0));
    if (!rising || cut.length !== processes - 1)
      throw new BispikeError(
        "usage",
        `--cut: expected ${processes - 1} rising stages from 1 to ${stages - 1}, after which to cut, got ${cut.join(",")}`,
      );
    return rangesOf(cut, stages);
  }
  const { shape, classes } = await loadDataset(data);
  const concept = network.target === "one-hot" ? classes : network.targetSize || 4 * classes;
  return rangesOf(balancedCuts(stageWork(network, shape, concept), processes, network.stimulus === "direct"), stages);
}

/** Where some parts have begun, the others' folders tell a later session how the pair was cut. */
export function keepCut(run: string, ranges: readonly StageRange[]): void {
  const ours = ranges.map(describeStages);
  const there = partsOf(run);
  if (there.length > 0 && there.every((range) => ours.includes(describeStages(range)))) makePartFolders(run, ranges);
}

export interface ProcessesRequest extends CutRequest, Pick<CutChoice, "processes" | "cut"> {}

export async function trainProcesses(request: ProcessesRequest): Promise<void> {
  const { config, run } = whatAndWhere(request);
  assertCuttable(config);
  checkTiming(config, request);
  const ranges = await rangesFor(request, config, run);
  const threads = config.train.threads || Math.max(1, Math.floor(coreCount() / ranges.length));
  const ended = await runParts(ranges, run, request, threads);
  if (!ended) {
    tellStopped(run, request);
    process.exitCode = EXIT.interrupted;
    return;
  }
  const reporter = createReporter(request);
  try {
    await joinInto(run, request.overrides, reporter);
  } finally {
    reporter.close();
  }
}

/** A new run's folder is new or empty, or numbered where none is named, as that of a training in one process. */
function whatAndWhere(request: ProcessesRequest): { config: ExperimentConfig; run: string } {
  const { config, run: named } = readRequest(request);
  const { resume, out } = request;
  if (resume !== undefined)
    return { config, run: resume === true && out === undefined ? (RunFolder.latest(config) ?? named) : named };
  const run = out ?? RunFolder.unused(config);
  if (existsSync(run)) assertEmpty(run);
  return { config, run };
}

/** The parts have said, each for itself, where they stopped. */
function tellStopped(run: string, { json, processes }: ProcessesRequest): void {
  const command = resumeCommand(run);
  const what = command === undefined ? "stopped before anything was made" : `stopped; go on with: ${command}`;
  const fields = { event: "stopped", runFolder: run, processes };
  process.stdout.write(json ? `${JSON.stringify(fields)}\n` : `${what}\n`);
}

/** Trains all parts to their end. False when a signal stopped them. */
async function runParts(
  ranges: readonly StageRange[],
  run: string,
  request: ProcessesRequest,
  threads: number,
): Promise<boolean> {
  const children: Child[] = [];
  let stopping = false;
  // Once only: the second signal would have them quit without saving.
  const stopAll = () => {
    if (!stopping) for (const child of children) child.stop();
    stopping = true;
  };
  const signal = watchSignals(() => {
    process.stderr.write("bispike: stopping all parts and saving; once more to quit at once\n");
    stopAll();
  });
  try {
    let below: string | undefined;
    for (const [k, range] of ranges.entries()) {
      const top = k === ranges.length - 1;
      const { child, address } = startPart(range, { run, request, threads, listens: !top, below });
      children.push(child);
      // A part that is not reached yet would be waited for in vain.
      child.ended.then(({ code }) => code !== 0 && stopAll()).catch(() => {});
      if (!top) below = await address;
      if (stopping) break;
    }
    const ends = await Promise.all(children.map(({ ended }) => ended));
    if (ends.length === ranges.length && ends.every(({ code }) => code === 0)) return true;
    if (signal.stopped() && ends.every(stoppedOnly)) return false;
    throw firstCause(ends, ranges);
  } finally {
    signal.dispose();
    keepCut(run, ranges);
  }
}

/** Whether a part that was told to stop did no more than that, or lost one that did. The signal itself ends a process that is still starting. */
function stoppedOnly({ code, signal, stderr }: ChildEnd): boolean {
  return code === 0 || code === EXIT.interrupted || signal === "SIGTERM" || lostAnother(said(stderr));
}

function said(stderr: string): string {
  return stderr.trim().replace(/^bispike: /, "");
}

function lostAnother(text: string): boolean {
  return text.startsWith("the part ");
}

interface PartStart {
  readonly run: string;
  readonly request: ProcessesRequest;
  readonly threads: number;
  readonly listens: boolean;
  readonly below: string | undefined;
}

/** `address`: where it listens, once it does; undefined where it ends before. */
function startPart(
  range: StageRange,
  { run, request, threads, listens, below }: PartStart,
): { child: Child; address: Promise<string | undefined> } {
  const { file, resume, overrides, depth, saveEvery, events, json, quiet } = request;
  const experiment = file === undefined ? [] : [file];
  const args = [
    ...[argv[1]!, "train", ...experiment, ...overrides, "--stages", describeStages(range), "--json"],
    ...(resume === undefined ? ["--out", run] : ["--resume", run]),
    ...["--threads", String(threads)],
    ...(listens ? ["--listen", "127.0.0.1:0"] : []),
    ...(below === undefined ? [] : ["--connect", below]),
    ...(depth === undefined ? [] : ["--depth", String(depth)]),
    ...(saveEvery === undefined ? [] : ["--save-every", String(saveEvery)]),
    ...(events ? ["--events"] : []),
    ...pluginArguments(),
  ];
  let told: (address: string) => void = () => {};
  const listening = new Promise<string>((resolve) => {
    told = resolve;
  });
  const child = startChild(args, (line) => {
    const { event, ...fields } = (jsonObject(line) ?? {}) as { event?: string; address?: string };
    // What a plugin prints is its own.
    if (event === undefined) process.stdout.write(`${line}\n`);
    else if (event === "listening") told(fields.address ?? "");
    else if (event === "connecting") return;
    else if (json && event !== "step") process.stdout.write(`${line}\n`);
    else if (!quiet && event !== "step")
      process.stdout.write(`stages ${describeStages(range)}: ${event} ${words(fields)}\n`);
  });
  const address = Promise.race([listening, child.ended.then(() => undefined)]);
  // The topmost part's is not waited for.
  address.catch(() => {});
  return { child, address };
}

function jsonObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const said: unknown = JSON.parse(line);
    return typeof said === "object" && said !== null ? (said as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

function words(fields: Readonly<Record<string, unknown>>): string {
  const plain = Object.entries(fields).filter(([key, value]) => key !== "stages" && typeof value !== "object");
  return plain
    .map(([key, value]) => `${key} ${typeof value === "number" ? Math.round(value * 100) / 100 : value}`)
    .join(", ");
}

/** What the part said that failed by itself; the others only lost it, or were told to stop. */
function firstCause(ends: readonly ChildEnd[], ranges: readonly StageRange[]): BispikeError {
  const failed = ends.flatMap(({ code, signal, stderr }, k) =>
    code === 0 || code === EXIT.interrupted
      ? []
      : [{ stages: describeStages(ranges[k]!), text: said(stderr), code, signal }],
  );
  const own = failed.filter(({ text }) => !lostAnother(text));
  const cause = own.find(({ text }) => text !== "") ?? own[0] ?? failed[0];
  if (!cause) return new BispikeError("platform", "the parts did not end together; start them again with --resume");
  const what = cause.text || (cause.signal ? `was ended by ${cause.signal}` : `ended with exit code ${cause.code}`);
  return new BispikeError(
    cause.code === EXIT.usage ? "usage" : "platform",
    `the process with stages ${cause.stages}: ${what}`,
  );
}
