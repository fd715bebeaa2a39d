/**
 * Which data set some files are, and its images; runs anywhere. What a folder may hold:
 *
 * | data | files |
 * |---|---|
 * | IDX | `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, and `t10k-` or `test-` for the test part; `.idx` for `-idx`, rank 4 for colour, `.gz` |
 * | CIFAR-10, binary version | `data_batch_1.bin` to `data_batch_5.bin`, `test_batch.bin` |
 * | CIFAR-100, binary version | `train.bin`, `test.bin`, `fine_label_names.txt` if at hand |
 * | SVHN, cropped digits | `train_32x32.mat`, `test_32x32.mat` |
 * | pictures | `train/CLASS/*.png` (`.jpg`, `.jpeg`) and `test/CLASS/*`, or only `CLASS/*` |
 *
 * Without a test part, IDX tests on the last tenth of the images and pictures on every tenth of each class, in the
 * order of their names.
 */
import { BispikeError } from "../errors.ts";
import { checkLabels, countClasses, type Dataset } from "./dataset.ts";
import { readPictures } from "./pictures.ts";
import {
  DATA_KEYS,
  type DataOptionNames,
  type DataSource,
  type DatasetKind,
  KNOWN_SETS,
  type KnownSet,
  type Listing,
} from "./source.ts";

import { IDX_FILE, readCifar10, readCifar100, readIdx, readSvhn, type StoredParts } from "./stored.ts";

type Reader = (files: DataSource, listing: Listing, options: DataOptionNames) => Promise<StoredParts>;

const READERS: Readonly<Record<DatasetKind, Reader>> = {
  idx: readIdx,
  cifar10: readCifar10,
  cifar100: readCifar100,
  svhn: readSvhn,
  "image folders": readPictures,
};

/** By file names; the first that fits a kind is enough to choose it, its reader says what is missing. */
const SIGNS: readonly (readonly [kind: DatasetKind, sign: RegExp])[] = [
  ["idx", IDX_FILE],
  ["cifar10", /^(data_batch_[1-5]|test_batch)\.bin$/],
  ["cifar100", /^(train|test)\.bin$/],
  ["svhn", /^(train|test)_32x32\.mat$/],
];

const LISTED = 12;

/**
 * Reads a data set.
 *
 * @param open gives the files of the folder; told which known sets its content may be compared with
 * @param name as of `DatasetRequest`
 * @param label its name where neither `name` nor its content says
 * @param options that say name and folder, for messages
 * @throws BispikeError "data" when there is none, or a file is damaged, too large, or does not fit the others
 */
export async function readDataset(
  folder: string,
  listing: Listing,
  open: (comparable: readonly KnownSet[]) => DataSource,
  {
    name,
    label,
    options = DATA_KEYS,
  }: { readonly name: string | undefined; readonly label: string; readonly options?: DataOptionNames },
): Promise<Dataset> {
  const known = name === undefined ? undefined : KNOWN_SETS.get(name);
  const kind = findKind(folder, listing, known, options);
  const files = open(known ? [known] : [...KNOWN_SETS.values()].filter((set) => set.kind === kind));
  const parts = await READERS[kind](files, listing, options);

  // CIFAR and SVHN have their classes whatever the copy; an IDX file or a folder may be anything.
  const published = known ?? files.recognised ?? KNOWN_SETS.get(kind);
  const classes =
    parts.classNames?.length ?? published?.classNames.length ?? countClasses(parts.train.labels, parts.test.labels);
  checkLabels(parts.train.labels, classes, `${folder}: training part`);
  checkLabels(parts.test.labels, classes, `${folder}: test part`);
  return {
    name: name ?? published?.name ?? label,
    shape: parts.shape,
    classes,
    classNames:
      parts.classNames ?? published?.classNames ?? Array.from({ length: classes }, (_, index) => String(index)),
    train: parts.train,
    test: parts.test,
    provenance: [...files.records],
  };
}

function findKind(
  folder: string,
  listing: Listing,
  known: KnownSet | undefined,
  { name, path }: DataOptionNames,
): DatasetKind {
  const kinds = SIGNS.filter(([, sign]) => listing.files.some((file) => sign.test(file))).map(([kind]) => kind);
  if (kinds.length === 0 && listing.folders.length > 0) kinds.push("image folders");
  const there = describe(listing);
  if (known !== undefined && kinds.length > 0) {
    // Its own files, or the same images as pictures.
    const fitting = kinds.find((kind) => kind === known.kind || kind === "image folders");
    if (fitting !== undefined) return fitting;
    throw new BispikeError(
      "data",
      `${folder}: expected the files of ${known.name} (${known.kind}), found ${there}; correct ${name === path ? path : `${name} or ${path}`}`,
    );
  }
  const [kind, ...others] = kinds;
  if (kind === undefined) {
    throw new BispikeError(
      "data",
      `${folder}: found no data set. Looked for IDX files (train-images-idx3-ubyte, train-labels-idx1-ubyte), CIFAR-10 ` +
        "(data_batch_1.bin), CIFAR-100 (train.bin, test.bin), SVHN (train_32x32.mat, test_32x32.mat) and folders of " +
        `PNG or JPEG pictures; there is ${there}`,
    );
  }
  if (others.length > 0) {
    throw new BispikeError(
      "data",
      `${folder}: found files of several data sets (${kinds.join(", ")}); give ${name} ${name === path ? "" : "or "}a folder of one set`,
    );
  }
  return kind;
}

function describe(listing: Listing): string {
  const names = [...listing.folders.map((folder) => `${folder}/`), ...listing.files];
  if (names.length === 0) return "nothing";
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : "";
  return (
    names
      .slice(0, LISTED)
      .map((name) => JSON.stringify(name))
      .join(", ") + more
  );
}
