/** Whether two configurations train the same thing. */
import type { AnyConfig } from "../../training/any-config.ts";

/** Keys that change how a run goes, not what it learns: they may change on resume. */
const FREE: ReadonlySet<string> = new Set(["train.threads", "train.checkpointSeconds"]);

/** Dotted names of the keys that differ, those a resumed run may change left out. @example differingKeys(a, b) // ["train.epochs"] */
export function differingKeys(a: AnyConfig, b: AnyConfig): string[] {
  const [ours, theirs] = [leaves(a), leaves(b)];
  const keys = new Set([...ours.keys(), ...theirs.keys()]);
  return [...keys].filter((key) => !FREE.has(key) && ours.get(key) !== theirs.get(key));
}

function leaves(value: unknown, key = "", found = new Map<string, string>()): Map<string, string> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    for (const [name, child] of Object.entries(value)) leaves(child, key === "" ? name : `${key}.${name}`, found);
  } else found.set(key, JSON.stringify(value));
  return found;
}
