/** A checkpoint or run folder: what was trained on what, how far, and the networks' stages. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { BispikeError } from "../../errors.ts";
import type { SafetensorsFile, Tensor } from "../../formats/safetensors.ts";
import { describeShape } from "../../nets/shape.ts";
import { CHECKPOINT_FILES, type OpenedCheckpoint, openAnyCheckpoint } from "../../node/open.ts";
import { RUN_FILES } from "../../node/run-folder.ts";
import type { AnyCheckpoint } from "../../training/checkpoint.ts";
import { renamed } from "../../training/metrics.ts";
import type { Place } from "../../training/trainable.ts";
import { alignTable, counted, printable } from "../report/tables.ts";
import { DESCRIBE, type Description, type StageSummary, type StoredSummary } from "./inspect-problems.ts";

/** What an inspection found: for programs and for people. */
export interface Findings {
  readonly json: object;
  readonly text: string;
}

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

/** Longest piece of a metadata value that is shown to people. */
const SHOWN_METADATA = 200;

/** One line a tensor, for programs. */
export function describeTensors(tensors: ReadonlyMap<string, Tensor>): object[] {
  return [...tensors].map(([name, tensor]) => ({
    name,
    dtype: tensor.dtype,
    shape: tensor.shape,
    ...tensorStatistics(tensor),
  }));
}

/** The same as a table. */
export function tensorTable(tensors: ReadonlyMap<string, Tensor>): string {
  const rows = [...tensors].map(([name, tensor]) => {
    const statistics = tensorStatistics(tensor);
    const numbers = statistics
      ? [statistics.min, statistics.max, statistics.mean, statistics.std].map(short)
      : ["-", "-", "-", "-"];
    const remark = statistics && statistics.notFinite > 0 ? `${statistics.notFinite} not finite` : "";
    return [name, tensor.dtype, `[${tensor.shape.join(", ")}]`, ...numbers, remark];
  });
  return alignTable([["tensor", "type", "shape", "min", "max", "mean", "std"], ...rows], "lllrrrrl");
}

function short(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e9 ? value.toString() : value.toPrecision(4);
}

/** A safetensors file that is not a checkpoint. */
export function inspectTensors(file: string, { tensors, metadata }: SafetensorsFile): Findings {
  const elements = [...tensors.values()].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const rows = [...metadata].map(([key, value]) => [
    key,
    value.length > SHOWN_METADATA ? `${value.slice(0, SHOWN_METADATA)}...` : value,
  ]);
  return {
    json: {
      kind: "safetensors",
      file,
      elements,
      metadata: Object.fromEntries(metadata),
      tensors: describeTensors(tensors),
    },
    text: [
      `${printable(file)}: a safetensors file, not a bispike checkpoint: ${tensors.size} tensors, ${elements} elements`,
      ...(rows.length > 0 ? [alignTable([["metadata", ""], ...rows], "ll")] : []),
      ...(tensors.size > 0 ? [tensorTable(tensors)] : []),
    ].join("\n\n"),
  };
}

interface TensorStatistics {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Population standard deviation. */
  readonly std: number;
  /** Values that are NaN or infinite; the others make the statistics. */
  readonly notFinite: number;
}

/** Element types whose bytes are not numbers of JavaScript: their values are not read. */
const NUMERIC: ReadonlySet<Tensor["dtype"]> = new Set([
  "BOOL",
  "U8",
  "I8",
  "I16",
  "U16",
  "I32",
  "U32",
  "I64",
  "U64",
  "F32",
  "F64",
]);

/** Null for an empty tensor, one without finite values, or an element type that is kept as bytes (half precision and below). */
function tensorStatistics({ dtype, data }: Tensor): TensorStatistics | null {
  if (!NUMERIC.has(dtype)) return null;
  let [count, sum, min, max, notFinite] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (let i = 0; i < data.length; i++) {
    const value = Number(data[i]);
    if (!Number.isFinite(value)) {
      notFinite++;
      continue;
    }
    count++;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (count === 0) return null;
  const mean = sum / count;
  // A second pass: the difference of two large sums would lose a small deviation.
  let squares = 0;
  for (let i = 0; i < data.length; i++) {
    const value = Number(data[i]);
    if (Number.isFinite(value)) squares += (value - mean) ** 2;
  }
  return { min, max, mean, std: Math.sqrt(squares / count), notFinite };
}
