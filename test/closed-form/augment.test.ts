/** Variants of images, held against the image itself moved, mirrored, turned and covered by hand. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  Augmenter,
  augmentDefaults,
  checkAugment,
  drawMoved,
  eraseSquare,
  groundOf,
  TurnedImages,
  type Variant,
  VariantDraws,
} from "../../src/data/augment.ts";

import { fillRows } from "../../src/data/batch.ts";
import type { Split } from "../../src/data/dataset.ts";
import type { FrameLayout } from "../../src/data/frame-rows.ts";
import { BispikeError } from "../../src/errors.ts";

const still: Variant = { right: 0, down: 0, mirrored: false, turn: 0, centreX: 0, centreY: 0 };

interface Case {
  readonly layout: FrameLayout;
  readonly pixels: Uint8Array;
}

/** An image of any shape in a frame with any margin, its rows padded. */
const cases = fc
  .record({
    height: fc.integer({ min: 1, max: 7 }),
    width: fc.integer({ min: 1, max: 7 }),
    channels: fc.constantFrom(1, 2, 3),
    marginX: fc.integer({ min: 0, max: 3 }),
    marginY: fc.integer({ min: 0, max: 3 }),
    behind: fc.integer({ min: 0, max: 5 }),
    pixels: fc.uint8Array({ minLength: 147, maxLength: 147 }),
  })
  .map(({ height, width, channels, marginX, marginY, behind, pixels }): Case => {
    const frame = { height: height + marginY, width: width + marginX };
    const statistics = { mean: [0.2, 0.5, 0.4].slice(0, channels), std: [0.5, 0.25, 0.3].slice(0, channels) };
    const stride = frame.height * frame.width * channels + behind;
    return {
      layout: { shape: { height, width, channels }, frame, stride, statistics },
      pixels: pixels.slice(0, height * width * channels),
    };
  });

const squares = (side: number, channels = 1, margin = 0): FrameLayout => ({
  shape: { height: side, width: side, channels },
  frame: { height: side + margin, width: side + margin },
  stride: (side + margin) ** 2 * channels,
  statistics: { mean: new Array(channels).fill(0.3), std: new Array(channels).fill(0.2) },
});

const splitOf = (images: Uint8Array, count = 1): Split => ({ images, labels: new Uint16Array(count), count });
const value = (pixel: number, channel: number, { statistics }: FrameLayout) =>
  Math.fround((pixel / 255 - statistics.mean[channel]!) / statistics.std[channel]!);

/** The row a frame becomes whose pixel at (row, column) comes from where `source` says: null for black. */
function expectedRow({ layout, pixels }: Case, source: (row: number, column: number) => [number, number] | null) {
  const { shape, frame, stride } = layout;
  const { height, width, channels } = shape;
  const out = new Float32Array(stride).fill(77);
  for (let y = 0; y < frame.height; y++)
    for (let x = 0; x < frame.width; x++)
      for (let c = 0; c < channels; c++) {
        const [row, column] = source(y, x) ?? [-1, -1];
        const inside = row >= 0 && row < height && column >= 0 && column < width;
        const pixel = inside ? pixels[(row * width + column) * channels + c]! : 0;
        out[(y * frame.width + x) * channels + c] = value(pixel, c, layout);
      }
  return out;
}

const corner = ({ shape, frame }: FrameLayout) => ({
  top: Math.floor((frame.height - shape.height) / 2),
  left: Math.floor((frame.width - shape.width) / 2),
});

function moved({ layout, pixels }: Case, variant: Partial<Variant>): Float32Array {
  const out = new Float32Array(layout.stride).fill(77);
  drawMoved(out, 0, pixels, 0, groundOf(layout), { ...still, ...variant });
  return out;
}

function turned({ layout, pixels }: Case, variant: Partial<Variant>): Float32Array {
  const out = new Float32Array(layout.stride).fill(77);
  new TurnedImages(groundOf(layout)).draw(out, 0, pixels, 0, { ...still, ...variant });
  return out;
}

describe("moved and mirrored", () => {
  it("is the plain image elsewhere, black where it was, what enters the margin kept", () => {
    const move = fc.integer({ min: -9, max: 9 });
    fc.assert(
      fc.property(cases, move, move, fc.boolean(), (made, right, down, mirrored) => {
        const { top, left } = corner(made.layout);
        const { width } = made.layout.shape;
        const expected = expectedRow(made, (y, x) => {
          const column = x - left - right;
          return [y - top - down, mirrored ? width - 1 - column : column];
        });
        expect(moved(made, { right, down, mirrored })).toEqual(expected);
      }),
    );
  });

  it("without a move or a mirror, is what a batch is filled with", () => {
    fc.assert(
      fc.property(cases, (made) => {
        const { shape, frame, stride, statistics } = made.layout;
        const plain = new Float32Array(stride).fill(77);
        fillRows(plain, stride, splitOf(made.pixels), Int32Array.of(0), 0, 1, shape, frame, statistics);
        expect(moved(made, {})).toEqual(plain);
      }),
    );
  });

  it("mirrored twice, is the image", () => {
    fc.assert(
      fc.property(cases, (made) => {
        const { width, channels } = made.layout.shape;
        const swapped = made.pixels.map((_, i) => {
          const pixel = Math.floor(i / channels);
          const opposite = pixel - (pixel % width) + (width - 1 - (pixel % width));
          return made.pixels[opposite * channels + (i % channels)]!;
        });
        expect(moved({ ...made, pixels: swapped }, { mirrored: true })).toEqual(moved(made, {}));
      }),
    );
  });
});

