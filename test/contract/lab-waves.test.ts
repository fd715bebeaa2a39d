/** Which snapshot the lab shows, and when it is painted: frame by frame by a clock of the test's own. */
import { signal } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Run } from "../../lab/src/state/run.ts";
import type { Snapshot } from "../../lab/src/worker/protocol.ts";

const stillness = vi.hoisted(() => {
  const query = { matches: false };
  Object.assign(globalThis, { matchMedia: () => query });
  return query;
});
const { Waves } = await import("../../lab/src/state/waves.ts");

/** Two stages between two ends and four steps: a wave of 4 - 1 + 4 + 2 ticks of 130 ms, the longest there are. */
const TICKS = 9;
const TICK = 130;
const snapshot = (name: string) => ({ name, perception: [{ steps: 4 }] }) as unknown as Snapshot;
const [A, B, C] = ["A", "B", "C"].map(snapshot) as [Snapshot, Snapshot, Snapshot];

let time: number;
let frames: Map<number, () => void>;
let painted: [name: string, tick: number][];
let newest: ReturnType<typeof signal<Snapshot | null>>;
let waves: InstanceType<typeof Waves>;
const painter = (of: Snapshot, tick: number) => painted.push([(of as unknown as { name: string }).name, tick]);
/** The next frame, so many milliseconds later. */
const frame = (milliseconds: number) => {
  time += milliseconds;
  const due = [...frames.values()];
  frames.clear();
  for (const draw of due) draw();
};

beforeEach(() => {
  [time, frames, painted] = [1000, new Map(), []];
  stillness.matches = false;
  let frameId = 0;
  vi.spyOn(performance, "now").mockImplementation(() => time);
  vi.stubGlobal("requestAnimationFrame", (draw: () => void) => {
    frames.set(++frameId, draw);
    return frameId;
  });
  vi.stubGlobal("cancelAnimationFrame", (id: number) => frames.delete(id));
  newest = signal<Snapshot | null>(null);
  waves = new Waves({ snapshot: newest, about: signal({ stages: [1, 2] }) } as unknown as Run);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("a wave", () => {
  it("runs through a snapshot once a frame, and stands still where training does", () => {
    waves.add(painter);
    const stop = waves.start();
    expect([painted, frames.size, waves.shown.value]).toEqual([[], 0, null]);
    newest.value = A;
    expect([waves.shown.value, frames.size]).toEqual([A, 1]);
    frame(0);
    frame(TICK / 2);
    frame(2 * TICK);
    frame(TICKS * TICK);
    expect(painted).toEqual([
      ["A", 0],
      ["A", 0.5],
      ["A", 2.5],
      ["A", 2.5 + TICKS],
    ]);
    expect(frames.size).toBe(0);
    stop();
  });

  it("is run to its end before the newest snapshot's begins; those in between are passed over", () => {
    waves.add(painter);
    waves.start();
    newest.value = A;
    frame(TICK);
    newest.value = B;
    newest.value = C;
    expect([waves.shown.value, frames.size]).toEqual([A, 1]);
    frame((TICKS - 1) * TICK - 1);
    expect(waves.shown.value).toBe(A);
    frame(1);
    expect(waves.shown.value).toBe(C);
    frame(TICK);
    expect(painted.slice(-2)).toEqual([
      ["A", TICKS],
      ["C", 1],
    ]);
    // One that comes after the end begins at once.
    frame(TICKS * TICK);
    expect(frames.size).toBe(0);
    newest.value = B;
    expect([waves.shown.value, frames.size]).toEqual([B, 1]);
  });

  it("ends where there is nothing to show any more, and when nobody follows", () => {
    waves.add(painter);
    const stop = waves.start();
    newest.value = A;
    newest.value = null;
    expect([waves.shown.value, frames.size]).toEqual([null, 0]);
    newest.value = B;
    expect(frames.size).toBe(1);
    stop();
    expect(frames.size).toBe(0);
    newest.value = C;
    expect([waves.shown.value, frames.size]).toEqual([B, 0]);
  });
});

it("for people who ask for less motion every snapshot is shown at once, as it is in the end, also in the middle of a wave", () => {
  waves.add(painter);
  waves.start();
  newest.value = A;
  stillness.matches = true;
  newest.value = B;
  expect([waves.shown.value, frames.size, painted]).toEqual([B, 0, [["B", Number.POSITIVE_INFINITY]]]);
});

it("who comes later is shown what there is, whole; who has gone is not painted", () => {
  waves.start();
  newest.value = A;
  const remove = waves.add(painter);
  expect(painted).toEqual([["A", Number.POSITIVE_INFINITY]]);
  frame(TICK);
  remove();
  frame(TICK);
  expect(painted).toEqual([
    ["A", Number.POSITIVE_INFINITY],
    ["A", 1],
  ]);
});
