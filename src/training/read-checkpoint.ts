/**
 * Reads checkpoints of every problem. Untrusted bytes: data only, every field checked. Version 1 had three layouts, told apart by `kind`, and other names for some settings (`fromVersion1`).
 */
import { BispikeError } from "../errors.ts";
import type { SafetensorsFile, Tensor } from "../formats/safetensors.ts";
import type { DataSummary } from "../nets/model.ts";
import { autoencodeSums } from "../problems/autoencode.ts";
import { classifySums } from "../problems/classify.ts";
import type { ProblemName, SumsShape } from "../problems/problem.ts";
import { sequenceSums } from "../problems/sequence.ts";
import { type AnyConfig, completeAnyConfig, experimentKind } from "./any-config.ts";
import { checkSummary } from "./check-summary.ts";
import {
  type AnyCheckpoint,
  type AutoencoderCheckpoint,
  type Checkpoint,
  type CheckpointFor,
  CLASS_MEANS,
  FILE,
  meansShape,
  type Position,
  type SequenceCheckpoint,
} from "./checkpoint.ts";
import type { SequenceConfig } from "./config.ts";
import { copyRaw } from "./config-raw.ts";
import { trainsRecall } from "./nets-and-rules.ts";
import { fromVersion1 } from "./settings/settings.ts";
import { readSealed, unseal } from "./unseal.ts";

/** What version 1 called its files; that of images has kept its name. */
const VERSION_1_KINDS: Readonly<Record<string, ProblemName>> = {
  [FILE.kind]: "classify",
  "bispike-sequence": "sequence",
  "bispike-autoencoder": "autoencode",
};

/** Whether a safetensors file that calls itself this is a checkpoint; exported weights are not, nor are other programs' files. */
export function isCheckpointKind(kind: string | undefined): boolean {
  return kind !== undefined && Object.hasOwn(VERSION_1_KINDS, kind);
}

/**
 * Reads a checkpoint of any problem. Untrusted bytes: data only, every field checked.
 *
 * @param source file name for error messages. Default: "checkpoint"
 * @throws BispikeError "checkpoint" for damaged or foreign files and newer versions
 * @example
 * const checkpoint = decodeAnyCheckpoint(readFileSync("best.safetensors"), "best.safetensors");
 * if (checkpoint.problem === "sequence") checkpoint.data.window;
 */
export function decodeAnyCheckpoint(bytes: Uint8Array, source = "checkpoint"): AnyCheckpoint {
  return readSealed(bytes, source, readCheckpoint);
}

/**
 * As `decodeAnyCheckpoint`, of images and their classes.
 *
 * @throws BispikeError "checkpoint" also for a checkpoint of another problem
 * @example
 * const { config, data, tensors } = decodeCheckpoint(readFileSync("best.safetensors"), "best.safetensors");
 * const model = createModel(team, config, data);
 * importState(model, tensors, { optimiser: false });
 */
export function decodeCheckpoint(bytes: Uint8Array, source = "checkpoint"): Checkpoint {
  const checkpoint = decodeAnyCheckpoint(bytes, source);
  assertProblem(checkpoint, "classify", source);
  return checkpoint;
}

/** As `decodeAnyCheckpoint`, of a text or series. @throws BispikeError "checkpoint" also for a checkpoint of another problem */
export function decodeSequenceCheckpoint(bytes: Uint8Array, source = "checkpoint"): SequenceCheckpoint {
  const checkpoint = decodeAnyCheckpoint(bytes, source);
  assertProblem(checkpoint, "sequence", source);
  return checkpoint;
}

/** As `decodeAnyCheckpoint`, of an autoencoder. @throws BispikeError "checkpoint" also for a checkpoint of another problem */
export function decodeAutoencoderCheckpoint(bytes: Uint8Array, source = "checkpoint"): AutoencoderCheckpoint {
  const checkpoint = decodeAnyCheckpoint(bytes, source);
  assertProblem(checkpoint, "autoencode", source);
  return checkpoint;
}