describe("turned", () => {
  it("by nothing, is the image moved and mirrored, to the last bit", () => {
    const move = fc.integer({ min: -4, max: 4 });
    fc.assert(
      fc.property(cases, move, move, fc.boolean(), (made, right, down, mirrored) => {
        expect(turned(made, { right, down, mirrored })).toEqual(moved(made, { right, down, mirrored }));
      }),
    );
  });

  it("by a quarter of a turn clockwise, has its left column at the top", () => {
    // 1 2      3 1
    // 3 4  ->  4 2
    const made = { layout: squares(2), pixels: Uint8Array.of(10, 20, 30, 40) };
    const quarter = [30, 10, 40, 20].map((pixel) => value(pixel, 0, made.layout));
    for (const [k, expected] of quarter.entries()) expect(turned(made, { turn: 0.5 })[k]).toBeCloseTo(expected, 6);
  });

  it("by quarters and halves of a turn, is a square's pixels elsewhere, up to rounding", () => {
    const turns: [number, (row: number, column: number, last: number) => [number, number]][] = [
      [0.5, (row, column, last) => [last - column, row]],
      [-0.5, (row, column, last) => [column, last - row]],
      [1, (row, column, last) => [last - row, last - column]],
      [-1, (row, column, last) => [last - row, last - column]],
    ];
    for (const [side, channels, margin] of [
      [5, 1, 2],
      [8, 3, 0],
    ] as const) {
      const layout = squares(side, channels, margin);
      const pixels = Uint8Array.from({ length: side * side * channels }, (_, i) => (i * 89 + 31) % 256);
      for (const [turn, source] of turns) {
        const { top, left } = corner(layout);
        const expected = expectedRow({ layout, pixels }, (y, x) => {
          const [row, column] = [y - top, x - left];
          const inside = row >= 0 && row < side && column >= 0 && column < side;
          return inside ? source(row, column, side - 1) : null;
        });
        const drawn = turned({ layout, pixels }, { turn });
        for (const [k, v] of drawn.entries()) expect(v, `turn ${turn}, value ${k}`).toBeCloseTo(expected[k]!, 4);
      }
    }
  });

  it("by any angle, is the plane's bilinear interpolation, in double precision", () => {
    const move = fc.integer({ min: -2, max: 2 });
    const turn = fc.double({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(cases, move, move, fc.boolean(), turn, (made, right, down, mirrored, turn) => {
        const { shape, frame, statistics } = made.layout;
        const { height, width, channels } = shape;
        const { top, left } = corner(made.layout);
        const [cos, sin] = [Math.cos(Math.PI * turn), Math.sin(Math.PI * turn)];
        const pixelAt = (row: number, column: number, c: number) =>
          row >= 0 && row < height && column >= 0 && column < width
            ? made.pixels[(row * width + column) * channels + c]!
            : 0;
        const drawn = turned(made, { right, down, mirrored, turn });
        for (let y = 0; y < frame.height; y++)
          for (let x = 0; x < frame.width; x++)
            for (let c = 0; c < channels; c++) {
              const column = x - left - right;
              const u = (mirrored ? width - 1 - column : column) - (width - 1) / 2;
              const v = y - top - down - (height - 1) / 2;
              const [px, py] = [u * cos + v * sin + (width - 1) / 2, v * cos - u * sin + (height - 1) / 2];
              const [x0, y0] = [Math.floor(px), Math.floor(py)];
              let pixel = 0;
              for (const [dy, dx] of [
                [0, 0],
                [0, 1],
                [1, 0],
                [1, 1],
              ] as const)
                pixel += pixelAt(y0 + dy, x0 + dx, c) * (1 - Math.abs(px - x0 - dx)) * (1 - Math.abs(py - y0 - dy));
              const expected = (pixel / 255 - statistics.mean[c]!) / statistics.std[c]!;
              expect(Math.abs(drawn[(y * frame.width + x) * channels + c]! - expected)).toBeLessThan(1e-5);
            }
        // What lies behind the frame stays.
        expect(drawn.subarray(frame.height * frame.width * channels).every((v) => v === 77)).toBe(true);
      }),
    );
  });
});

describe("erased", () => {
  const layout = squares(6, 2, 2);
  const row = () => Float32Array.from({ length: layout.stride }, (_, i) => i + 1);

  it("covers the square around its centre, cut at the image's edges, not the margin", () => {
    // Side 4 around pixel (column 5, row 0) of 6x6: columns 3 to 6, rows -2 to 1.
    const out = row();
    eraseSquare(out, 0, groundOf(layout), { ...still, centreX: 5, centreY: 0 }, 4, [-1, -2]);
    for (let y = 0; y < 8; y++)
      for (let x = 0; x < 8; x++)
        for (let c = 0; c < 2; c++) {
          const [imageY, imageX] = [y - 1, x - 1];
          const covered = imageY >= 0 && imageY <= 1 && imageX >= 3 && imageX <= 5;
          const at = (y * 8 + x) * 2 + c;
          expect(out[at], `row ${y}, column ${x}`).toBe(covered ? -1 - c : at + 1);
        }
  });

  it("sets pixels to each channel's mean over the training images, 0 where pixels are normalised", () => {
    const options = { ...augmentDefaults, erase: 6 };
    const { shape, frame, stride, statistics } = layout;
    const pixels = new Uint8Array(72).fill(255);
    for (const [means, plain, expected] of [
      [statistics.mean, statistics, [0, 0]],
      [[0.25, 0.75], { mean: [0, 0], std: [1, 1] }, [0.25, 0.75]],
    ] as const) {
      const augmenter = new Augmenter(options, 3, { shape, frame, stride, statistics: plain }, means);
      const out = new Float32Array(stride);
      augmenter.fill(out, splitOf(pixels), Int32Array.of(0), 0, 1, 0);
      const { centreX, centreY } = new VariantDraws(options, shape, 3).draw(0, 0);
      const at = ((centreY + 1) * frame.width + centreX + 1) * 2;
      expect([...out.subarray(at, at + 2)]).toEqual(expected);
    }
  });

  it("takes the share of the image that follows from where its centre may be", () => {
    const [side, erase, images] = [9, 4, 3000];
    const wide = squares(side);
    const augmenter = new Augmenter({ ...augmentDefaults, erase }, 8, wide, [1]);
    // A mean of 1, which no pixel of a black image is: (1 - 0.3) / 0.2.
    const covered = 3.5;
    const dark = splitOf(new Uint8Array(side * side));
    const out = new Float32Array(wide.stride);
    let erased = 0;
    for (let counter = 0; counter < images; counter++) {
      augmenter.fill(out, dark, Int32Array.of(0), 0, 1, counter);
      erased += out.reduce((sum, v) => sum + (Math.abs(v - covered) < 1e-6 ? 1 : 0), 0);
    }
    // Columns from centre - 2 to centre + 1: 2, 3, 4, ..., 4, 3 for centres 0, 1, 2, ..., 7, 8.
    const columns = (2 + 3 + 4 * 6 + 3) / 9;
    const mean = columns * columns;
    expect(Math.abs(erased / images - mean)).toBeLessThan((5 * 4) / Math.sqrt(images));
    expect(mean).toBeCloseTo((32 / 9) ** 2, 12);
  });
});

describe("options", () => {
  const shape = { height: 8, width: 12, channels: 1 };
  const fault = (options: object) => () => checkAugment({ ...augmentDefaults, ...options }, shape);

  it("within the images' size are taken", () => {
    for (const options of [{ shift: 7 }, { erase: 8 }, { rotate: 180 }, { flip: true }])
      expect(fault(options)).not.toThrow();
  });

  it.each([
    [{ shift: 8 }, "data.augment.shift: expected whole pixels from 0 to 7 for images of 8x12x1, got 8"],
    [{ shift: 1.5 }, "data.augment.shift: expected whole pixels from 0 to 7 for images of 8x12x1, got 1.5"],
    [{ erase: 9 }, "data.augment.erase: expected whole pixels from 0 to 8 for images of 8x12x1, got 9"],
    [{ rotate: 181 }, "data.augment.rotate: expected degrees from 0 to 180, got 181"],
    [{ rotate: Number.NaN }, "data.augment.rotate: expected degrees from 0 to 180, got NaN"],
    [{ flip: 1 }, "data.augment.flip: expected true or false, got 1"],
  ])("%o are refused", (options, message) => {
    expect(fault(options)).toThrow(BispikeError);
    expect(fault(options)).toThrow(message);
  });

  it("images that are not there and rows without room are refused", () => {
    const layout = squares(3);
    const augmenter = new Augmenter({ ...augmentDefaults, flip: true }, 1, layout, [0.3]);
    const split = splitOf(new Uint8Array(9));
    const fill = (room: number, image: number, count = 1) =>
      augmenter.fill(new Float32Array(room), split, Int32Array.of(image), 0, count, 0);
    expect(() => fill(9, 1)).toThrow("batch: expected an image index below 1, got 1");
    expect(() => fill(8, 0)).toThrow("batch: expected room for 1 rows of 9, got 8 values");
    expect(() => fill(18, 0, 2)).toThrow("batch: expected images 0 to 1 of the order, but it has 1");
  });
});
