/** `bispike predict`: the options; the work is in `run/predict.ts`. */
import { Command } from "commander";
import { withThreads } from "./parse.ts";
import { runAction } from "./report.ts";

export interface PredictOptions {
  readonly invert?: true;
  readonly threads: number;
  readonly json?: true;
}

export function predictCommand(): Command {
  const command = new Command("predict")
    .summary("say what is in a picture")
    .description(
      "Perceives PNG or JPEG pictures and prints the class of each, with the cosine of the concept's spikes with every class's spike train and the concept's drive (of a net of real numbers: each class's share and output). " +
        "A picture of another size is scaled to the model's, its proportions kept on a black ground; a warning says when it looks like a negative of the training images.",
    )
    .argument("<run>", "a run folder (its best checkpoint, else its last) or a checkpoint file")
    .argument("<image...>", "PNG or JPEG pictures of any size")
    .option("--invert", "swap black and white first");
  withThreads(command)
    .option("--json", "print one JSON object a picture")
    .addHelpText(
      "after",
      `
Examples:
  $ bispike predict runs/mnist-mlp-seed1 seven.png
  $ bispike predict runs/mnist-mlp-seed1 --invert scans/*.jpg
  $ bispike predict model.safetensors seven.png --json | jq .class`,
    )
    .action(
      runAction(async (run: string, images: string[], options: PredictOptions) => {
        const { runPredict } = await import("./run/predict.ts");
        await runPredict(run, images, options);
      }),
    );
  return command;
}
