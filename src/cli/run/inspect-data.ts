/** A data set: its parts, shape, classes, statistics and where its files came from. */
import { type Dataset, describeShape, type FileRecord, type Split } from "../../data/dataset.ts";
import { type ChannelStatistics, channelStatistics } from "../../data/normalise.ts";
import { alignTable, classLabel } from "../table.ts";
import type { Findings } from "./inspect.ts";

/** Everything there is to say of a loaded data set. */
export function inspectDataset(dataset: Dataset): Findings {
  const { name, shape, classNames, provenance } = dataset;
  const parts = { train: describePart(dataset.train, dataset), test: describePart(dataset.test, dataset) };
  const counts = classNames.map((_, c) => [
    classLabel(c, classNames),
    parts.train.perClass[c]!.toString(),
    parts.test.perClass[c]!.toString(),
  ]);
  const moments = Object.entries(parts).map(([part, { images, statistics }]) => [
    part,
    images.toString(),
    list(statistics.mean),
    list(statistics.std),
  ]);
  const files = provenance.map(({ file, bytes, sha256, verified }) => [
    file,
    bytes.toString(),
    describeVerified(verified),
    sha256,
  ]);
  return {
    json: { kind: "data set", name, shape, classNames, parts, provenance },
    text: [
      `${name}: images of ${describeShape(shape)} (height x width x channels) in ${classNames.length} classes`,
      alignTable([["part", "images", "mean", "std"], ...moments], "lrll"),
      alignTable([["class", "train", "test"], ...counts], "lrr"),
      alignTable([["file", "bytes", "content", "SHA-256"], ...files], "lrll"),
    ].join("\n\n"),
  };
}

interface PartSummary {
  readonly images: number;
  readonly perClass: readonly number[];
  /** In units of pixel / 255. */
  readonly statistics: ChannelStatistics;
}

function describePart(split: Split, { shape, classes }: Dataset): PartSummary {
  const perClass = new Array<number>(classes).fill(0);
  for (const label of split.labels) perClass[label]!++;
  const all = Int32Array.from({ length: split.count }, (_, i) => i);
  return { images: split.count, perClass, statistics: channelStatistics(split, all, shape) };
}

const list = (values: readonly number[]) => values.map((value) => value.toFixed(4)).join(", ");

function describeVerified(verified: FileRecord["verified"]): string {
  if (verified === "unknown") return "nothing to compare";
  return verified ? "as published" : "DIFFERS from the published";
}
