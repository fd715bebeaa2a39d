/** What the lab puts on its canvases, pixel by pixel, on one that only remembers. */
import { afterEach, expect, it, vi } from "vitest";
import { drawFlow } from "../../lab/src/draw/flow.ts";
import { drawMatrix } from "../../lab/src/draw/matrix.ts";
import { drawPicture } from "../../lab/src/draw/picture.ts";
import { countActive, drawRaster } from "../../lab/src/draw/raster.ts";
import { drawRates } from "../../lab/src/draw/rates.ts";
import { drawField, planesLayout } from "../../lab/src/draw/spikes.ts";
import { spoil, unspoilt } from "../../lab/src/draw/spoil.ts";
import { meanAgreement } from "../../lab/src/worker/snapshot.ts";
import { firingRates, spikeRows } from "../../lab/src/worker/spikes.ts";
import { gaussianBlur } from "../../src/measure/corruptions.ts";
import type { Population } from "../../src/nets/population.ts";

const BLUE = [1, 2, 3] as const;
const RED = [4, 5, 6] as const;
const none = [0, 0, 0, 0];
const blue = (alpha: number) => [...BLUE, alpha];
const red = (alpha: number) => [...RED, alpha];

/** Rows of [red, green, blue, alpha] as drawn. */
function drawn(draw: (canvas: HTMLCanvasElement) => void): number[][][] {
  let picture: { width: number; height: number; data: Uint8ClampedArray } | undefined;
  const context = {
    createImageData: (width: number, height: number) => ({
      width,
      height,
      data: new Uint8ClampedArray(4 * width * height),
    }),
    putImageData: (image: NonNullable<typeof picture>) => {
      picture = image;
    },
  };
  const canvas = { width: 0, height: 0, getContext: () => context };
  draw(canvas as unknown as HTMLCanvasElement);
  const { width, height, data } = picture!;
  expect([canvas.width, canvas.height]).toEqual([width, height]);
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => [...data.subarray(4 * (y * width + x), 4 * (y * width + x) + 4)]),
  );
}
afterEach(() => vi.unstubAllGlobals());

it("a matrix: a cell a cosine, rows downwards, another colour below 0", () => {
  const values = Float32Array.of(1, -0.5, 0.2, 0, -1, 2);
  expect(drawn((canvas) => drawMatrix(canvas, 3, values, BLUE, RED))).toEqual([
    [blue(255), red(128), blue(51)],
    [blue(0), red(255), blue(255)],
  ]);
});

it("a raster: a row a unit, a column a step, an empty one between images", () => {
  // Two images of three steps of two units.
  const values = Int8Array.of(127, 0, 0, 127, 5, 0, -64, 0, 0, 10, 0, 0);
  const trains = { images: 2, steps: 3, units: 2, values };
  expect(drawn((canvas) => drawRaster(canvas, trains, BLUE, RED))).toEqual([
    [blue(254), blue(0), blue(10), none, red(128), blue(0), blue(0)],
    [blue(0), blue(254), blue(0), none, blue(0), blue(20), blue(0)],
  ]);
  expect([0, 1].map((image) => countActive(trains, image))).toEqual([3, 2]);
});

it("a picture: one grey for all three colours, or its own", () => {
  const shape = { height: 1, width: 2 };
  const grey = drawn((canvas) => drawPicture(canvas, Uint8Array.of(7, 9), { ...shape, channels: 1 }));
  expect(grey).toEqual([
    [
      [7, 7, 7, 255],
      [9, 9, 9, 255],
    ],
  ]);
  const rgb = drawn((canvas) => drawPicture(canvas, Uint8Array.of(1, 2, 3, 4, 5, 6), { ...shape, channels: 3 }));
  expect(rgb).toEqual([
    [
      [1, 2, 3, 255],
      [4, 5, 6, 255],
    ],
  ]);
});

