/** `bispike plot`: the options; the work is in `run/plot.ts`. */
import { Command, Option } from "commander";
import { LARGEST, optionalPart, type Part, wholeNumber, withData, withThreads } from "./parse.ts";
import { runAction } from "./report.ts";

const PLOT_KINDS = ["curves", "observations", "raster", "recall", "augmented", "all"] as const;

export interface PlotOptions {
  readonly kind: (typeof PLOT_KINDS)[number];
  readonly index?: number;
  readonly part?: Part;
  readonly image?: string;
  readonly out?: string;
  readonly pngWidth?: number;
  readonly threads: number;
  readonly json?: true;
  readonly "data.name"?: string;
  readonly "data.path"?: string;
}

export function plotCommand(): Command {
  const command = new Command("plot")
    .summary("draw a run's learning curves, spikes and recalled images")
    .description(
      "Draws figures of a run as SVG and PNG: its learning curves (curves), what was observed of its training (observations, where the experiment's observe.every asks for it: angles between " +
        "the rule's and backprop's gradients, weights up against those down, similarity of the networks' spikes, effective rank), the spikes of one image through every stage of perception and of recall of the class it is taken for (raster), " +
        "the images recalled above the class means (recall, PNG only), " +
        "and, where the experiment's data.augment asks for variants of images, some images above those that the first epochs show in their place (augmented, PNG only). They go into the run's folder unless told otherwise. " +
        "The raster needs the data set, or a picture (--image); augmented needs the data set. Runs by rules that train perception alone have no recall to draw. Of sequences and autoencoders there are curves alone.",
    )
    .argument("<run>", "a run folder; or a checkpoint file, for raster, recall and augmented")
    .addOption(new Option("--kind <kind>", "what to draw").choices(PLOT_KINDS).default("all"))
    .option("--index <n>", "raster: image of the data set, from 0 (default: 0)", wholeNumber(0, LARGEST))
    .addOption(optionalPart("raster: part of the data set that --index counts in (default: test)"))
    .option("--image <file>", "raster: this PNG or JPEG picture, in place of the data set's")
    .option("--out <dir>", "folder of the figures; made if need be (default: the run's folder)")
    .option(
      "--png-width <pixels>",
      "width of the PNG of curves, observations and raster (default: 1800)",
      wholeNumber(1, 8192),
    );
  withThreads(withData(command))
    .option("--json", "print one JSON object: the files written")
    .addHelpText(
      "after",
      `
Examples:
  $ bispike plot runs/mnist-mlp-seed1
  $ bispike plot runs/mnist-mlp-seed1 --kind raster --index 7 --out figures
  $ bispike plot runs/mnist-mlp-seed1 --kind augmented
  $ bispike plot model.safetensors --kind raster --image seven.png --out figures`,
    )
    .action(
      runAction(async (run: string, options: PlotOptions) => {
        const { runPlot } = await import("./run/plot.ts");
        await runPlot(run, options);
      }),
    );
  return command;
}
