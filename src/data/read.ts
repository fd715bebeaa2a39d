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
import { DATA_KEYS, type DataOptionNames, type DataSource, KNOWN_SETS, type KnownSet, type Listing } from "./source.ts";

import { IDX_FILE, readCifar10, readCifar100, readIdx, readSvhn, type StoredParts } from "./stored.ts";

/** A way to store a data set. */
interface Format {
  readonly kind: string;
  /** What files or folders tell it by: one is enough, its reader says what is missing. */
  readonly sign: (listing: Listing) => boolean;
  /** What was looked for, where nothing was found. */
  readonly says: string;
  /** Whether it may hold the images of any published set, not only those that are published in it. */
  readonly anySet?: boolean;
  readonly read: (files: DataSource, listing: Listing, options: DataOptionNames) => Promise<StoredParts>;
}

const named = (sign: RegExp) => (listing: Listing) => listing.files.some((file) => sign.test(file));

/** Every format, the first that fits first: a new one is a line here, and its row above. */
const FORMATS: readonly Format[] = [
  {
    kind: "idx",
    sign: named(IDX_FILE),
    says: "IDX files (train-images-idx3-ubyte, train-labels-idx1-ubyte)",
    read: readIdx,
  },
  {
    kind: "cifar10",
    sign: named(/^(data_batch_[1-5]|test_batch)\.bin$/),
    says: "CIFAR-10 (data_batch_1.bin)",
    read: readCifar10,
  },
  {
    kind: "cifar100",
    sign: named(/^(train|test)\.bin$/),
    says: "CIFAR-100 (train.bin, test.bin)",
    read: readCifar100,
  },
  {
    kind: "svhn",
    sign: named(/^(train|test)_32x32\.mat$/),
    says: "SVHN (train_32x32.mat, test_32x32.mat)",
    read: readSvhn,
  },
  {
    kind: "image folders",
    sign: ({ folders }) => folders.length > 0,
    says: "folders of PNG or JPEG pictures",
    anySet: true,
    read: readPictures,
  },
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
  const { kind, read } = findFormat(folder, listing, known, options);
  const files = open(known ? [known] : [...KNOWN_SETS.values()].filter((set) => set.kind === kind));
  const parts = await read(files, listing, options);

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

function findFormat(
  folder: string,
  listing: Listing,
  known: KnownSet | undefined,
  { name, path }: DataOptionNames,
): Format {
  const fit = FORMATS.filter(({ sign }) => sign(listing));
  // Files of a set say more than a folder beside them, which may be anything.
  const ofFiles = fit.filter(({ anySet }) => !anySet);
  const found = ofFiles.length > 0 ? ofFiles : fit;
  const there = describe(listing);
  if (known !== undefined && found.length > 0) {
    // Its own files, or the same images in another form.
    const fitting = found.find(({ kind, anySet }) => kind === known.kind || anySet);
    if (fitting !== undefined) return fitting;
    throw new BispikeError(
      "data",
      `${folder}: expected the files of ${known.name} (${known.kind}), found ${there}; correct ${name === path ? path : `${name} or ${path}`}`,
    );
  }
  const [format, ...others] = found;
  if (format === undefined) {
    const looked = FORMATS.map(({ says }) => says);
    throw new BispikeError(
      "data",
      `${folder}: found no data set. Looked for ${looked.slice(0, -1).join(", ")} and ${looked.at(-1)}; there is ${there}`,
    );
  }
  if (others.length > 0) {
    throw new BispikeError(
      "data",
      `${folder}: found files of several data sets (${found.map(({ kind }) => kind).join(", ")}); give ${name} ${name === path ? "" : "or "}a folder of one set`,
    );
  }
  return format;
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
