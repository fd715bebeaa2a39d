/** What a long measurement tells of how far it is: by the clock in a log, as a bar on a terminal. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startProgress } from "../../src/cli/report/progress.ts";

let seconds: number;
let said: string;
const { isTTY } = process.stderr;
const onTerminal = (is: boolean) => Object.defineProperty(process.stderr, "isTTY", { value: is, configurable: true });
beforeEach(() => {
  [seconds, said] = [100, ""];
  vi.spyOn(performance, "now").mockImplementation(() => 1000 * seconds);
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    said += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  onTerminal(isTTY);
});

/** What is said at each of these moments. */
function told(moments: readonly (readonly [second: number, done: number])[], silent = false): string[] {
  const progress = startProgress("images reconstructed", 50, { silent });
  const lines = moments.map(([second, done]) => {
    [seconds, said] = [second, ""];
    progress.at(done);
    return said;
  });
  progress.end();
  return lines;
}
const MOMENTS = [
  [101, 1],
  [109.9, 9],
  [110, 10],
  [119.9, 19],
  [121, 20],
  [130.9, 29],
  [131, 30],
  [200, 50],
] as const;

describe("in a log", () => {
  it("is a line every ten seconds, but for the end, which the result tells", () => {
    onTerminal(false);
    const line = (done: number) => `bispike: ${done} of 50 images reconstructed\n`;
    expect(told(MOMENTS)).toEqual(["", "", line(10), "", line(20), "", line(30), ""]);
    expect(told(MOMENTS, true).join("")).toBe("");
  });
});

describe("on a terminal", () => {
  it("is a bar, which is gone in the end", () => {
    onTerminal(true);
    expect(told(MOMENTS, true).join("")).toBe("");
    vi.useFakeTimers();
    const progress = startProgress("images reconstructed", 50);
    const timers = vi.getTimerCount();
    progress.at(25);
    progress.end();
    expect([timers, vi.getTimerCount()]).toEqual([1, 0]);
    vi.useRealTimers();
  });
});
