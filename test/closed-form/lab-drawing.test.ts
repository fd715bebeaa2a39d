/** What a person drew, as a network's stimulus: expected values by hand and from what MNIST's own digits are. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BOX, centreOfMass, drawingDefaults, picture } from "../../lab/src/draw/centre.ts";
import { spoil, unspoilt } from "../../lab/src/draw/spoil.ts";
import { ink, type Point, type Stroke } from "../../lab/src/draw/strokes.ts";

const shape = { height: 28, width: 28, channels: 1 };
const line = (...points: [number, number][]): Stroke => points.map(([x, y]) => ({ x, y }));

describe("ink", () => {
  it.each<[string, Stroke, number, number[]]>([
    ["a line along pixel centres, pen of a pixel", line([1.5, -9], [1.5, 9]), 0.5, [0, 1, 0, 0]],
    ["between two pixels: half of each", line([2, -9], [2, 9]), 0.5, [0, 0.5, 0.5, 0]],
    ["a quarter to the right", line([1.75, -9], [1.75, 9]), 0.5, [0, 0.75, 0.25, 0]],
    ["three pixels wide", line([1.5, -9], [1.5, 9]), 1.5, [1, 1, 1, 0]],
    ["drawn the other way", line([1.5, 9], [1.5, -9]), 1.5, [1, 1, 1, 0]],
    [
      "along the row, to its end: a quarter of a pixel short of a centre",
      line([0.5, 0.5], [2.25, 0.5]),
      0.5,
      [1, 1, 0.75, 0],
    ],
    ["a dot", line([1.5, 0.5]), 0.5, [0, 1, 0, 0]],
    ["outside", line([-5, 0.5], [-4, 0.5]), 1, [0, 0, 0, 0]],
    ["nothing", [], 1, [0, 0, 0, 0]],
  ])("%s", (_, stroke, radius, expected) => {
    const drawn = [...ink([stroke], radius, { height: 1, width: 4 })];
    for (const [x, value] of expected.entries()) expect(drawn[x], `pixel ${x}`).toBeCloseTo(value, 12);
  });

  it("does not add up where strokes cross, and their order does not matter", () => {
    const [a, b] = [line([0, 2], [4, 2]), line([2, 0], [2, 4])];
    const sides = { height: 4, width: 4 };
    const both = ink([a, b], 0.7, sides);
    expect([...both]).toEqual([...ink([b, a], 0.7, sides)]);
    expect([...both]).toEqual([...ink([a], 0.7, sides)].map((value, i) => Math.max(value, ink([b], 0.7, sides)[i]!)));
  });
});

describe("a drawing as a picture", () => {
  const place = fc.double({ min: 0.02, max: 0.98, noNaN: true });
  const stroke = fc.array(fc.record({ x: place, y: place }), { minLength: 2, maxLength: 6 });
  const strokes = fc.array(stroke, { minLength: 1, maxLength: 3 });
  /** Longer side of what was drawn. */
  const extent = (all: readonly Stroke[]) => {
    const points = all.flat();
    const side = (of: (point: Point) => number) => Math.max(...points.map(of)) - Math.min(...points.map(of));
    return Math.max(
      side(({ x }) => x),
      side(({ y }) => y),
    );
  };
  const grow = (all: readonly Stroke[], by: number, right: number, down: number) =>
    all.map((points) => points.map(({ x, y }) => ({ x: x * by + right, y: y * by + down })));

  it("has its ink's centre of mass in the middle, unless that puts part of it outside", () => {
    fc.assert(
      fc.property(strokes, (all) => {
        fc.pre(extent(all) > 0.05);
        const pixels = picture(all, shape);
        const edge = pixels.some((value, i) => value > 0 && [0, 27].some((end) => i % 28 === end || i / 28 === end));
        fc.pre(!edge);
        const { x, y } = centreOfMass(pixels, shape)!;
        // A pixel's coverage is not linear in where its edge lies: hundredths of a pixel.
        expect(Math.hypot(x - 14, y - 14)).toBeLessThan(0.15);
      }),
    );
  });

  it("is as large as MNIST's: its longer side fills 20 of 28 pixels", () => {
    fc.assert(
      fc.property(strokes, (all) => {
        fc.pre(extent(all) > 0.05);
        const pixels = picture(all, shape);
        const inked = Array.from(pixels, (value, i) => (value >= 128 ? i : -1)).filter((i) => i >= 0);
        const rows = inked.map((i) => Math.floor(i / 28));
        const columns = inked.map((i) => i % 28);
        fc.pre([...rows, ...columns].every((at) => at > 0 && at < 27));
        const side = (at: readonly number[]) => Math.max(...at) - Math.min(...at) + 1;
        const longer = Math.max(side(rows), side(columns));
        expect(BOX * 28).toBe(20);
        // Where a round end meets an edge, less than half of the outermost pixel may be covered.
        expect(longer).toBeGreaterThanOrEqual(18);
        expect(longer).toBeLessThanOrEqual(21);
      }),
    );
  });

  it("is the same wherever and however large it was drawn", () => {
    const by = fc.double({ min: 0.2, max: 1, noNaN: true });
    fc.assert(
      fc.property(strokes, by, place, place, (all, factor, right, down) => {
        fc.pre(extent(all) > 0.05);
        const [here, there] = [picture(all, shape), picture(grow(all, factor, right, down), shape)];
        for (const [i, value] of here.entries()) expect(Math.abs(value - there[i]!)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("of a vertical line is a 1: 20 rows high, as wide as the pen, symmetric", () => {
    const pixels = picture([line([0.3, 0.1], [0.3, 0.4])], shape, { ...drawingDefaults, pen: 2 });
    const row = (y: number) => [...pixels.subarray(28 * y, 28 * y + 28)];
    const expected = Array.from({ length: 28 }, (_, x) => (x === 13 || x === 14 ? 255 : 0));
    for (let y = 5; y < 23; y++) expect(row(y), `row ${y}`).toEqual(expected);
    for (const y of [0, 1, 2, 3, 24, 25, 26, 27]) expect(row(y), `row ${y}`).toEqual(new Array(28).fill(0));
    expect([...pixels]).toEqual([...pixels].reverse());
  });

  it("lies where it was drawn when it is not centred, in the middle of wide pictures", () => {
    const one = line([0.125, 0.125]);
    const options = { pen: 28 / 4, centred: false };
    expect([...picture([one], { height: 4, width: 4, channels: 1 }, options)].indexOf(255)).toBe(0);
    expect([...picture([one], { height: 4, width: 8, channels: 1 }, options)].indexOf(255)).toBe(2);
    expect([...picture([one], { height: 8, width: 4, channels: 1 }, options)].indexOf(255)).toBe(8);
  });

  it("is the same grey in every channel", () => {
    const wave = [line([0.1, 0.5], [0.4, 0.2], [0.8, 0.9])];
    const grey = picture(wave, { height: 32, width: 32, channels: 1 });
    const colour = picture(wave, { height: 32, width: 32, channels: 3 });
    expect([...colour]).toEqual([...grey].flatMap((value) => [value, value, value]));
  });

  it("of nothing is black; a dot stays a dot in the middle", () => {
    expect(picture([], shape).every((value) => value === 0)).toBe(true);
    const dot = picture([line([0.9, 0.1])], shape, { pen: 2, centred: true });
    expect(centreOfMass(dot, shape)).toEqual({ x: 14, y: 14 });
    expect(dot.filter((value) => value > 0).length).toBeLessThanOrEqual(16);
  });
});

describe("spoiling", () => {
  const white = new Uint8Array(28 * 28).fill(255);

  it("changes nothing where nothing is asked for, and gives a new picture", () => {
    const same = spoil(white, shape, unspoilt);
    expect(same).toEqual(white);
    expect(same).not.toBe(white);
  });

  it("hides the share that is asked for", () => {
    const hidden = spoil(white, shape, { ...unspoilt, side: "right", hidden: 0.25 });
    for (const [i, value] of hidden.entries()) expect(value).toBe(i % 28 >= 21 ? 0 : 255);
  });

  it("lays noise of the deviation that is asked for over it, by seed", () => {
    const grey = new Uint8Array(28 * 28).fill(128);
    const noisy = spoil(grey, shape, { ...unspoilt, noise: 0.1 });
    const deviation = Math.sqrt(noisy.reduce((sum, value) => sum + (value - 128) ** 2, 0) / noisy.length);
    // 784 draws: the deviation is known to 2.5 %, four of which are allowed.
    expect(Math.abs(deviation / 25.5 - 1)).toBeLessThan(0.1);
    expect(spoil(grey, shape, { ...unspoilt, noise: 0.1 })).toEqual(noisy);
    expect(spoil(grey, shape, { ...unspoilt, noise: 0.1, seed: 2 })).not.toEqual(noisy);
  });

  it("blurs before it hides: what is hidden is black", () => {
    const hidden = spoil(white, shape, { ...unspoilt, blur: 2, side: "top", hidden: 0.5 });
    expect(hidden.subarray(0, 14 * 28).every((value) => value === 0)).toBe(true);
    expect(hidden.subarray(14 * 28).every((value) => value === 255)).toBe(true);
  });
});
