/**
 * Published data sets: their classes and checksums. The checksums are of the decompressed content, so that a copy that
 * was compressed again is still recognised. MNIST's and Fashion-MNIST's are SHA-256; for CIFAR-10 and SVHN only MD5
 * is published. CIFAR-100 has none here: no two independent sources name the same one.
 */

/** How a data set is stored. */
export type DatasetKind = "idx" | "cifar10" | "cifar100" | "svhn" | "image folders";

/** A published data set. */
export interface KnownSet {
  readonly name: string;
  readonly kind: DatasetKind;
  readonly classNames: readonly string[];
  /** By part ("train images") or file name: SHA-256 (64 digits) or MD5 (32 digits), lower case. */
  readonly digests: ReadonlyMap<string, string>;
}

const DIGITS = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] as const;

const SETS: readonly KnownSet[] = [
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
];

/** By name: "mnist", "fashion-mnist", "cifar10", "cifar100", "svhn". */
export const KNOWN_SETS: ReadonlyMap<string, KnownSet> = new Map(SETS.map((set) => [set.name, set]));
