/** Shares, durations and counts in words. */

/** @example percent(0.98765) // "98.77 %" */
export function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

/** @example duration(125) // "2 min 5 s" */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** @example counted(1, "epoch") // "1 epoch"; of 3: "3 epochs" */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

/** @example figure(0.123456) // "0.1235" */
export function figure(value: number): string {
  return Math.abs(value) >= 1000 || (value !== 0 && Math.abs(value) < 0.001) ? value.toPrecision(4) : value.toFixed(4);
}
