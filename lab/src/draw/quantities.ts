/** Large counts and small energies in few digits. */

/** @example short(1234567) // "1.23 M" */
export function short(count: number): string {
  return count < 1000 ? String(Math.round(count)) : scaled(count, ["", "k", "M", "G", "T"]);
}

/** Picojoules in a unit that leaves one to three digits before the point. @example joules(7460000) // "7.46 µJ" */
export function joules(picojoules: number): string {
  return scaled(picojoules, ["pJ", "nJ", "µJ", "mJ", "J"]);
}

/** @param units a thousand apart, from 1 on */
function scaled(value: number, units: readonly string[]): string {
  let at = 0;
  let left = value;
  for (; left >= 1000 && at < units.length - 1; at++) left /= 1000;
  return `${left.toPrecision(3)} ${units[at]}`;
}
