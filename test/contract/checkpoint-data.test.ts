import { describe, expect, it } from "vitest";
import { findClass, partImages, placeOf, unverified } from "../../src/cli/data.ts";
import { splitValidation } from "../../src/data/dataset.ts";
import type { Checkpoint } from "../../src/training/checkpoint.ts";
import { resolveConfig } from "../../src/training/config.ts";
import { smallDigits } from "../support/small-digits.ts";

const dataset = smallDigits();
const checkpoint = (data: object): Checkpoint => {
  const config = resolveConfig({ data: { path: "bars", ...data }, train: { seed: 5 } });
  return { config } as Checkpoint;
};

describe("partImages", () => {
  it("gives the images that training split off, and those it was limited to", () => {
    const expected = splitValidation(dataset.train, 0.2, 5);
    const limited = checkpoint({ validation: 0.2, limit: 7 });
    expect(partImages(dataset, limited, "heldout")).toEqual({ split: dataset.train, indices: expected.validation });
    expect(partImages(dataset, limited, "train").indices).toEqual(expected.train.slice(0, 7));
    expect(partImages(dataset, checkpoint({ validation: 0.2 }), "train").indices).toEqual(expected.train);
    const test = partImages(dataset, limited, "test");
    expect([test.split, [...test.indices]]).toEqual([dataset.test, Array.from({ length: 40 }, (_, i) => i)]);
  });

  it("says when nothing was held out", () => {
    expect(() => partImages(dataset, checkpoint({ validation: 0 }), "heldout")).toThrow("held no images out");
  });

  it("finds an image of a part, or says how many there are", () => {
    const part = partImages(dataset, checkpoint({ validation: 0.2 }), "heldout");
    expect(placeOf(part, 3, "heldout")).toBe(part.indices[3]);
    expect(() => placeOf(part, 24, "heldout")).toThrow("--index: expected 0 to 23 (images of --part heldout), got 24");
  });
});

describe("findClass", () => {
  it("prefers names, then numbers, then names in other letters' case", () => {
    expect(findClass("2", ["7", "2", "x"])).toBe(1);
    expect(findClass("0", ["7", "2", "x"])).toBe(0);
    expect(findClass("SNEAKER", ["Bag", "Sneaker"])).toBe(1);
    expect(findClass("b", ["B", "b"])).toBe(1);
  });

  it.each([["9"], ["-1"], ["1.0"], [""], ["B"], ["__proto__"]])("refuses %j", (name) => {
    expect(() => findClass(name, ["bb", "bB"])).toThrow(
      /--class: there is no class .* expected a number from 0 to 1 or one of bb, bB/,
    );
  });

  it("refuses a name that fits two classes in other letters' case", () => {
    expect(() => findClass("BB", ["bb", "bB"])).toThrow("there is no class");
  });
});

it("unverified names the files that are not the published ones, and no others", () => {
  const record = (file: string, verified: boolean | "unknown") => ({ file, bytes: 1, sha256: "", verified });
  const provenance = [record("a", true), record("b", false), record("c", "unknown"), record("d", false)];
  expect(unverified({ ...dataset, provenance })).toBe("bars: not the published content: b, d");
  expect(unverified(dataset)).toBeNull();
});
