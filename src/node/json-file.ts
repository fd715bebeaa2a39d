/** Reads JSON files that hold an object. */
import { existsSync, readFileSync } from "node:fs";
import { BispikeError } from "../errors.ts";

/**
 * @returns undefined when there is no such file
 * @throws BispikeError "checkpoint" when it holds anything but a JSON object
 */
export function readJsonObject(file: string): Readonly<Record<string, unknown>> | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (cause) {
    throw new BispikeError("checkpoint", `${file}: expected JSON; remove the file to have it written anew`, { cause });
  }
  throw new BispikeError("checkpoint", `${file}: expected a JSON object; remove the file to have it written anew`);
}
