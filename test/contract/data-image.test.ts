/** Pictures: PNG by its specification's own sample layouts, JPEG by flat colours, and the fitting to a stimulus. */

import { deflateSync } from "node:zlib";
import { encode as encodeJpeg } from "jpeg-js";
import { describe, expect, it } from "vitest";
import { type DecodedImage, decodeImage, fitImage, resize } from "../../src/data/image.ts";
import { greyJpeg, greyPng, joinBytes, PNG_SIGNATURE, pngChunk, pngFile, ramp } from "../support/data-files.ts";

function pixelsOf(bytes: Uint8Array): number[] {
  return [...decodeImage(bytes, "a").pixels];
}

function flatJpeg(height: number, width: number, colour: readonly [number, number, number]): Uint8Array {
  const data = new Uint8Array(height * width * 4);
  for (let at = 0; at < data.length; at += 4) data.set([...colour, 255], at);
  return new Uint8Array(encodeJpeg({ width, height, data }, 100).data);
}

describe("PNG", () => {
  it("reads grey of 1, 2, 4, 8 and 16 bits, each line from a new byte, scaled to 255", () => {
    const grey = (depth: number, width: number, lines: number[][]) =>
      pngFile({ width, height: lines.length, depth, colourType: 0, lines });
    expect(pixelsOf(grey(1, 3, [[0b10100000], [0b01000000]]))).toEqual([255, 0, 255, 0, 255, 0]);
    expect(pixelsOf(grey(2, 3, [[0b00011000]]))).toEqual([0, 85, 170]);
    expect(pixelsOf(grey(4, 3, [[0x0f, 0x80]]))).toEqual([0, 255, 136]);
    expect(pixelsOf(grey(8, 2, [[7, 200]]))).toEqual([7, 200]);
    expect(pixelsOf(grey(16, 3, [[0x80, 0x80, 0xff, 0xff, 0, 0x80]]))).toEqual([128, 255, 0]);
    expect(decodeImage(grey(8, 2, [[7, 200]]), "a")).toMatchObject({ height: 1, width: 2, channels: 1 });
  });

  it("reads colour, and lays alpha on black", () => {
    const one = (colourType: number, line: number[], depth = 8) =>
      pngFile({ width: 1, height: 1, depth, colourType, lines: [line] });
    expect(pixelsOf(one(2, [1, 2, 3]))).toEqual([1, 2, 3]);
    expect(pixelsOf(one(6, [200, 100, 50, 51]))).toEqual([40, 20, 10]);
    expect(pixelsOf(one(4, [200, 0]))).toEqual([0]);
    expect(pixelsOf(one(4, [0xff, 0xff, 0x80, 0x80], 16))).toEqual([128]);
  });

  it("reads palettes, with and without transparency", () => {
    const palette = pngChunk("PLTE", [10, 20, 30, 40, 50, 60, 255, 255, 255]);
    const indexed = (extra: Uint8Array[], lines: number[][]) =>
      pngFile({ width: 3, height: 1, depth: 2, colourType: 3, lines, extra });
    expect(pixelsOf(indexed([palette], [[0b01001000]]))).toEqual([40, 50, 60, 10, 20, 30, 255, 255, 255]);
    expect(pixelsOf(indexed([palette, pngChunk("tRNS", [51])], [[0b01001000]]))).toEqual([
      40, 50, 60, 2, 4, 6, 255, 255, 255,
    ]);
    expect(() => pixelsOf(indexed([palette], [[0b11001000]]))).toThrow(/palette index: expected below 3, found 3/);
    expect(() => pixelsOf(indexed([], [[0]]))).toThrow(/expected a palette/);
  });

  it("takes the one transparent value of a grey file as black", () => {
    const lines = [[7, 9, 7]];
    const extra = [pngChunk("tRNS", [0, 7])];
    expect(pixelsOf(pngFile({ width: 3, height: 1, depth: 8, colourType: 0, lines, extra }))).toEqual([0, 9, 0]);
    const empty = [pngChunk("tRNS", [])];
    expect(() => pixelsOf(pngFile({ width: 3, height: 1, depth: 8, colourType: 0, lines, extra: empty }))).toThrow(
      /tRNS: expected 2 bytes, found 0/,
    );
  });

  it("takes the one transparent colour of a file as black, and no other that shares a channel with it", () => {
    const lines = [[7, 8, 9, 7, 8, 10, 1, 8, 9]];
    const extra = [pngChunk("tRNS", [0, 7, 0, 8, 0, 9])];
    expect(pixelsOf(pngFile({ width: 3, height: 1, depth: 8, colourType: 2, lines, extra }))).toEqual([
      0, 0, 0, 7, 8, 10, 1, 8, 9,
    ]);
  });

  it("reads Adam7: a 3 x 3 picture is passes 1 (0,0), 4 (2,0), 5 (row 2: 0, 2), 6 (rows 0, 2: 1), 7 (row 1)", () => {
    const lines = joinBytes([0, 1], [0, 3], [0, 7, 9], [0, 2], [0, 8], [0, 4, 5, 6]);
    expect(pixelsOf(pngFile({ width: 3, height: 3, depth: 8, colourType: 0, interlace: 1, lines }))).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
    expect(() => pixelsOf(pngFile({ width: 3, height: 3, depth: 4, colourType: 0, interlace: 1, lines }))).toThrow(
      /without interlacing/,
    );
  });

  it("refuses 64 megapixels by the header, bombs by their length, and damage by the checksum", () => {
    const huge = pngFile({ width: 8001, height: 8000, depth: 8, colourType: 0, lines: [[0]] });
    expect(() => pixelsOf(huge)).toThrow(/1 to 64 megapixels, found 8001 x 8000/);
    const bomb = pngFile({ width: 2, height: 1, depth: 8, colourType: 0, lines: [new Array(1e6).fill(0)] });
    expect(() => pixelsOf(bomb)).toThrow(/more than the 3 bytes/);
    const short = pngFile({ width: 3, height: 1, depth: 8, colourType: 0, lines: [[1, 2]] });
    expect(() => pixelsOf(short)).toThrow(/expected 4 bytes of pixels, found 3/);
    const damaged = greyPng(1, 2, ramp(2));
    damaged[30] = (damaged[30] as number) ^ 1; // in the checksum of IHDR
    expect(() => pixelsOf(damaged)).toThrow(/damaged \(CRC mismatch/);
  });

  it("never unpacks a colour profile", () => {
    // A block of type 3, which deflate does not have: unpacking it would fail.
    const profile = joinBytes(new TextEncoder().encode("p"), [0, 0, 0x78, 0x9c], new Uint8Array(20).fill(0xff));
    const extra = [pngChunk("iCCP", profile)];
    expect(pixelsOf(pngFile({ width: 1, height: 1, depth: 8, colourType: 0, lines: [[5]], extra }))).toEqual([5]);
  });

  it("refuses a header that comes twice, so that the second cannot change the checked size", () => {
    const ihdr = (width: number) => pngChunk("IHDR", [0, 0, 0, width, 0, 0, 0, 1, 8, 0, 0, 0, 0]);
    const data = pngChunk("IDAT", deflateSync(Uint8Array.of(0, 1)));
    const file = joinBytes(PNG_SIGNATURE, ihdr(1), ihdr(200), data, pngChunk("IEND", []));
    expect(() => pixelsOf(file)).toThrow(/IHDR is there twice/);
  });
});

describe("JPEG", () => {
  it("reads colour within the format's loss", () => {
    const image = decodeImage(flatJpeg(9, 17, [200, 100, 50]), "a");
    expect(image).toMatchObject({ height: 9, width: 17, channels: 3 });
    expect(image.pixels.length).toBe(9 * 17 * 3);
    for (const [at, value] of image.pixels.entries()) {
      expect(Math.abs(value - ([200, 100, 50][at % 3] as number))).toBeLessThanOrEqual(2);
    }
  });

  it.each([false, true])("reads one component as grey (progressive: %s)", (progressive) => {
    const image = decodeImage(greyJpeg(progressive), "a");
    expect(image).toMatchObject({ height: 8, width: 16, channels: 1 });
    expect([...image.pixels]).toEqual(Array.from({ length: 128 }, (_, at) => (at % 16 < 8 ? 192 : 128)));
  });

  it("refuses a size the bytes cannot hold, and more than 64 megapixels", () => {
    const bytes = flatJpeg(8, 8, [1, 2, 3]);
    const frame = bytes.findIndex((byte, at) => byte === 0xff && bytes[at + 1] === 0xc0);
    const sized = (height: number, width: number): Uint8Array => {
      const copy = Uint8Array.from(bytes);
      copy.set([height >> 8, height & 255, width >> 8, width & 255], frame + 5);
      return copy;
    };
    expect(() => decodeImage(sized(7000, 7000), "a")).toThrow(/cannot hold 7000 x 7000 pixels/);
    expect(() => decodeImage(sized(65000, 65000), "a")).toThrow(/megapixels/);
    expect(() => decodeImage(bytes.subarray(0, bytes.length - 2), "a")).toThrow(/end mark FF D9/);
    expect(() => decodeImage(joinBytes([0xff, 0xd8, 0xff, 0xd9]), "a")).toThrow(/expected a frame and a scan/);
  });

  it("refuses a file of ever more scans", () => {
    const bytes = flatJpeg(8, 8, [1, 2, 3]);
    const scan = bytes.findIndex((byte, at) => byte === 0xff && bytes[at + 1] === 0xda);
    const scans = Array.from({ length: 101 }, () => bytes.subarray(scan, bytes.length - 2));
    expect(() => decodeImage(joinBytes(bytes.subarray(0, scan), ...scans, [0xff, 0xd9]), "a")).toThrow(
      /at most 100 scans/,
    );
  });
});

it("refuses what is neither", () => {
  expect(() => decodeImage(new TextEncoder().encode("GIF89a"), "x.gif")).toThrow(/x\.gif: expected a PNG or JPEG/);
});

describe("fitting", () => {
  const image = (height: number, width: number, pixels: number[], channels: 1 | 3 = 1): DecodedImage => ({
    height,
    width,
    channels,
    pixels: Uint8Array.from(pixels),
  });

  it("takes the mean of the area when it shrinks, also of parts of pixels", () => {
    expect([...resize(image(2, 2, [0, 100, 200, 100]), 1, 1).pixels]).toEqual([100]);
    // 3 -> 2: the first new pixel is pixel 0 and half of pixel 1.
    expect([...resize(image(1, 3, [30, 60, 240]), 1, 2).pixels]).toEqual([40, 180]);
  });

  it("interpolates between pixel centres when it grows", () => {
    expect([...resize(image(1, 2, [0, 100]), 1, 4).pixels]).toEqual([0, 25, 75, 100]);
    expect([...resize(image(1, 2, [0, 100]), 2, 2).pixels]).toEqual([0, 100, 0, 100]);
  });

  it("keeps channels apart", () => {
    expect([...resize(image(1, 2, [0, 10, 20, 100, 50, 40], 3), 1, 1).pixels]).toEqual([50, 30, 30]);
  });

  it("turns colour to luma and grey to three equal channels, then stretches", () => {
    const red = image(1, 1, [255, 0, 0], 3);
    expect(fitImage(red, { height: 1, width: 2, channels: 1 })).toEqual(image(1, 2, [76, 76]));
    expect(fitImage(image(1, 1, [9]), { height: 1, width: 1, channels: 3 })).toEqual(image(1, 1, [9, 9, 9], 3));
    expect(() => fitImage(red, { height: 1, width: 1, channels: 2 })).toThrow(/1 or 3 channels/);
  });
});
