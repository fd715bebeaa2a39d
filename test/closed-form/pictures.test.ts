import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inversionWarning, readPicture } from "../../src/node/pictures.ts";
import { greyJpeg, greyPng, pngFile } from "../support/data-files.ts";
import { temporaryFolders } from "../support/folder.ts";

const folder = temporaryFolders();
const saved = (bytes: Uint8Array, name = "picture.png") => {
  const file = join(folder(), name);
  writeFileSync(file, bytes);
  return file;
};
const square = { height: 4, width: 4, channels: 1 };

describe("readPicture", () => {
  it("leaves a picture of the right shape as it is", async () => {
    const pixels = Uint8Array.from({ length: 16 }, (_, i) => 10 * i);
    const picture = await readPicture(saved(greyPng(4, 4, pixels)), square);
    expect(picture).toEqual({ pixels, change: null, brightness: expect.closeTo(75 / 255, 12) });
  });

  it("keeps proportions: a wide picture is centred on black, whose brightness does not count", async () => {
    const picture = await readPicture(saved(greyPng(2, 4, new Uint8Array(8).fill(51))), square);
    const line = (value: number) => new Array<number>(4).fill(value);
    expect([...picture.pixels]).toEqual([...line(0), ...line(51), ...line(51), ...line(0)]);
    expect(picture.brightness).toBeCloseTo(0.2, 12);
    expect(picture.change).toBe("4 x 2 pixels, scaled to 4 x 2 and centred on black of 4 x 4 to keep its proportions");
  });

  it("inverts before it adds black", async () => {
    const picture = await readPicture(saved(greyPng(8, 4, new Uint8Array(32).fill(155))), square, { invert: true });
    expect([...picture.pixels.subarray(0, 4)]).toEqual([0, 100, 100, 0]);
  });

  it("never scales a thin picture away, and takes no room for what it fills up", async () => {
    const picture = await readPicture(saved(greyPng(5000, 1, new Uint8Array(5000).fill(80))), square);
    expect([...picture.pixels.subarray(0, 4)]).toEqual([0, 80, 0, 0]);
  });

  it("turns colour to grey and grey to colour, and reads JPEG whatever its name", async () => {
    const red = pngFile({ width: 1, height: 1, depth: 8, colourType: 2, lines: [[100, 0, 0]] });
    const grey = await readPicture(saved(red), square);
    expect([grey.pixels[0], grey.change]).toEqual([30, "1 x 1 pixels in colour, scaled to 4 x 4 in grey"]);
    const jpeg = await readPicture(saved(greyJpeg(false), "odd.png"), { height: 8, width: 16, channels: 3 });
    expect([...jpeg.pixels.subarray(0, 3)]).toEqual([192, 192, 192]);
  });
});

describe("inversionWarning", () => {
  const warn = (brightness: number, means: number[], inverted = false) =>
    inversionWarning("a.png", { brightness, pixels: new Uint8Array(0), change: null }, means, inverted);
  it("asks about a negative only where the difference is clear", () => {
    expect(warn(0.87, [0.13])).toBe(
      "a.png: looks like a negative of the training images (mean brightness 0.87, theirs 0.13); try it with --invert",
    );
    expect(warn(0.1, [0.9], true)).toMatch(/try it without --invert$/);
    expect(warn(0.13, [0.13])).toBeNull();
    // Bright, but no further from black-on-white than from white-on-black: a busy picture.
    expect(warn(0.6, [0.13])).toBeNull();
    // Photographs are near the middle, where a negative cannot be told.
    expect(warn(0.9, [0.49, 0.48, 0.45])).toBeNull();
  });
});
