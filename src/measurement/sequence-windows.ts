/** Windows that show every position of a range once. */
import type { Range } from "../data/sequence/task.ts";

export interface CoveringWindows {
  /** First positions of the windows. */
  readonly starts: Int32Array;
  /** Of each window, how many of its first positions another window shows already. */
  readonly skip: Int32Array;
}

/**
 * Windows of `window` positions side by side from the range's beginning; the last one is moved back to end with the range where they do not fit,
 * and skips what the one before has shown. The net begins each window in silence, so a position is judged with what it could know there:
 * 0 to window - 1 positions of past.
 *
 * @example
 * coverOnce({ from: 10, to: 20 }, 4); // starts 10, 14, 16; skip 0, 0, 2
 */
export function coverOnce({ from, to }: Range, window: number): CoveringWindows {
  const whole = Math.floor((to - from) / window);
  const rest = to - from - whole * window;
  const count = whole === 0 ? 0 : whole + (rest > 0 ? 1 : 0);
  const starts = Int32Array.from({ length: count }, (_, k) => (k < whole ? from + k * window : to - window));
  const skip = Int32Array.from({ length: count }, (_, k) => (k < whole ? 0 : window - rest));
  return { starts, skip };
}