const SUMS: Readonly<Record<ProblemName, SumsShape>> = {
  classify: classifySums,
  sequence: sequenceSums,
  autoencode: autoencodeSums,
};
const PROBLEM_OF = { images: "classify", sequences: "sequence", autoencoder: "autoencode" } as const;

/** The problem a configuration is of. */
export function problemOf(config: AnyConfig): ProblemName {
  return PROBLEM_OF[experimentKind(config)];
}

/** Checks every field of a file. */
function readCheckpoint(file: SafetensorsFile): AnyCheckpoint {
  const before = VERSION_1_KINDS[file.metadata.get("kind") ?? ""];
  if (!before) throw new BispikeError("checkpoint", "is a safetensors file, but not a bispike checkpoint");
  const { version, tensors, field } = unseal(file, FILE);
  const said = version === 1 ? fromVersion1(field("config")) : field("config");
  const config = completeAnyConfig(copyRaw(said));
  const problem = problemOf(config);
  const named = version === 1 ? before : field("problem");
  if (named !== problem)
    throw new BispikeError(
      "checkpoint",
      `metadata problem: expected ${problem}, as its configuration has it, got ${named}`,
    );
  const told = field("position");
  const position = checkPosition(version === 1 ? positionFromVersion1(told) : told, SUMS[problem]);
  const own = OWN[problem]({ config, version, tensors, data: field("data") });
  return { problem, version, config, position, tensors, ...own } as AnyCheckpoint;
}

/** What of a file a problem reads by itself. */
interface Sealed {
  readonly config: AnyConfig;
  readonly version: number;
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly data: unknown;
}

/** What each problem has beside configuration, position and tensors. */
const OWN: Readonly<Record<ProblemName, (sealed: Sealed) => object>> = {
  classify: ({ tensors, data: said }) => {
    const data = checkData(said);
    const means = tensors.get(CLASS_MEANS);
    const size = meansShape(data).join(", ");
    if (means?.dtype !== "F32" || means.shape.join(", ") !== size)
      throw new BispikeError("checkpoint", `tensor ${CLASS_MEANS}: expected F32 [${size}]`);
    return { data, classMeans: means.data };
  },
  sequence: ({ config, version, data: said }) => {
    const data = checkSummary(version === 1 ? summaryFromVersion1(said) : said);
    const { task } = config as SequenceConfig;
    if (data.task !== (task === "next-character" ? "next" : task))
      throw new BispikeError("checkpoint", `metadata data: expected a summary of task ${task}, got ${data.task}`);
    return { data };
  },
  autoencode: ({ data }) => ({ data: checkData(data) }),
};

/** A position of version 1 in today's words; anything else is left for the check to refuse. */
function positionFromVersion1(value: unknown): unknown {
  const position = value as { best?: { accuracy?: number; score?: number; epoch: number } | null; sums?: object };
  if (typeof position !== "object" || position === null || typeof position.sums !== "object") return value;
  const { silent, ...sums } = position.sums as { silent?: unknown };
  const { best } = position;
  return {
    ...position,
    sums: silent === undefined ? sums : { ...sums, dead: silent },
    best: best && { score: best.score ?? best.accuracy, epoch: best.epoch },
  };
}

/** A summary of version 1 in today's words; anything else is left for the check to refuse. */
function summaryFromVersion1(value: unknown): unknown {
  const summary = value as { parts?: { heldOut?: unknown } } | null;
  if (!summary?.parts?.heldOut) return value;
  const { heldOut, ...parts } = summary.parts;
  return { ...summary, parts: { ...parts, validation: heldOut } };
}

