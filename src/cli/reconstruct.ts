/** `bispike reconstruct`: the options; the work is in `run/reconstruct.ts`. */
import { Command, Option } from "commander";
import { LARGEST, NETWORKS, type Part, partOption, wholeNumber, withData, withThreads } from "./parse.ts";
import { runAction } from "./report.ts";

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
    .summary("redraw images with a trained autoencoder")
    .description(
      "Has the networks of a trained autoencoder redraw images: writes a PNG of the part's first images with what perception and recall draw of each below it, " +
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
    .action(
      runAction(async (run: string, options: ReconstructOptions) => {
        const { runReconstruct } = await import("./run/reconstruct.ts");
        await runReconstruct(run, options);
      }),
    );
  return command;
}
