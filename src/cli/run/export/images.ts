/** Images an export is made from. */
import type { Split } from "../../../data/dataset.ts";
import type { Checkpoint } from "../../../training/checkpoint.ts";
import type { Part } from "../../parse.ts";
import { type DataOptions, datasetFor, partImages, placeOf, unverified } from "../data.ts";
import type { FormatOptions } from "./format.ts";

export interface ChosenImages {
  readonly split: Split;
  readonly part: Part;
  /** Numbers within the part, and where they are in the split. */
  readonly numbers: readonly number[];
  readonly places: readonly number[];
  readonly warnings: readonly string[];
}

/**
 * Images that `--index`, `--part`, `--data.name` and `--data.path` choose.
 *
 * @param otherwise numbers where no `--index` was given; the whole part where absent
 * @throws BispikeError "usage" for an image that is not there, "data" for a set that is not the model's
 */
export async function chosenImages(
  checkpoint: Checkpoint,
  file: string,
  options: FormatOptions,
  otherwise?: readonly number[],
): Promise<ChosenImages> {
  const { part = "test", index } = options as { part?: Part; index?: readonly number[] };
  const dataset = await datasetFor(checkpoint, file, options as DataOptions);
  const images = partImages(dataset, checkpoint, part);
  const numbers = index ?? otherwise ?? Array.from(images.indices, (_, k) => k);
  const places = numbers.map((number) => placeOf(images, number, part));
  const warning = unverified(dataset);
  return { split: images.split, part, numbers, places, warnings: warning === null ? [] : [warning] };
}
