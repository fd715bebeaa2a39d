/** Section `data`: what is trained on, and which part is kept for validation. */
import { AUGMENT_LIMITS, augmentDefaults } from "../../data/augment.ts";
import { KNOWN_NAMES } from "../../data/source.ts";
import { choice, flag, list, optional, real, section, value, whole } from "../options.ts";

const notPath = "it reads a text (data.text) or a series (data.series)";
const ofImages = "images are read from data.name or data.path";
const ofLabels = "there are no labels to be wrong";
/** Whether the validation part may be a count. */
const counted = { classify: true, sequence: false, autoencode: true } as const;
const series = { classify: ofImages, autoencode: ofImages } as const;

const isPlainText = (text: unknown) =>
  typeof text === "string" && text.length > 0 && text.length <= 4096 && !/\p{Cc}|\p{Cs}/u.test(text);
const place = (what: string) => ({
  expected: () => `${what}, 1 to 4096 characters without control characters`,
  accepts: isPlainText,
});

const isColumn = (column: unknown) =>
  typeof column === "string" ? column.length <= 1000 : Number.isSafeInteger(column) && (column as number) >= 0;
const columns = {
  expected: "a list of columns' names or places, such as [OT]",
  each: { expected: "a column's name or its place from 0", accepts: isColumn },
  min: 1,
  max: Number.MAX_SAFE_INTEGER,
} as const;

const text = (at: (key: string) => unknown) => at("task") === "next-character";

export const data = section(
  {
    name: optional(
      choice(KNOWN_NAMES, {
        says: "A known data set of images; with `path` too, `path` is where its files are.",
        notIn: { sequence: notPath },
      }),
    ),
    path: optional(
      value<string, { readonly sequence: string }>({
        says: "A folder of image files: IDX, CIFAR binaries, SVHN .mat, or a folder a class.",
        ...place("a folder's path"),
        notIn: { sequence: notPath },
      }),
    ),
    text: optional(
      value<string, typeof series>({
        says: "A known text (alice, hamlet, emma) or the path of a UTF-8 text; task next-character.",
        ...place("a known text (alice, hamlet, emma) or a text's path"),
        notIn: series,
      }),
    ),
    series: optional(
      value<string, typeof series>({
        says: "Path of a series (.csv, .tsv, .txt, .npy, .npz, .h5; text also with .gz); tasks regression and forecast.",
        ...place("a series' path"),
        notIn: series,
      }),
    ),
    targets: optional(
      list<string | number, typeof series>({
        says: "Names or places of the target columns; the last column if absent.",
        ...columns,
        notIn: series,
      }),
    ),
    columns: optional(
      list<string | number, typeof series>({
        says: "Names or places of the columns to use; all if absent.",
        ...columns,
        notIn: series,
      }),
    ),
    horizon: optional(
      whole({
        says: "How far ahead a forecast looks.",
        min: 1,
        default: ({ at }) => (at("task") === "forecast" ? 1 : undefined),
        unit: "rows",
        notIn: series,
      }),
    ),
    window: whole({
      says: "Positions of a window.",
      min: 1,
      max: 65536,
      default: 32,
      unit: "positions",
      notIn: series,
    }),
    stride: whole({
      says: "From one training window's start to the next; texts: one window, series: 1.",
      min: 1,
      default: ({ at }) => {
        const window = at("data.window");
        return !text(at) ? 1 : typeof window === "number" ? window : 32;
      },
      unit: "positions",
      notIn: series,
    }),
    trainPart: real({
      says: "Share of the elements, the first ones, for training and validation; the rest is the test part.",
      min: 0,
      max: 1,
      default: 0.8,
      notIn: {
        classify: "data sets of images have a test part of their own",
        autoencode: "data sets of images have a test part of their own",
      },
    }),
    validation: value<number, Record<never, never>>({
      says: "Training data kept aside for every choice: a share below 1, of images also a count, or 0 for none.",
      expected: (problem) => `a fraction from 0 to below 1${counted[problem] ? ", or a whole number of images" : ""}`,
      accepts: (part, problem) =>
        typeof part === "number" && part >= 0 && (part < 1 || (counted[problem] && Number.isSafeInteger(part))),
      default: 0.1,
      was: ["data.heldOut"],
    }),
    limit: whole({
      says: "Use only the first training images left after the validation split, or the first elements of a sequence; 0 = all.",
      min: 0,
      default: 0,
    }),
    labelNoise: real({
      says: "Share of the training images taught as another class, drawn by `train.seed`.",
      min: 0,
      max: 1,
      default: 0,
      notIn: { sequence: ofLabels, autoencode: ofLabels },
    }),
    augment: section(
      {
        shift: whole({
          says: "Farthest the image is moved along each axis; the margin is black.",
          min: 0,
          max: AUGMENT_LIMITS.shift,
          default: augmentDefaults.shift,
          unit: "pixels",
        }),
        flip: flag({ says: "Mirror left and right with probability 1/2.", default: augmentDefaults.flip }),
        rotate: real({
          says: "Farthest the image is turned, either way, about its centre.",
          min: 0,
          max: AUGMENT_LIMITS.rotate,
          default: augmentDefaults.rotate,
          unit: "degrees",
        }),
        erase: whole({
          says: "Side of a square set to the training images' mean (cutout).",
          min: 0,
          max: AUGMENT_LIMITS.erase,
          default: augmentDefaults.erase,
          unit: "pixels",
        }),
      },
      {
        says: "Random variants of the training images, another one at each step, drawn by `train.seed`.",
        notIn: {
          sequence: "it varies images",
          autoencode: "the drawn image is compared with the one in the data set",
        },
      },
    ),
    standardise: optional(
      choice(["train", "all"], {
        says: "Rows whose mean and deviation standardise a series: the training part, or all, which leaks the test part's.",
        default: ({ at }) => (text(at) ? undefined : "train"),
        notIn: series,
      }),
    ),
    fill: optional(
      choice(["error", "interpolate", "previous"], {
        says: "What to do about missing values of a series.",
        default: ({ at }) => (text(at) ? undefined : "error"),
        notIn: series,
      }),
    ),
    missing: optional(real({ says: "A number that stands for a missing value of a series.", notIn: series })),
    newline: optional(
      choice(["keep", "lf"], {
        says: "Line ends of a text as they are, or all as LF.",
        default: ({ at }) => (text(at) ? "keep" : undefined),
        notIn: series,
      }),
    ),
    delimiter: optional(
      value<"," | ";" | "\t" | "|" | "whitespace", typeof series>({
        says: "What stands between a table's cells; found out if absent.",
        expected: () => `one of "," ";" "\\t" "|" and whitespace`,
        accepts: (sign) => [",", ";", "\t", "|", "whitespace"].includes(sign as string),
        notIn: series,
      }),
    ),
    header: optional(flag({ says: "Whether a table's first line holds names; found out if absent.", notIn: series })),
    timeColumn: optional(
      value<string | number | false, typeof series>({
        says: "A table's column of times, false for none; found out if absent.",
        expected: () => "a column's name or place, or false",
        accepts: (column) => column === false || isColumn(column),
        notIn: series,
      }),
    ),
    key: optional(
      value<string, typeof series>({
        says: "Name of the array or table in an .npz or .h5 file; found out if absent.",
        expected: () => "text of at most 1000 characters",
        accepts: (name) => typeof name === "string" && name.length <= 1000,
        notIn: series,
      }),
    ),
    feature: optional(
      whole({
        says: "The feature to use of an array [time][node][feature]; 0 if absent.",
        min: 0,
        max: 65535,
        notIn: series,
      }),
    ),
  },
  { says: "What to train on." },
);