it("a field: each neuron in its cell, as bright as the share of steps it fires at", () => {
  // Two channels of 1 x 2 pixels; neurons are [pixel][channel], and fire at 3, 2, 1 and 0 of 3 steps.
  const spikes = Uint8Array.of(1, 1, 1, 0, 1, 1, 0, 0, 1, 0, 0, 0);
  const rows = { steps: 3, neurons: 4, spikes };
  const [line] = drawn((canvas) => drawField(canvas, rows, BLUE, planesLayout(2, 1, 2)));
  expect(line).toEqual([blue(255), blue(85), none, blue(170), blue(0)]);
});

it("rates: about three times as wide as high, or side by side", () => {
  const rates = Uint8Array.of(0, 10, 20, 30, 255);
  expect(drawn((canvas) => drawRates(canvas, rates, RED, "row"))).toEqual([[...rates].map(red)]);
  expect(drawn((canvas) => drawRates(canvas, rates, RED))).toEqual([
    [0, 10, 20, 30].map(red),
    [red(255), none, none, none],
  ]);
});

it.each([
  ["up", 1.8 + 0.75 * 96.4],
  ["down", 1.8 + 0.25 * 96.4],
] as const)("spikes on their way %s, a quarter of it after a quarter of a tick", (direction, y) => {
  vi.stubGlobal("devicePixelRatio", 1);
  const arc = vi.fn();
  const context = { arc, clearRect: () => {}, beginPath: () => {}, moveTo: () => {}, fill: () => {}, fillStyle: "" };
  const canvas = { width: 200, height: 100, getContext: () => context } as unknown as HTMLCanvasElement;
  drawFlow(canvas, [[{ from: 0.25, to: 0.75 }], [{ from: 0, to: 0 }]], 0.25, direction, BLUE);
  expect(context.fillStyle).toBe("rgb(1 2 3)");
  expect(arc.mock.calls).toEqual([[expect.closeTo(75, 9), expect.closeTo(y, 9), 1.8, 0, 2 * Math.PI]]);
});

it("spikes of an image by step and neuron, and rates of images, of more channels than a mask has bits", () => {
  // Two images, two steps, one pixel of 17 channels: the last in a mask of its own.
  const view = Uint16Array.of(1, 0, 0, 1, 3, 1, 2, 1);
  const population = (steps: number) =>
    ({ shape: { height: 1, width: 1, channels: 17 }, steps, masks: { view } }) as unknown as Population;
  const fired = (...channels: number[]) => Array.from({ length: 17 }, (_, c) => Number(channels.includes(c)));
  expect([...spikeRows(population(2), 1).spikes]).toEqual([...fired(0, 1, 16), ...fired(1, 16)]);
  expect([...spikeRows(population(1), 1, 3).spikes]).toEqual([1, 2, 3].flatMap(() => fired(16)));
  const rates = [
    fired(0, 16).map((value) => value / 2),
    fired(0, 1, 16).map((value, c) => (c === 0 ? value / 2 : value)),
  ];
  expect([...firingRates(population(2), 2)]).toEqual(rates.flat());
});

it("agreement: means over pairs of one class, and of two", () => {
  const cosines = [
    [1, 0.5],
    [0, 0.2],
    [0.4, 0.6],
  ];
  const { own, others } = meanAgreement(cosines, [0, 1, 0], [0, 1]);
  expect([own, others]).toEqual([expect.closeTo(1.6 / 3, 12), expect.closeTo(1.1 / 3, 12)]);
  expect(meanAgreement([[0.3]], [0], [1])).toEqual({ own: 0, others: 0.3 });
});

it("blur is in pixels of a picture of 28 a side, whatever the picture's own", () => {
  const shape = { height: 56, width: 56, channels: 1 };
  const pixels = Uint8Array.from({ length: 56 * 56 }, (_, i) => ((i * 37) % 11) * 25);
  expect(spoil(pixels, shape, { ...unspoilt, blur: 1 })).toEqual(gaussianBlur(pixels, shape, 2));
});
