// @ts-check
/** This process's memory by the kernel's own count; Linux. */
import { readFileSync } from "node:fs";

/**
 * @param {"VmRSS" | "VmHWM"} field resident memory now, or the most so far
 * @returns {number} MiB
 */
export function residentMiB(field) {
  const line = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync("/proc/self/status", "utf8"));
  return Number(line?.[1]) / 1024;
}
