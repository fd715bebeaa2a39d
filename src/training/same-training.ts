/** Whether two configurations train the same thing, and whether a training can go on from a checkpoint: only as the training it was made by. */
import type { SequenceSummary } from "../data/sequence/task.ts";
import { BispikeError } from "../errors.ts";
import type { DataSummary } from "../nets/model.ts";
import type { AnyConfig } from "./any-config.ts";
import { modelConfig } from "./checkpoint.ts";
import { clip } from "./config-raw.ts";

/** Keys of `train` that change how a run goes, not what it learns. */
export const FREE: readonly string[] = ["threads", "checkpointSeconds"];

/** The same, for messages. */
export const FREE_KEYS = FREE.map((key) => `train.${key}`).join(" and ");

/** Keys that say where data lie: a run goes on where they were moved to, with the same data. */
export const PLACES: readonly string[] = ["data.path", "data.text", "data.series"];

/** What a resumed training may change, for messages. */
export const RESUMED_KEYS = `${FREE_KEYS}, and where the same data now lie (${PLACES.join(", ")})`;

/** A key that two configurations do not agree on. */
export interface Difference {
  /** Dotted. */
  readonly key: string;
  /** The values as JSON; "nothing" where there is none. */
  readonly first: string;
  readonly second: string;
}

/** Keys on which two configurations differ, those of `FREE` left out. @example differences(a, b)[0]?.key // "train.epochs" */
export function differences(first: AnyConfig, second: AnyConfig): Difference[] {
  return differingLeaves(first, second).filter(({ key }) => !FREE.some((free) => key === `train.${free}`));
}

/** Of those, what a resumed training may not change: where data lie it may, as what they are is compared for itself. */
export function incompatible(first: AnyConfig, second: AnyConfig): Difference[] {
  return differences(first, second).filter(({ key }) => !PLACES.includes(key));
}

/** Of any plain data; a list is one value. */
function differingLeaves(first: object, second: object): Difference[] {
  const [ours, theirs] = [leaves(first), leaves(second)];
  return [...new Set([...ours.keys(), ...theirs.keys()])]
    .map((key) => ({ key, first: ours.get(key) ?? "nothing", second: theirs.get(key) ?? "nothing" }))
    .filter((pair) => pair.first !== pair.second);
}

function leaves(value: unknown, key = "", found = new Map<string, string>()): Map<string, string> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    for (const [name, child] of Object.entries(value)) leaves(child, key === "" ? name : `${key}.${name}`, found);
  } else if (value !== undefined) found.set(key, JSON.stringify(value));
  return found;
}

/** What a checkpoint or an experiment is of, of images or sequences. */
interface Trained {
  readonly config: AnyConfig;
  readonly data: DataSummary | SequenceSummary;
  /** Of images in classes: each class's mean image, which tells other labels, too. */
  readonly classMeans?: Float32Array | undefined;
}

/**
 * Refuses to go on from a checkpoint of another training: its order, schedule and moments mean nothing to this one, which would go on without a word.
 *
 * @param experiment what is to be trained
 * @param checkpoint what a program gives as `resume`, not yet trusted
 * @throws BispikeError "usage" for what is no checkpoint, "checkpoint" that names the settings or the data that differ
 */
export function assertSameTraining(experiment: Trained, checkpoint: Trained): void {
  if (typeof checkpoint?.config !== "object" || typeof checkpoint.data !== "object")
    throw new BispikeError(
      "usage",
      `resume: expected a checkpoint as decodeCheckpoint gives it, got ${ArrayBuffer.isView(checkpoint) ? "its bytes" : `a ${typeof checkpoint}`}`,
    );
  // Names follow from other settings, which say more.
  const settings = incompatible(modelConfig(experiment.config), modelConfig(checkpoint.config)).sort(
    (a, b) => Number(a.key === "name") - Number(b.key === "name"),
  );
  if (settings.length > 0)
    throw new BispikeError(
      "checkpoint",
      `resume: the checkpoint was trained with other settings: ${inWords(settings)}; a resumed training may change only ${RESUMED_KEYS}: make the experiment by the checkpoint's config, or train anew, without resume`,
    );
  assertSameData(experiment.data, checkpoint.data);
  const [ours, theirs] = [experiment.classMeans, checkpoint.classMeans];
  if (ours && theirs && ours.some((value, i) => value !== theirs[i]))
    throw new BispikeError(
      "checkpoint",
      `resume: the checkpoint was trained on other labels or images than ${experiment.data.name}: the classes' mean images differ; go on with those it was trained on`,
    );
}

function assertSameData(here: DataSummary | SequenceSummary, trained: DataSummary | SequenceSummary): void {
  if (!("kind" in here) && !("kind" in trained)) {
    assertSameImages(trained, here);
    return;
  }
  // Another name of the same file, or one that was zipped since, changes nothing that is learned.
  const told = ["name", "provenance"];
  const [ours, theirs] = [here, trained].map((about) =>
    Object.fromEntries(Object.entries(about).filter(([key]) => !told.includes(key))),
  );
  const found = differingLeaves(ours!, theirs!);
  if (found.length > 0)
    throw new BispikeError(
      "checkpoint",
      `resume: the checkpoint was trained on other data than ${here.name}: ${inWords(found)}; go on with those it was trained on`,
    );
}

/**
 * Networks are of use with the images they were trained on, or others of their kind: as many classes, one size, the same normalisation.
 *
 * @throws BispikeError "checkpoint"
 */
export function assertSameImages(trained: DataSummary, here: DataSummary): void {
  if (kindOf(trained) === kindOf(here)) return;
  throw new BispikeError(
    "checkpoint",
    `the checkpoint was trained on ${worded(trained)}, but the images here are ${worded(here)}; go on with those it was trained on`,
  );
}

function kindOf({ shape: { height, width, channels }, classNames, statistics }: DataSummary): string {
  return JSON.stringify([height, width, channels, classNames.length, [...statistics.mean], [...statistics.std]]);
}

function worded({ name, shape, classNames, statistics }: DataSummary): string {
  const mean = Array.from(statistics.mean, (value) => value.toPrecision(6)).join(", ");
  return `${name} (${shape.height}×${shape.width}×${shape.channels}, ${classNames.length} classes, mean ${mean})`;
}

const SHOWN = 3;

/** What was expected and what came, for messages. @example inWords(differences(a, b)) // "train.epochs: expected 2, got 5" */
export function inWords(found: readonly Difference[]): string {
  const shown = found
    .slice(0, SHOWN)
    .map(({ key, first, second }) => `${key}: expected ${clip(first)}, got ${clip(second)}`);
  const more = found.length > SHOWN ? [`and ${found.length - SHOWN} more`] : [];
  return [...shown, ...more].join("; ");
}
