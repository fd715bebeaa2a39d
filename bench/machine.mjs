// @ts-check
/** What the figures were measured on. */
import { execFileSync } from "node:child_process";
import { availableParallelism, cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";

/**
 * @typedef {object} Machine
 * @property {string} cpu model name
 * @property {number} cores cores this process may use
 * @property {string} node version
 * @property {number} load average of the last minute as the benchmark began; 0 where the system has none (Windows)
 */

/** @returns {Machine} */
export function describeMachine() {
  const cpu = cpus()[0]?.model.trim() ?? "unknown";
  return { cpu, cores: availableParallelism(), node: process.version, load: loadavg()[0] ?? 0 };
}

/**
 * The commit measured, with "-dirty" where files differ from it; undefined outside a git checkout.
 *
 * @param {string} [cwd] folder of the checkout; default: this one
 */
export function commitMeasured(cwd = fileURLToPath(new URL("..", import.meta.url))) {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty", "--exclude", "*"], {
      cwd,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return undefined;
  }
}
