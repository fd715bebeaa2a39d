/** The work of `bispike reconstruct`: images beside what each network draws of them, and how far off the drawings are. */
import { BispikeError } from "../../errors.ts";
import type { Network } from "../../network/autoencoder-pair.ts";
import { openAutoencoder } from "../../node/open.ts";
import type { AutoencoderLearner } from "../../rules/rule.ts";
import { note, print } from "../output.ts";
import { NETWORKS } from "../parse.ts";
import type { ReconstructOptions } from "../reconstruct.ts";
import { printable } from "../table.ts";
import { datasetFor, filesRead, partImages, unverified } from "./data.ts";
import { requireNotRead, requirePicture } from "./output-file.ts";
import { startProgress } from "./progress.ts";
import { measureReconstruction, reconstructionTable, withFeatures } from "./reconstruction.ts";
import { writeReconstructions } from "./reconstruction-picture.ts";

/** Runs the command. */
export async function runReconstruct(path: string, options: ReconstructOptions): Promise<void> {
  const { part, out, count, scale } = options;
  requireNotRead("--out", out, path);
  requirePicture("--out", out);
  const { model, team, checkpoint, file } = await openAutoencoder(path, options.threads);
  try {
    const networks = drawers(model.learner, options.by);
    const dataset = await datasetFor(checkpoint, file, options);
    requireNotRead("--out", out, path, filesRead(dataset, checkpoint, options));
    note("warning", unverified(dataset));
    const { split, indices } = partImages(dataset, checkpoint, part);
    if (indices.length === 0) throw new BispikeError("data", `${dataset.name}: the ${part} part has no images`);
    const progress = startProgress("images redrawn", indices.length, { silent: options.json ?? options.quiet });
    const measured = await withFeatures(dataset, options.features, (features) =>
      measureReconstruction(model, split, indices, { networks, features, progress: progress.at }),
    ).finally(progress.end);
    const picture = writeReconstructions(model, split, indices.subarray(0, count), out, networks, scale);
    const { width, height } = picture;
    const heading = `${printable(file)}: ${measured.images} ${part} images of ${printable(dataset.name)}, redrawn`;
    print(
      options.json
        ? JSON.stringify({ ...measured, part, data: dataset.name, checkpoint: file, out, width, height })
        : [
            heading,
            reconstructionTable(measured),
            `${out}: originals, below them as drawn by ${networks.join(" and ")} (${width} x ${height} pixels)`,
          ].join("\n\n"),
    );
  } finally {
    await team.close();
  }
}

function drawers(learner: AutoencoderLearner, by: ReconstructOptions["by"]): readonly Network[] {
  if (by === undefined) return learner.redrawers;
  const networks = by === "both" ? NETWORKS : [by];
  return networks.map((network) => drawing(learner, network));
}

/**
 * A network the rule has trained to draw.
 *
 * @throws BispikeError "usage" for one it has not
 */
export function drawing({ redrawers }: Pick<AutoencoderLearner, "redrawers">, by: Network): Network {
  if (redrawers.includes(by)) return by;
  throw new BispikeError(
    "usage",
    `--by ${by}: this experiment's rule trains ${redrawers.join(" and ")} alone; use --by ${redrawers.join(" or --by ")}`,
  );
}
