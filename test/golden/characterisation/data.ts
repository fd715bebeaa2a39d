/**
 * The made data that every case trains on: two sets of pictures, a text, a series. They follow from integers alone and never change, since all recorded figures rest on them.
 * Nothing here knows the library.
 */

/** Pictures, [image][y][x][channel], 0..255, and the class of each. */
export interface Pictures {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly classes: number;
  readonly train: { readonly images: Uint8Array; readonly labels: Uint16Array; readonly count: number };
  readonly test: { readonly images: Uint8Array; readonly labels: Uint16Array; readonly count: number };
}

export const PICTURES = ["grey", "colour"] as const;
export type PicturesName = (typeof PICTURES)[number];

/** grey: 8x8, 4 classes, 120 + 40 images; colour: 9x12 of 3 channels, 5 classes, 100 + 30 images. Each class has a bright column of its own on a noisy ground. */
export function pictures(name: PicturesName): Pictures {
  const sizes =
    name === "grey"
      ? { height: 8, width: 8, channels: 1, classes: 4, train: 120, test: 40 }
      : { height: 9, width: 12, channels: 3, classes: 5, train: 100, test: 30 };
  return { ...sizes, train: split(sizes, sizes.train, 1), test: split(sizes, sizes.test, 2) };
}

interface Sizes {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly classes: number;
}

function split({ height, width, channels, classes }: Sizes, count: number, seed: number): Pictures["train"] {
  let state = seed;
  const noise = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  };
  const images = new Uint8Array(count * height * width * channels);
  const labels = Uint16Array.from({ length: count }, (_, i) => i % classes);
  for (let i = 0, at = 0; i < count; i++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let c = 0; c < channels; c++, at++) {
          const bright = x === 2 * labels[i]! + (c === 1 ? 1 : 0) && y > 0;
          images[at] = (bright ? 140 : 0) + ((noise() * 100) >> 8);
        }
  return { images, labels, count };
}

/** Words in an order that repeats every five: what follows a letter depends on what came before it. */
export function madeText(words = 120): string {
  const known = ["abba", "cab", "back"];
  return Array.from({ length: words }, (_, k) => known[(k * k + k) % 5] ?? "dab").join(" ");
}

/** CSV: hourly times, two waves, and a third column that is their sum a row later. */
export function madeSeries(rows = 200): string {
  const wave = (n: number, period: number) => Math.abs((n % period) - period / 2);
  const two = (n: number) => String(n).padStart(2, "0");
  const lines = Array.from({ length: rows }, (_, n) => {
    const sum = wave(n + 1, 8) + wave(n + 1, 12);
    return `2020-01-${two(1 + Math.floor(n / 24))} ${two(n % 24)}:00,${wave(n, 8)},${wave(n, 12)},${sum}`;
  });
  return ["date,a,b,OT", ...lines, ""].join("\n");
}
