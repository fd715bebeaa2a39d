/** What the lab's drawing surface keeps, and how its questions are kept from piling up. */
import { beforeEach, describe, expect, it } from "vitest";
import { evidence } from "../../lab/src/draw/evidence.ts";
import { withoutRecall } from "../../lab/src/draw/without-recall.ts";
import * as drawing from "../../lab/src/state/drawing.ts";
import { oneAtATime } from "../../lab/src/state/one-at-a-time.ts";
import { resolveConfig } from "../../src/training/config.ts";
import { trainsRecall } from "../../src/training/nets-and-rules.ts";

const places = () => drawing.strokes.value.map((stroke) => stroke.map(({ x, y }) => [x, y]));

beforeEach(() => {
  drawing.clear();
  drawing.hidePen();
  const { x, y } = drawing.pen.value;
  drawing.movePen(0.5 - x, 0.5 - y);
});

describe("strokes", () => {
  it("grow by places that are far enough apart, and are taken back one by one", () => {
    expect(drawing.blank.value).toBe(true);
    drawing.beginStroke({ x: 0.1, y: 0.1 });
    drawing.extendStroke({ x: 0.101, y: 0.101 });
    drawing.extendStroke({ x: 0.2, y: 0.1 });
    drawing.beginStroke({ x: 0.7, y: 0.7 });
    expect(places()).toEqual([
      [
        [0.1, 0.1],
        [0.2, 0.1],
      ],
      [[0.7, 0.7]],
    ]);
    expect(drawing.blank.value).toBe(false);
    drawing.undo();
    drawing.undo();
    expect(drawing.blank.value).toBe(true);
    drawing.extendStroke({ x: 0.9, y: 0.9 });
    expect(places()).toEqual([]);
  });

  it("by keys: only while the pen is down, and not beyond the surface", () => {
    drawing.movePen(0.25, 0);
    expect(places()).toEqual([]);
    drawing.togglePen();
    drawing.movePen(0, 0.25);
    drawing.movePen(3, 0);
    expect(places()).toEqual([
      [
        [0.75, 0.5],
        [0.75, 0.75],
        [1, 0.75],
      ],
    ]);
    drawing.togglePen();
    drawing.movePen(-0.5, 0);
    expect(places()[0]).toHaveLength(3);
    expect(drawing.pen.value).toEqual({ x: 0.5, y: 0.75, down: false, shown: true });
  });

  it("take a test image's place as soon as they are begun, by mouse or keys", () => {
    for (const begin of [() => drawing.beginStroke({ x: 0.3, y: 0.3 }), drawing.togglePen]) {
      drawing.takeTestImage(10_000);
      expect([drawing.testIndex.value, drawing.blank.value, places()]).toEqual([expect.any(Number), false, []]);
      begin();
      expect(drawing.testIndex.value).toBeNull();
      expect(places()).toHaveLength(1);
    }
    expect(drawing.pen.value.down).toBe(true);
  });
});

// 7919 is the stride itself.
it.each([1, 97, 7919])("test images come one after another, the first one first, each of %d once", (count) => {
  const seen = Array.from({ length: count }, () => {
    drawing.takeTestImage(count);
    return drawing.testIndex.value;
  });
  expect(seen[0]).toBe(0);
  expect(new Set(seen).size).toBe(count);
  drawing.takeTestImage(count);
  expect(drawing.testIndex.value).toBe(0);
});

it("drawings are centred where the data are MNIST's, unless a person says otherwise", () => {
  const ofData = () => ["mnist", "fashion-mnist", "bars"].map((name) => drawing.drawingOptions(name).centred);
  expect(ofData()).toEqual([true, false, false]);
  drawing.centred.value = true;
  expect(ofData()).toEqual([true, true, true]);
  drawing.centred.value = false;
  expect(ofData()).toEqual([false, false, false]);
  drawing.centred.value = null;
});

describe("questions one at a time", () => {
  /** A worker that answers when it is told to. */
  function slowWorker() {
    const answers: (() => void)[] = [];
    const want = oneAtATime(() => new Promise((resolve) => answers.push(resolve)));
    /** Answers the newest question. */
    const answer = async () => {
      answers.at(-1)!();
      await new Promise((resolve) => setTimeout(resolve));
    };
    return { asked: () => answers.length, want, answer };
  }

  it("are one however often they are asked for, and one more once that is answered", async () => {
    const { asked, want, answer } = slowWorker();
    want();
    expect(asked()).toBe(1);
    for (let k = 0; k < 5; k++) want();
    expect(asked()).toBe(1);
    await answer();
    expect(asked()).toBe(2);
    await answer();
    expect(asked()).toBe(2);
    want();
    expect(asked()).toBe(3);
    await answer();
    expect(asked()).toBe(3);
  });
});

describe("evidence", () => {
  it("is the cosines where the concept fired", () => {
    expect(evidence({ cosines: [0.2, 0, 0.9], drives: [5, 5, 5] })).toEqual({ values: [0.2, 0, 0.9], by: "cosine" });
  });

  it("is the drives' softmax where it did not, large ones too", () => {
    const { values, by } = evidence({ cosines: [0, 0, 0], drives: [1000, 1000 + Math.log(2), 1000] });
    expect(by).toBe("drive");
    for (const [k, expected] of [0.25, 0.5, 0.25].entries()) expect(values[k]).toBeCloseTo(expected, 12);
  });
});

it.each([
  [{ name: "backprop" }, true, "Rule backprop trains perception alone: there is no recall"],
  [{ name: "dll" }, false, "Rule dll trains a non-spiking net: there is no spiking recall"],
  [
    { name: "bsd", codes: "random" },
    true,
    "Rule bsd with random codes in recall’s place trains perception alone: there is no recall",
  ],
])("under rule %o there is no recall, and why", (rule, spikes, why) => {
  const config = resolveConfig({ data: { name: "mnist" }, rule });
  expect(trainsRecall(config.rule)).toBe(false);
  expect(withoutRecall({ config, spikes })).toBe(`${why} network to draw anything.`);
});
