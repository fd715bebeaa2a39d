/** The work of `bispike eval` on autoencoders: how well each network redraws the images of a part. */
import { BispikeError } from "../../errors.ts";
import { buildAutoencoder, type OpenedCheckpoint } from "../../node/open.ts";
import type { AutoencoderCheckpoint } from "../../training/checkpoint.ts";
import type { EvalOptions } from "../eval.ts";
import { note, print } from "../output.ts";
import { printable } from "../table.ts";
import { datasetFor, partImages, unverified } from "./data.ts";
import { measureReconstruction, reconstructionTable, withFeatures } from "./reconstruction.ts";

export async function evalAutoencoder(
  opened: OpenedCheckpoint<AutoencoderCheckpoint>,
  options: EvalOptions,
): Promise<void> {
  const { part } = options;
  const { checkpoint, file } = opened;
  const { model, team } = await buildAutoencoder(opened, options.threads);
  try {
    const dataset = await datasetFor(checkpoint, file, options);
    note("warning", unverified(dataset));
    const { split, indices } = partImages(dataset, checkpoint, part);
    if (indices.length === 0) throw new BispikeError("data", `${dataset.name}: the ${part} part has no images`);
    const measured = await withFeatures(dataset, undefined, (features) =>
      measureReconstruction(model, split, indices, { features }),
    );
    const { task } = checkpoint.config;
    const heading = `${printable(file)}: ${measured.images} ${part} images of ${printable(dataset.name)}, redrawn`;
    print(
      options.json
        ? JSON.stringify({ task, ...measured, part, data: dataset.name, checkpoint: file })
        : `${heading}\n\n${reconstructionTable(measured)}`,
    );
  } finally {
    await team.close();
  }
}
