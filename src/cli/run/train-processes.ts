/** The work of `bispike train --processes`: starts a process for each part of a pair on this machine, and joins what they learned. */
import { argv } from "node:process";
import { loadDataset } from "../../data/load.ts";
import { balancedCuts, stageWork } from "../../distributed/balance.ts";
import { assertCuttable } from "../../distributed/part.ts";
import { checkTiming } from "../../distributed/timing.ts";
import { BispikeError } from "../../errors.ts";
import { describeStages, rangesOf, type StageRange } from "../../network/stage-range.ts";
import { type Child, startChild } from "../../node/child.ts";
import { partsOf } from "../../node/part-folder.ts";
import { coreCount } from "../../node/threads.ts";
import type { ExperimentConfig } from "../../training/config.ts";
import { pluginArguments } from "../plugins.ts";
import { EXIT } from "../report.ts";
import { joinInto } from "./join.ts";
import { createReporter } from "./reporter.ts";
import { watchSignals } from "./signals.ts";
import { type CutRequest, readRequest } from "./train-part.ts";

export interface ProcessesRequest extends CutRequest {
  readonly processes: number;
  /** Last stages of all parts but the last one. Default: balanced. */
  readonly cut?: readonly number[];
}

export async function trainProcesses(request: ProcessesRequest): Promise<void> {
  const { config, run } = readRequest(request);
  assertCuttable(config);
  checkTiming(config, request);
  const ranges = await rangesFor(request, config, run);
  const threads = config.train.threads || Math.max(1, Math.floor(coreCount() / ranges.length));
  const ended = await runParts(ranges, run, request, threads);
  if (!ended) {
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

async function rangesFor(
  { processes, cut, resume }: ProcessesRequest,
  config: ExperimentConfig,
  run: string,
): Promise<StageRange[]> {
  const { network, data } = config;
  const stages = network.hidden.length + 2;
  const before = resume === undefined ? [] : partsOf(run);
  if (before.length > 0) {
    if (before.length !== processes)
      throw new BispikeError(
        "usage",
        `--processes: ${run} was begun with ${before.length} parts (stages ${before.map(describeStages).join(", ")}), which stay; got ${processes}`,
      );
    return before;
  }
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

/** Trains all parts to their end. False when a signal stopped them. */
async function runParts(
  ranges: readonly StageRange[],
  run: string,
  request: ProcessesRequest,
  threads: number,
): Promise<boolean> {
  const children: Child[] = [];
  const signal = watchSignals(() => {
    process.stderr.write("bispike: stopping all parts and saving; once more to quit at once\n");
    for (const child of children) child.stop();
  });
  try {
    let below: string | undefined;
    for (const [k, range] of ranges.entries()) {
      const top = k === ranges.length - 1;
      const { child, address } = startPart(range, { run, request, threads, listens: !top, below });
      children.push(child);
      if (!top) below = await address;
    }
    const ends = await Promise.all(children.map(({ ended }) => ended));
    if (ends.every(({ code }) => code === 0)) return true;
    if (signal.stopped() && ends.every(({ code }) => code === 0 || code === EXIT.interrupted)) return false;
    throw firstCause(ends, ranges);
  } finally {
    signal.dispose();
  }
}

interface PartStart {
  readonly run: string;
  readonly request: ProcessesRequest;
  readonly threads: number;
  readonly listens: boolean;
  readonly below: string | undefined;
}

/** `address`: where it listens, once it does. */
function startPart(
  range: StageRange,
  { run, request, threads, listens, below }: PartStart,
): { child: Child; address: Promise<string> } {
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
    else if (json && event !== "step") process.stdout.write(`${line}\n`);
    else if (!quiet && event !== "step")
      process.stdout.write(`stages ${describeStages(range)}: ${event} ${words(fields)}\n`);
  });
  const early = child.ended.then((end) => {
    throw firstCause([end], [range]);
  });
  early.catch(() => {});
  const address = Promise.race([listening, early]);
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

/** What the part said that failed by itself; the others only lost it. */
function firstCause(
  ends: readonly { code: number | null; signal: string | null; stderr: string }[],
  ranges: readonly StageRange[],
): BispikeError {
  const failed = ends.flatMap(({ code, signal, stderr }, k) =>
    code === 0 || code === EXIT.interrupted
      ? []
      : [{ stages: describeStages(ranges[k]!), text: stderr.trim().replace(/^bispike: /, ""), code, signal }],
  );
  const own = failed.find(({ text }) => !text.startsWith("the part ")) ?? failed[0];
  if (!own) return new BispikeError("platform", "the parts did not end together; start them again with --resume");
  const what = own.text || (own.signal ? `was ended by ${own.signal}` : `ended with exit code ${own.code}`);
  return new BispikeError(
    own.code === EXIT.usage ? "usage" : "platform",
    `the process with stages ${own.stages}: ${what}`,
  );
}
