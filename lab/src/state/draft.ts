/** The form's content before it is applied: text as it was typed, of one run or two, and what it trains on. */
import { computed, signal } from "@preact/signals";
import type { Given } from "../data/from-drop.ts";
import {
  checkedConfig,
  Draft,
  type ExperimentConfig,
  type Faults,
  faultsOf,
  fieldsOf,
  linkOf,
  NO_FAULTS,
  othersOf,
  type Pairs,
  pairsOf,
  rawOf,
} from "../setup/index.ts";
import type { DataSource } from "../worker/protocol.ts";
import type { FilesHeld } from "../worker/protocol-choose.ts";
import { writeAddress } from "./address.ts";
import { beginAll, beside, setup } from "./lab.ts";
import type { RunSetup } from "./run.ts";

/** Files at hand, once they were read well. */
export interface OwnFiles extends Given {
  readonly held: FilesHeld;
}

export const own = signal<OwnFiles | null>(null);
/** Which images are chosen. */
export const images = signal<"mnist" | "fashion-mnist" | "own">("mnist");
/** One run's pairs, or two runs'. */
export const drafts = signal<readonly Pairs[]>([]);

/** What would be run, and what is wrong with it; a run each. */
export const checks = computed(() => drafts.value.map((pairs) => check(pairs)));

interface Check {
  readonly config: ExperimentConfig | null;
  readonly faults: Faults;
}

/** Takes over what is on screen. */
export function takeOver(): void {
  const shown = beside.value ? [setup.value, beside.value] : [setup.value];
  const { data } = setup.value;
  images.value = data.kind === "site" ? data.name : "own";
  drafts.value = shown.map(({ config }) => pairsOf(checkedConfig(config)));
}

/** Changes a field; of the rule or kind of net also what has another default there. */
export function change(run: number, key: string, text: string): void {
  const next = new Map(drafts.value[run]);
  if (text.trim() === "") next.delete(key);
  else next.set(key, text);
  // Sizes of one kind of net make no sense in the other; names and, under R-STDP, rates are a rule's own.
  if (key === "network.kind") next.delete("network.hidden");
  if (key === "rule.name") for (const dependent of ["name", "train.learningRate"]) next.delete(dependent);
  drafts.value = drafts.value.map((pairs, k) => (k === run ? next : pairs));
}

/** Drops what a link set that the form has no field for. */
export function forget(run: number, key: string): void {
  change(run, key, "");
}

/** A second run beside the first, as it is but for the rule; or none. */
export function setBeside(wanted: boolean): void {
  const [first] = drafts.value;
  if (!first) return;
  const second = new Map(first).set("rule.name", first.get("rule.name") === "bsd" ? "backprop" : "bsd");
  for (const key of ["name", "train.learningRate"]) second.delete(key);
  drafts.value = wanted ? [first, second] : [first];
}

/** Starts anew with what was chosen; nothing where something is wrong with it. */
export async function apply(): Promise<boolean> {
  const data = chosenData();
  const configs = checks.value.flatMap(({ config }) => (config ? [config] : []));
  if (!data || configs.length !== drafts.value.length) return false;
  const [first, second] = configs.map((config): RunSetup => ({ config, data }));
  if (!first) return false;
  writeAddress(linkOf(configs));
  await beginAll(first, second ?? null);
  return true;
}

function chosenData(): DataSource | null {
  if (images.value !== "own") return { kind: "site", name: images.value };
  return own.value && { kind: "files", name: own.value.name, files: own.value.files };
}

/** A zip file stands for the folder it was made of, which is what the command line reads. */
function folderOf(name: string): string {
  return name.replace(/(?<=.)\.zip$/i, "");
}

/** What is typed in fields the setup does not read is left out. */
function check(pairs: Pairs): Check {
  const read = new Set(["rule.name", ...fieldsOf(new Draft(pairs)).map(({ key }) => key), ...othersOf(pairs)]);
  const kept = new Map([...pairs].filter(([key]) => read.has(key) && !key.startsWith("data.")));
  const source =
    images.value === "own" ? ["data.path", folderOf(own.value?.name ?? "files")] : ["data.name", images.value];
  const others = [...pairs].filter(([key]) => key.startsWith("data.") && key !== "data.name" && key !== "data.path");
  try {
    return {
      config: checkedConfig(rawOf(new Map([source as [string, string], ...others, ...kept]))),
      faults: NO_FAULTS,
    };
  } catch (error) {
    return { config: null, faults: faultsOf(error) };
  }
}