/** The summary of image data in a checkpoint, every field checked. */
export function checkData(value: unknown): DataSummary {
  const data = value as DataSummary;
  const sizes = [data?.shape?.height, data?.shape?.width, data?.shape?.channels];
  const numbers = (list: unknown) =>
    Array.isArray(list) && list.length === sizes[2] && list.every((x) => Number.isFinite(x));
  const names = data?.classNames;
  if (
    typeof data?.name !== "string" ||
    !sizes.every((size) => Number.isInteger(size) && size > 0 && size <= 65535) ||
    !(
      Array.isArray(names) &&
      names.length > 1 &&
      names.length <= 65536 &&
      names.every((name) => typeof name === "string")
    ) ||
    !numbers(data.statistics?.mean) ||
    !numbers(data.statistics?.std)
  ) {
    throw new BispikeError(
      "checkpoint",
      "metadata data: expected name, shape, classNames and statistics of the training data",
    );
  }
  return data;
}

function checkPosition(value: unknown, shape: SumsShape): Position {
  const { step, epoch, batch, sums, best } = (value ?? {}) as Partial<Position>;
  const isCount = (count: unknown) => Number.isInteger(count) && (count as number) >= 0;
  const fits = {
    count: isCount,
    number: Number.isFinite,
    numbers: (list: unknown) => Array.isArray(list) && list.every(Number.isFinite),
  };
  const wrong = [
    ...Object.entries({ step, epoch, batch }).filter(([, count]) => !isCount(count)),
    ...(best === null || (Number.isFinite(best?.score) && isCount(best?.epoch)) ? [] : [["best"]]),
    ...Object.entries(shape).flatMap(([key, kind]) => (fits[kind](sums?.[key]) ? [] : [[`sums.${key}`]])),
    ...Object.keys(sums ?? {}).flatMap((key) => (Object.hasOwn(shape, key) ? [] : [[`sums.${key}`]])),
  ];
  if (wrong.length > 0)
    throw new BispikeError(
      "checkpoint",
      `metadata position: expected the counters of a training run; ${wrong[0]![0]} is none of one`,
    );
  return { step: step!, epoch: epoch!, batch: batch!, sums: sums!, best: best! };
}

/**
 * @throws BispikeError "checkpoint" for a checkpoint of another problem
 */
export function assertProblem<P extends ProblemName>(
  checkpoint: AnyCheckpoint,
  problem: P,
  source: string,
): asserts checkpoint is CheckpointFor<P> {
  if (checkpoint.problem !== problem) throw foreign(EXPERIMENT[problem], checkpoint, source);
}

/**
 * @param what what needs recall, such as "bispike recall"
 * @throws BispikeError "usage" where the rule trained perception alone
 */
export function assertRecall({ config }: Checkpoint, source: string, what: string): void {
  const { name } = config.rule;
  if (trainsRecall(config.rule)) return;
  const rule = name === "bsd" ? "bsd with rule.codes random" : name;
  throw new BispikeError(
    "usage",
    `${what} needs a recall network, but rule ${rule} of ${source} trains perception alone; use a run by rule bsd, or bispike eval and predict with this one`,
  );
}

const EXPERIMENT: Readonly<Record<ProblemName, string>> = {
  classify: "an image",
  sequence: "a sequence",
  autoencode: "an autoencoder",
};

/** Commands that use a net of each kind; eval, inspect and plot take any. */
const COMMANDS: Readonly<Record<ProblemName, string>> = {
  // A rival on images has no recall, so the message names what any run of them can do.
  classify: "bispike predict",
  sequence: "bispike recall, generate (texts) or forecast (series)",
  autoencode: "bispike reconstruct or sample",
};

function foreign(expected: string, { problem, config, data }: AnyCheckpoint, source: string): BispikeError {
  const got = {
    classify: `images (${data.name})`,
    sequence: `sequences (task ${"task" in config ? config.task : ""})`,
    autoencode: `an autoencoder (${data.name})`,
  }[problem];
  return new BispikeError(
    "checkpoint",
    `${source}: expected a checkpoint of ${expected} experiment, got one of ${got}; use it with ${COMMANDS[problem]}`,
  );
}
