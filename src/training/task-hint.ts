/** What to say where a configuration has keys of another kind of experiment and no task. */
import { BispikeError } from "../errors.ts";
import { leavesOf } from "./config-overrides.ts";
import type { RawSection } from "./config-raw.ts";

/** Keys that say as much as a task does, with the task that would go with them. */
const TELLING = [
  ["data.text", "next-character"],
  ["data.series", "regression or forecast"],
  ["network.latent", "autoencode"],
] as const;

/**
 * Without a task an experiment is one on images, and every key of another kind would be unknown: the task is what was forgotten.
 *
 * @param told keys that a command line set
 * @param more what else is to be done
 * @throws BispikeError "config"
 */
export function assertImageKeys(given: RawSection, prefix: string, told: readonly string[], more = ""): void {
  if (given.task !== undefined) return;
  const keys = leavesOf("", given);
  const found = TELLING.find(([key]) => keys.includes(key));
  if (!found) return;
  const [key, task] = found;
  const [where, what] = told.includes(key) ? ["--", "--task"] : [prefix, "task:"];
  throw new BispikeError(
    "config",
    `${where}${key}: expected a task beside it, got none, which makes this an experiment on images; add ${what} ${task}${more}`,
  );
}
