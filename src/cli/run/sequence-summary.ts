/** The end of a sequence run: the test part is looked at once, with the weights the held-out part chose; results and curves go into the run folder. */
import { type NaiveForecasts, naiveForecasts } from "../../measurement/naive-forecast.ts";
import { evaluateSequence, type SequenceEvaluation } from "../../measurement/sequence.ts";
import type { Slot } from "../../network/slots.ts";
import { peakMemory } from "../../node/environment.ts";
import { RUN_FILES, type RunFolder } from "../../node/run-folder.ts";
import type { SequenceExperiment } from "../../training/experiment.ts";
import type { Judge } from "../../training/judge.ts";
import type { SequenceRuleConfig, Task } from "../../training/sequence/config.ts";
import { importSlots } from "../../training/slots.ts";
import type { TrainingResult } from "../../training/trainer.ts";
import { PICTURES } from "./summary.ts";

/** `summary.json` of a sequence run. */
export interface SequenceRunSummary {
  readonly name: string;
  readonly seed: number;
  readonly task: Task;
  readonly rule: SequenceRuleConfig["name"];
  /** Name of the text or series. */
  readonly data: string;
  /** With the weights tested; null where the data have no such part, or it was not looked at (`judgedBy`). */
  readonly test: SequenceEvaluation | null;
  readonly heldOut: SequenceEvaluation | null;
  /** Values: forecasts that need no learning, on the test part; null for characters or without a test part. */
  readonly naive: NaiveForecasts | null;
  readonly bestEpoch: number | null;
  readonly epochs: number;
  readonly steps: number;
  /** The most memory the process held for training and tests (resident set), in bytes; of its last session, where it was resumed. */
  readonly peakMemory: number;
  /** Of training, evaluation of the held-out part included. */
  readonly seconds: number;
  readonly positionsPerSecond: number;
  readonly parameters: Parameters;
  /** Whether the test part was looked at. */
  readonly judgedBy: Judge;
  /** Whose weights were tested. */
  readonly checkpoint: "best" | "last";
  readonly runFolder: string;
}

/** Learned numbers of each network, and of feedback weights where a rule has its own. */
export interface Parameters {
  readonly perception: number;
  readonly recall: number;
  readonly feedback: number;
}

/** Counts learned numbers by the first word of the tensors' names; a norm's running statistics are measured, not learned. */
export function countParameters(learner: { slots(optimiser: boolean): Iterable<Slot> }): Parameters {
  const counts = { perception: 0, recall: 0, feedback: 0 };
  for (const { name, shape } of learner.slots(false)) {
    const network = name.slice(0, name.indexOf(".")) as keyof Parameters;
    if (!/\.norm\.(mean|variance)$/.test(name)) counts[network] += shape.reduce((a, b) => a * b, 1);
  }
  return counts;
}

/**
 * @param judge held-out: the test part is not looked at
 * @param pause awaited between batches; may throw to give up
 */
export async function finishSequenceRun(
  experiment: SequenceExperiment,
  folder: RunFolder,
  result: TrainingResult,
  pause: () => Promise<void>,
  judge: Judge,
): Promise<SequenceRunSummary> {
  const { learner, sequence, config, task } = experiment;
  const { set, about, windows } = sequence;
  const best = result.best ? folder.best() : undefined;
  if (best) importSlots(learner.slots(false), best.tensors);
  const measure = (part: "heldOut" | "test") =>
    windows[part].length > 0 ? evaluateSequence(learner, set, about, set.parts[part], pause) : null;
  const heldOut = await measure("heldOut");
  const test = judge === "test" ? await measure("test") : null;
  const naive = about.kind === "series" && test ? naiveForecasts(set, about, set.parts.test) : null;
  // Before the drawing packages come, which are no part of it.
  const memory = peakMemory();
  // They take half a second to load: not before they are needed.
  const { writeCurves } = await import("../../node/figures.ts");
  writeCurves(folder.file(RUN_FILES.metrics), folder.file(PICTURES.curves));
  const positions = windows.train.length * about.window * config.train.epochs;
  const summary: SequenceRunSummary = {
    name: config.name,
    seed: config.train.seed,
    task: config.task,
    rule: config.rule.name,
    data: about.name,
    test,
    heldOut,
    naive,
    bestEpoch: result.best?.epoch ?? null,
    epochs: config.train.epochs,
    steps: task.totalSteps,
    peakMemory: memory,
    seconds: result.seconds,
    positionsPerSecond: positions / result.seconds,
    parameters: countParameters(learner),
    judgedBy: judge,
    checkpoint: best ? "best" : "last",
    runFolder: folder.path,
  };
  // Last: a folder with a summary is a finished run.
  folder.writeJson(RUN_FILES.summary, summary);
  return summary;
}
