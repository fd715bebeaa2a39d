// @ts-check
/** What the figures were measured on. */
import { execFileSync } from "node:child_process";
import { availableParallelism, cpus } from "node:os";
import { fileURLToPath } from "node:url";

/**
 * @typedef {object} Machine
 * @property {string} cpu model name
 * @property {number} cores cores this process may use
 * @property {string} node version
 */

/** @returns {Machine} */
export function describeMachine() {
  return { cpu: cpus()[0]?.model.trim() ?? "unknown", cores: availableParallelism(), node: process.version };
}

/** The commit measured, with "-dirty" where files differ from it; undefined outside a git checkout. */
export function commitMeasured() {
  try {
    const cwd = fileURLToPath(new URL("..", import.meta.url));
    const options = /** @type {const} */ ({ cwd, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return execFileSync("git", ["describe", "--always", "--dirty", "--exclude", "*"], options).trim();
  } catch {
    return undefined;
  }
}
