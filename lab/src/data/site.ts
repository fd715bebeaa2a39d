/** Data sets the site carries: IDX files under data/NAME/, as `bispike lab` serves them and `build:lab` lays them out. */
import { checkLabels, type Dataset, makeSplit } from "../../../src/data/dataset.ts";
import { parseIdxImages, parseIdxLabels } from "../../../src/data/idx.ts";
import { KNOWN_SETS } from "../../../src/data/source.ts";
import { BispikeError } from "../../../src/errors.ts";
import { type Arrival, Arriving } from "./arrival.ts";

/**
 * Fetches a data set.
 *
 * @param base the page's own address
 * @param tell hears, a few times a second, how much has come
 * @throws BispikeError "data" when the site does not carry it, or a file is damaged
 */
export async function fetchSite(
  name: "mnist" | "fashion-mnist",
  base: string,
  tell: (arrival: Arrival) => void,
): Promise<Dataset> {
  const folder = new URL(`data/${name}/`, base);
  const arriving = new Arriving(4, tell);
  const [train, test] = await Promise.all([fetchPart(folder, "train", arriving), fetchPart(folder, "t10k", arriving)]);
  const { classNames } = KNOWN_SETS.get(name)!;
  const classes = classNames.length;
  checkLabels(train.split.labels, classes, `${name}: training part`);
  checkLabels(test.split.labels, classes, `${name}: test part`);
  return { name, shape: train.shape, classes, classNames, train: train.split, test: test.split, provenance: [] };
}

async function fetchPart(folder: URL, part: "train" | "t10k", arriving: Arriving) {
  const file = (what: "images" | "labels") => `${part}-${what}-idx${what === "images" ? 3 : 1}-ubyte`;
  const [imageBytes, labelBytes] = await Promise.all([
    fetchFile(folder, file("images"), arriving),
    fetchFile(folder, file("labels"), arriving),
  ]);
  const { shape, images } = parseIdxImages(imageBytes, file("images"));
  const labels = parseIdxLabels(labelBytes, file("labels"));
  return { shape, split: makeSplit(images, labels, shape, `${folder.pathname}: ${part}`) };
}

/** A file of the site, stored as gzip. Servers that say so in Content-Encoding have the browser unpack it; others do not. */
async function fetchFile(folder: URL, name: string, arriving: Arriving): Promise<Uint8Array> {
  const url = new URL(`${name}.gz`, folder);
  const failed = (why: string) =>
    new BispikeError(
      "data",
      `${url.pathname}: ${why}; this site does not carry these images, drop your own files instead`,
    );
  const response = await fetch(url);
  if (!response.ok) throw failed(`the server answered ${response.status}`);
  const bytes = await arriving.read(response);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const unpacked = new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")));
  try {
    return new Uint8Array(await unpacked.arrayBuffer());
  } catch {
    throw failed("is a damaged gzip file");
  }
}
