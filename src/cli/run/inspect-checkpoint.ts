/** A checkpoint or run folder: what was trained on what, how far, and the networks' stages. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { BispikeError } from "../../errors.ts";
import { describeShape, type Shape } from "../../network/shape.ts";
import { CHECKPOINT_FILES, type OpenedCheckpoint, openAnyCheckpoint } from "../../node/open.ts";
import { RUN_FILES } from "../../node/run-folder.ts";
import type { ProblemName } from "../../problems/problem.ts";
import type { AnyCheckpoint, CheckpointFor } from "../../training/checkpoint.ts";
import { renamed } from "../../training/metric-lines.ts";
import type { Best, Place } from "../../training/trainable.ts";
import { alignTable, printable } from "../table.ts";
import type { Findings } from "./inspect.ts";
import { describeAutoencoder } from "./inspect-autoencoder.ts";
import { describeImages } from "./inspect-images.ts";
import { describeSequence } from "./inspect-sequence.ts";
import { describeTensors, tensorTable } from "./inspect-tensors.ts";
import { counted } from "./words.ts";

/** What a problem says of its checkpoints. */
export interface Description {
  /** Of sequences or the like; empty for images in classes. */
  readonly of: string;
  /** For programs. */
  readonly kind: string;
  /** Further facts for programs. */
  readonly facts?: object;
  /** Rows about data, network and rule. */
  readonly about: readonly string[][];
  /** The best score in words. */
  readonly best: (best: Best) => string;
  /** Rows at the end. */
  readonly results?: readonly string[][];
  /** Networks whose parameters are counted: perception's drive a stage from below, recall's from above, feedback weights send errors to it. */
  readonly networks: readonly ("perception" | "recall" | "feedback")[];
  /** Whether a network without parameters has no column. */
  readonly hidesEmpty?: boolean;
  /** From the stimulus up. */
  readonly stages: readonly StageSummary[];
  /** Stands above the tensors. */
  readonly note?: string;
}

export type StageSummary =
  | { readonly role: string; readonly shape: Shape }
  /** Neurons, symbols or values. */
  | { readonly role: string; readonly width: number };

const DESCRIBE: {
  readonly [P in ProblemName]: (checkpoint: CheckpointFor<P>, summary: StoredSummary | null) => Description;
} = { classify: describeImages, sequence: describeSequence, autoencode: describeAutoencoder };

/** Everything there is to say of a checkpoint; of a run's best one (else its last) when `path` is a folder. */
export function inspectCheckpoint(path: string, { file, checkpoint }: OpenedCheckpoint<AnyCheckpoint>): Findings {
  const { config, data, position, tensors, version } = checkpoint;
  const { train } = config;
  const { last, summary } = besideCheckpoint(path, file);
  const describe = DESCRIBE[checkpoint.problem] as (of: AnyCheckpoint, summary: StoredSummary | null) => Description;
  const described = describe(checkpoint, summary);
  const counts = (prefix: string) =>
    Object.fromEntries(
      described.networks.map((network) => [network, parametersOf(`${network}.${prefix}`, tensors)]),
    ) as Record<Description["networks"][number], number>;
  const parameters = counts("");
  const stages = described.stages.map((stage, k) => ({ stage: k + 1, ...stage, ...counts(`stage${k + 1}.`) }));
  const columns = described.networks.filter((network) => !described.hidesEmpty || parameters[network] > 0);
  const cells = (of: typeof parameters) => columns.map((network) => parameterCount(of[network]));
  const size = (stage: StageSummary) => ("shape" in stage ? describeShape(stage.shape) : `${stage.width}`);
  const sized = "shape" in described.stages[0]! ? "shape" : "width";
  const best = position.best ?? last?.best;
  const overview = [
    ["name", config.name],
    ...described.about,
    [
      "training",
      `seed ${train.seed}, ${counted(train.epochs, "epoch")}, batch ${train.batch}, learning rate ${train.learningRate} (${train.schedule}), weight decay ${train.weightDecay}`,
    ],
    ["position", describePosition(position)],
    ...(last ? [["last saved", describePosition(last)]] : []),
    ...(best ? [["best", `${described.best(best)}, after epoch ${best.epoch}`]] : []),
    ...(described.results ?? []),
  ];
  const table = [
    ["stage", "", sized, ...columns],
    ...stages.map((stage) => [`${stage.stage}`, stage.role, size(stage), ...cells(stage)]),
    ["", "", "parameters", ...cells(parameters)],
  ];
  return {
    json: {
      kind: described.kind,
      file,
      version,
      config,
      data,
      position,
      last,
      summary,
      ...described.facts,
      parameters,
      stages,
      tensors: describeTensors(tensors),
    },
    text: [
      `${printable(file)}: bispike checkpoint${described.of}, version ${version}`,
      alignTable(overview, "ll"),
      alignTable(table, sized === "shape" ? "rllrr" : "rlrrrr"),
      ...(described.note ? [described.note] : []),
      tensorTable(tensors),
    ].join("\n\n"),
  };
}

/** How far training came, in words. */
export function describePosition({ step, epoch, batch }: Pick<Place, "step" | "epoch" | "batch">): string {
  return `step ${step}, ${counted(epoch, "epoch")} done${batch > 0 ? ` and ${counted(batch, "batch", "batches")} of the next` : ""}`;
}

/** Where the run stood at its last save; null when that was before the first. */
function lastPosition(folder: string): AnyCheckpoint["position"] | null {
  try {
    return openAnyCheckpoint(folder, "last").checkpoint.position;
  } catch (error) {
    // The best checkpoint is whole and was asked about; a damaged last one is reported by whoever resumes.
    if (error instanceof BispikeError) return null;
    throw error;
  }
}

/** `summary.json` as it was read. */
export type StoredSummary = Readonly<Record<string, unknown>>;

/** The results a finished run wrote; null where there are none. */
function readSummary(file: string): StoredSummary | null {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return null;
  try {
    const summary: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof summary === "object" && summary !== null) return renamed(summary) as StoredSummary;
  } catch {
    // Told apart below from a summary that is JSON of another kind, which is no better.
  }
  throw new BispikeError("checkpoint", `${file}: expected a JSON object; remove the file, or restore the run folder`);
}

/** What stands beside a checkpoint where `path` is a run folder: where the run's last save stands, unless that is the checkpoint itself, and the finished run's results. */
function besideCheckpoint(path: string, file: string) {
  const isRun = statSync(path).isDirectory();
  return {
    last: isRun && !file.endsWith(CHECKPOINT_FILES.last) ? lastPosition(path) : null,
    summary: isRun ? readSummary(join(path, RUN_FILES.summary)) : null,
  };
}

/** A number of parameters for a table; "-" for none. */
const parameterCount = (parameters: number) => (parameters === 0 ? "-" : parameters.toString());

/** Trained numbers of a layer; running means and variances are measured, not trained. */
function parametersOf(prefix: string, tensors: AnyCheckpoint["tensors"]): number {
  let sum = 0;
  for (const [name, { data }] of tensors) {
    if (name.startsWith(prefix) && !/\.norm\.(mean|variance)$/.test(name)) sum += data.length;
  }
  return sum;
}
