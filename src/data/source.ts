/** What the readers of data sets ask of whoever has the files: a folder on a disk, files dropped on a page, a zip file. */
import type { FileRecord } from "./dataset.ts";

/** What a person says a data set's name and folder by, for messages; the same option where one says both. */
export interface DataOptionNames {
  readonly name: string;
  readonly path: string;
}

/** An experiment's own. */
export const DATA_KEYS: DataOptionNames = { name: "data.name", path: "data.path" };

/** What a folder holds, each list sorted by code unit, so that every machine sees the same order. */
export interface Listing {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/** Pictures as they are read, to be recorded as one. */
export interface PicturesRecord {
  /** @param file path inside the data set's folder, with "/" */
  add(file: string, stored: Uint8Array): void;
  end(): void;
}

/** The files of one data set, read under limits. Paths are relative to its folder, with "/". */
export interface DataSource {
  /** Names the whole in messages. */
  readonly folder: string;
  /** Most bytes of all pictures, decoded. */
  readonly maxTotal: number;
  /** Account of what was read; empty where none is kept. */
  readonly records: readonly FileRecord[];
  /** The known set whose content was found, in every file; undefined too where content is not compared. */
  readonly recognised: KnownSet | undefined;

  /**
   * Files and folders in a folder, hidden ones left out; "" is the data set's own.
   *
   * @throws BispikeError "data" when it is no readable folder
   */
  list(folder: string): Promise<Listing>;

  /**
   * A file's content, decompressed if its name ends in `.gz`.
   *
   * @param role the key of its published checksum; without one the file is not compared and not recorded
   * @throws BispikeError "data" for a damaged file, or one that is larger than may be read
   */
  read(file: string, role?: string): Promise<Uint8Array>;

  /** A file as it is stored. @throws BispikeError "data" as `read` */
  readStored(file: string): Promise<Uint8Array>;

  /** Begins the record of a part that is pictures. */
  recordPictures(name: string): PicturesRecord;
}

// Published data sets: their classes and checksums. The checksums are of the decompressed content, so that a copy that
// was compressed again is still recognised. MNIST's and Fashion-MNIST's are SHA-256; for CIFAR-10 and SVHN only MD5
// is published. CIFAR-100 has none here: no two independent sources name the same one.

/** A published data set. */
export interface KnownSet {
  readonly name: string;
  /** The format it is published in (`read.ts`). */
  readonly kind: string;
  readonly classNames: readonly string[];
  /** By part ("train images") or file name: SHA-256 (64 digits) or MD5 (32 digits), lower case. */
  readonly digests: ReadonlyMap<string, string>;
}

const DIGITS = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] as const;

const SETS = [
  {
    name: "mnist",
    kind: "idx",
    classNames: DIGITS,
    digests: new Map([
      ["train images", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"],
      ["train labels", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"],
      ["test images", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"],
      ["test labels", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"],
    ]),
  },
  {
    name: "fashion-mnist",
    kind: "idx",
    classNames: [
      "T-shirt/top",
      "Trouser",
      "Pullover",
      "Dress",
      "Coat",
      "Sandal",
      "Shirt",
      "Sneaker",
      "Bag",
      "Ankle boot",
    ],
    digests: new Map([
      ["train images", "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"],
      ["train labels", "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"],
      ["test images", "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"],
      ["test labels", "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"],
    ]),
  },
  {
    name: "cifar10",
    kind: "cifar10",
    classNames: ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
    digests: new Map([
      ["data_batch_1.bin", "5dd7e06a14cb22eb9f671a540d1b7c25"],
      ["data_batch_2.bin", "5ea93a67294ea407fff1d09f752e9692"],
      ["data_batch_3.bin", "942cd6a4bcdd0dd3c604fbe906cb4421"],
      ["data_batch_4.bin", "ae636b3ba5c66a11e91e8cb52e771fcb"],
      ["data_batch_5.bin", "53f37980c15c3d472c316c40844f3f0d"],
      ["test_batch.bin", "803d5f7f4d78ea53de84dbe85f74fb6d"],
    ]),
  },
  {
    name: "cifar100",
    kind: "cifar100",
    classNames: Array.from({ length: 100 }, (_, index) => String(index)),
    digests: new Map(),
  },
  {
    name: "svhn",
    kind: "svhn",
    classNames: DIGITS,
    digests: new Map([
      ["train_32x32.mat", "e26dedcc434d2e4c54c9b2d4a06d8373"],
      ["test_32x32.mat", "eb5a983be6a315427106f1b164d9cef3"],
    ]),
  },
] as const satisfies readonly KnownSet[];

/** Name of a published data set. */
export type KnownName = (typeof SETS)[number]["name"];

export const KNOWN_NAMES: readonly KnownName[] = SETS.map(({ name }) => name);

/** By name. */
export const KNOWN_SETS: ReadonlyMap<string, KnownSet> = new Map(SETS.map((set) => [set.name, set]));
