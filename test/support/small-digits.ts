/** A made data set of 8x8 pictures with clear classes, in memory or as IDX files: trains in a moment. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Dataset, Split } from "../../src/data/dataset.ts";
import { idxFile } from "./data-files.ts";

const SIDE = 8;

export interface SmallDigitsOptions {
  readonly classes?: number;
  readonly train?: number;
  readonly test?: number;
  /** The same bars in each, on noise of their own. Default: 1. */
  readonly channels?: number;
}

/** A bright bar for each class, at its own place, on a noisy ground. */
function split(count: number, classes: number, channels: number, seed: number): Split {
  let state = seed;
  const noise = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const images = new Uint8Array(count * SIDE * SIDE * channels);
  const labels = Uint16Array.from({ length: count }, (_, i) => i % classes);
  for (let i = 0; i < count; i++) {
    const label = labels[i] as number;
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        const bright = label < SIDE ? x === label : y === label - SIDE;
        const at = ((i * SIDE + y) * SIDE + x) * channels;
        for (let c = 0; c < channels; c++) images[at + c] = Math.floor((bright ? 150 : 0) + 100 * noise());
      }
    }
  }
  return { images, labels, count };
}

/** Default: 4 classes, 120 training images, 40 test images. */
export function smallDigits({ classes = 4, train = 120, test = 40, channels = 1 }: SmallDigitsOptions = {}): Dataset {
  return {
    name: "bars",
    shape: { height: SIDE, width: SIDE, channels },
    classes,
    classNames: Array.from({ length: classes }, (_, c) => `bar ${c}`),
    train: split(train, classes, channels, 1),
    test: split(test, classes, channels, 2),
    provenance: [],
  };
}

/** Writes the set's four IDX files into a folder, which is made. */
export function writeSmallDigits(folder: string, options: SmallDigitsOptions = {}): string {
  const { train, test, shape } = smallDigits(options);
  const dims = [SIDE, SIDE, ...(shape.channels === 1 ? [] : [shape.channels])];
  mkdirSync(folder, { recursive: true });
  for (const [part, { images, labels, count }] of [
    ["train", train],
    ["t10k", test],
  ] as const) {
    writeFileSync(join(folder, `${part}-images-idx3-ubyte`), idxFile([count, ...dims], images));
    writeFileSync(join(folder, `${part}-labels-idx1-ubyte`), idxFile([count], [...labels]));
  }
  return folder;
}
