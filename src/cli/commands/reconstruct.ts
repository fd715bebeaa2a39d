/** `bispike reconstruct`. */
import { Command, Option } from "commander";
import { BispikeError } from "../../errors.ts";
import type { Network } from "../../nets/autoencoder-pair.ts";
import { openAutoencoder } from "../../node/open.ts";
import type { AutoencoderLearner } from "../../rules/rule.ts";
import { LARGEST, NETWORKS, type Part, partOption, wholeNumber, withData, withThreads } from "../arguments.ts";
import { datasetFor, filesRead, partImages, unverified } from "../data.ts";
import { requireNotRead, requirePicture } from "../output-file.ts";
import { note, print, runAction } from "../process.ts";
import { startProgress } from "../report/progress.ts";
import {
  measureReconstruction,
  reconstructionTable,
  withFeatures,
  writeReconstructions,
} from "../report/reconstruction.ts";
import { printable } from "../report/tables.ts";

export interface ReconstructOptions {
  readonly part: Part;
  readonly count: number;
  readonly by?: (typeof NETWORKS)[number] | "both";
  readonly features?: string;
  readonly out: string;
  readonly scale?: number;
  readonly threads: number;
  readonly json?: true;
  readonly quiet?: true;
  readonly "data.name"?: string;
  readonly "data.path"?: string;
}

export function reconstructCommand(): Command {
  const command = new Command("reconstruct")
    .description(
      "Has the networks of a trained autoencoder reconstruct images: writes a PNG of the part's first images with what perception and recall draw of each below it, " +
        "and measures the drawings of the whole part: squared error (in pixels from 0, black, to 1, white), of low and high spatial frequencies also apart, PSNR, SSIM, " +
        "and the Fréchet distance between originals and drawings by the features of a net, which is named with it.",
    )
    .argument("<run>", "a run folder (its best checkpoint, else its last) or a checkpoint file")
    .addOption(partOption("which images: test, those held out of training, or those trained on"))
    .option("--count <n>", "images in the PNG, the part's first ones", wholeNumber(1, LARGEST), 10)
    .addOption(
      new Option("--by <network>", "which network draws (default: each that was trained to)").choices([
        ...NETWORKS,
        "both",
      ]),
    )
    .option(
      "--features <net>",
      "net whose features the Fréchet distance is by: mnist, fashion-mnist, cifar10 (shipped), an .onnx file, or a run or checkpoint of images (default: the data set's own, where shipped)",
    )
    .option("--out <file>", "PNG to write", "reconstruct.png")
    .option(
      "--scale <n>",
      "pixels of the PNG a pixel (default: 4 for 28 pixels, fewer for larger images)",
      wholeNumber(1, 64),
    );
  withThreads(withData(command))
    .option("--json", "print one JSON object")
    .option("--quiet", "print only warnings and the result")
    .addHelpText(
      "after",
      `
Examples:
  $ bispike reconstruct runs/mnist-autoencoder-seed1
  $ bispike reconstruct runs/mnist-autoencoder-seed1 --part heldout --count 30 --out heldout.png
  $ bispike reconstruct runs/mnist-autoencoder-seed1 --features inception.onnx
  $ bispike reconstruct model.safetensors --by recall --data.path data/mnist --json | jq .recall.mse`,
    )
    .action(runAction(runReconstruct));
  return command;
}

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
    const progress = startProgress("images reconstructed", indices.length, { silent: options.json ?? options.quiet });
    const measured = await withFeatures(dataset, options.features, (features) =>
      measureReconstruction(model, split, indices, { networks, features, progress: progress.at }),
    ).finally(progress.end);
    const picture = writeReconstructions(model, split, indices.subarray(0, count), out, networks, scale);
    const { width, height } = picture;
    const heading = `${printable(file)}: ${measured.images} ${part} images of ${printable(dataset.name)}, reconstructed`;
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
  if (by === undefined) return learner.reconstructors;
  const networks = by === "both" ? NETWORKS : [by];
  return networks.map((network) => drawing(learner, network));
}

/**
 * A network the rule has trained to draw.
 *
 * @throws BispikeError "usage" for one it has not
 */
export function drawing({ reconstructors }: Pick<AutoencoderLearner, "reconstructors">, by: Network): Network {
  if (reconstructors.includes(by)) return by;
  throw new BispikeError(
    "usage",
    `--by ${by}: this experiment's rule trains ${reconstructors.join(" and ")} alone; use --by ${reconstructors.join(" or --by ")}`,
  );
}
