/** Checksums of what data hold, whatever their files are called and however they are stored: moved, renamed or zipped they stay the same data. */
import { createHash } from "node:crypto";
import type { Dataset } from "../data/dataset.ts";
import type { SequenceSet } from "../data/sequence/task.ts";

/** SHA-256 of every pixel and label, training part and test part; names count for nothing. */
export function imagesContent({ shape, train, test }: Dataset): string {
  const { height, width, channels } = shape;
  const sizes = [height, width, channels, train.count, test.count];
  return sumOf(sizes, train.images, train.labels, test.images, test.labels);
}

/** SHA-256 of all inputs and targets, as symbols' numbers or standardised; what these mean a checkpoint knows. */
export function sequenceContent({ inputs, targets }: SequenceSet): string {
  const [read, said] = [inputs, targets].map((side) => (side.kind === "symbols" ? side.symbols : side.values));
  return sumOf([inputs.width, targets.width, read!.length], read!, said!);
}

function sumOf(about: readonly number[], ...arrays: readonly ArrayBufferView[]): string {
  const sum = createHash("sha256").update(JSON.stringify(about));
  for (const array of arrays) sum.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  return sum.digest("hex");
}
