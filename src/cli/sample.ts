/** `bispike sample`: the options; the work is in `run/sample.ts`. */
import { Command, Option } from "commander";
import { LARGEST, NETWORKS, optionalPart, type Part, placesPair, wholeNumber, withData, withThreads } from "./parse.ts";
import { runAction } from "./report.ts";

export const SAMPLE_SOURCES = ["prototypes", "statistics", "interpolation"] as const;

export interface SampleOptions {
  readonly from: (typeof SAMPLE_SOURCES)[number];
  readonly classes?: string;
  readonly count?: number;
  readonly correlated?: true;
  readonly between?: readonly [number, number];
  readonly frames?: number;
  readonly part?: Part;
  readonly seed?: number;
  readonly by?: (typeof NETWORKS)[number];
  readonly encoder?: (typeof NETWORKS)[number];
  readonly out: string;
  readonly scale?: number;
  readonly threads: number;
  readonly json?: true;
  readonly "data.name"?: string;
  readonly "data.path"?: string;
}

export function sampleCommand(): Command {
  const command = new Command("sample")
    .summary("draw images that were never shown, from latent spikes")
    .description(
      "Sets the latent spikes of a trained autoencoder and has a network draw what they mean; writes a PNG of the drawings beside originals. " +
        "Prototypes: the mean firing rates of a class's training images, as evenly spaced spikes, below the class's mean image. " +
        "Statistics: spikes drawn by how often each neuron fires at each step for a class's training images, below some of these images. " +
        "Interpolation: firing rates between those of two images of a part, frame by frame, between the two originals. " +
        "The same run, options and seed give the same PNG, whatever the threads.",
    )
    .argument("<run>", "a run folder (its best checkpoint, else its last) or a checkpoint file")
    .addOption(
      new Option("--from <source>", "where the spikes come from").choices(SAMPLE_SOURCES).default("prototypes"),
    )
    .option("--classes <list>", "prototypes, statistics: only these classes, by name or number, with commas between")
    .option("--count <n>", "statistics: drawings of each class (default: 10)", wholeNumber(1, 1000))
    .option("--correlated", "statistics: keep how the neurons of a class's images fire together (Gaussian copula)")
    .option("--between <i,j>", "interpolation: places of the two images in the part, from 0 (default: 0,1)", placesPair)
    .option(
      "--frames <n>",
      "interpolation: drawings from the one to the other, both included (default: 8)",
      wholeNumber(2, 1000),
    )
    .addOption(optionalPart("interpolation: part of the data that --between counts in (default: test)"))
    .option("--seed <n>", "statistics: seed of the draws (default: 1)", wholeNumber(0, LARGEST))
    .addOption(
      new Option("--by <network>", "which network draws (default: recall, if it was trained)").choices(NETWORKS),
    )
    .addOption(new Option("--encoder <network>", "whose latent spikes are taken (default: as --by)").choices(NETWORKS))
    .option("--out <file>", "PNG to write", "sample.png")
    .option(
      "--scale <n>",
      "pixels of the PNG a pixel (default: 4 for 28 pixels, fewer for larger images)",
      wholeNumber(1, 64),
    );
  withThreads(withData(command))
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Examples:
  $ bispike sample runs/mnist-autoencoder-seed1
  $ bispike sample runs/mnist-autoencoder-seed1 --from statistics --classes 3,8 --count 12 --correlated
  $ bispike sample runs/mnist-autoencoder-seed1 --from interpolation --between 4,7 --frames 10 --out path.png
  $ bispike sample runs/mnist-autoencoder-seed1 --encoder perception --by recall --json`,
    )
    .action(
      runAction(async (run: string, options: SampleOptions) => {
        const { runSample } = await import("./run/sample.ts");
        await runSample(run, options);
      }),
    );
  return command;
}
