/** `bispike eval`: the options; the work is in `run/eval.ts`. */
import { Command } from "commander";
import { CORRUPTIONS, type CorruptionName, DEFAULT_DRAWS } from "../measurement/corruptions.ts";
import { DEFAULT_CELLS, MOST_UNITS, PROBE_IMAGES } from "../measurement/stage-features.ts";
import { digitList, LARGEST, nameList, type Part, partOption, wholeNumber, withData, withThreads } from "./parse.ts";
import { runAction } from "./report.ts";

export interface EvalOptions {
  readonly part: Part;
  readonly threads: number;
  readonly json?: true;
  readonly cost?: true;
  readonly representation?: true;
  readonly probes?: true;
  readonly probeImages?: number;
  readonly probeCells?: number;
  readonly ood?: string;
  readonly recallMeasures?: true;
  readonly classifier?: string;
  readonly robustness?: true;
  readonly corruptions?: readonly CorruptionName[];
  readonly severities?: readonly number[];
  readonly images?: number;
  readonly draws?: number;
  readonly seed?: number;
  readonly out?: string;
  readonly "data.name"?: string;
  readonly "data.path"?: string;
  readonly "data.text"?: string;
  readonly "data.series"?: string;
  readonly "data.unknown"?: string;
}

export function evalCommand(): Command {
  const command = new Command("eval")
    .summary("measure a trained pair on a part of its data")
    .description(
      "Perceives every image of a part of the data set and reports the accuracy (by the concept's spikes, and by its mean drive alone), the accuracy of each class, " +
        "the confusion matrix, and for each stage the firing rate and the Hamming similarity of perception's spikes with recall's: " +
        "of the same class, and of another one as the control. Of a sequence experiment: the accuracy and bits a character, or the errors of the predicted values in standardised and in their own units " +
        "beside those of naive forecasts, every position counted once. Of an autoencoder: how well each network redraws the images. The data are those the checkpoint was trained on unless told otherwise.",
    )
    .argument("<run>", "a run folder (its best checkpoint, else its last) or a checkpoint file")
    .addOption(partOption("which images or positions: test, those held out of training, or those trained on"));
  withThreads(withData(command))
    .option(
      "--data.text <text>",
      "text of a sequence experiment, in place of the one trained on: alice, hamlet, emma, or a path",
    )
    .option(
      "--data.unknown <how>",
      "characters of --data.text that the net does not know: error, skip, or a character for them (default: error)",
    )
    .option("--data.series <file>", "series of a sequence experiment, in place of the one trained on")
    .option(
      "--cost",
      "images: also NeuroBench's footprint, sparsity and synaptic operations by layer, of perception, recall and a training step, and the energy of the arithmetic",
    )
    .option(
      "--representation",
      "images: also effective rank, dead and saturated units, rate histograms, and the alignment of the networks' weights",
    )
    .option(
      "--probes",
      "images: also what each stage knows of the classes: linear probes fitted to images trained on, nearest class means, what recall alone would decide there, and the variance between and within classes",
    )
    .option(
      "--probe-images <n>",
      `with --probes: so many images to fit to, spread evenly over those trained on; 0 for all (default: ${PROBE_IMAGES})`,
      wholeNumber(0, LARGEST),
    )
    .option(
      "--probe-cells <n>",
      `with --probes: average-pool convolutional stages and the stimulus to n x n cells; 0 for none (default: ${DEFAULT_CELLS} where there are over ${MOST_UNITS} units)`,
      wholeNumber(0, 4096),
    )
    .option(
      "--ood <dataset>",
      "images: also how well the mismatch of perception and recall tells the part from the test images of this other data set (a name or a folder): AUROC",
    )
    .option(
      "--recall-measures",
      "images: also how like their class the recalled images are, and recall from cues with a part hidden or noise over them (1000 images of the part)",
    )
    .option("--classifier <run>", "with --recall-measures: another run or checkpoint that names what recall draws")
    .option("--robustness", "images: also the accuracy on corrupted images and with noise on the weights, by severity")
    .option(
      "--corruptions <list>",
      `with --robustness: which, of ${CORRUPTIONS.join(",")} (default: all)`,
      nameList(CORRUPTIONS),
    )
    .option("--severities <list>", "with --robustness: which, such as 1-5 or 1,3,5 (default: 1-5)", digitList(1, 5))
    .option(
      "--images <n>",
      "with --robustness: so many images, spread evenly over the part; 0 for all (default: 0)",
      wholeNumber(0, LARGEST),
    )
    .option(
      "--draws <n>",
      `with --robustness: draws of the noise on the weights at each severity (default: ${DEFAULT_DRAWS})`,
      wholeNumber(1, 1000),
    )
    .option("--seed <n>", "with --robustness: of all that is left to chance (default: 1)", wholeNumber(0, LARGEST))
    .option("--out <file>", "with --robustness: write its figures as CSV too")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Examples:
  $ bispike eval runs/mnist-mlp-seed1
  $ bispike eval runs/mnist-mlp-seed1/last.safetensors --part heldout
  $ bispike eval runs/mnist-mlp-seed1 --cost --representation
  $ bispike eval runs/mnist-mlp-seed1 --probes --probe-images 10000
  $ bispike eval runs/mnist-mlp-seed1 --ood fashion-mnist
  $ bispike eval runs/mnist-mlp-seed1 --recall-measures --classifier runs/mnist-cnn-seed2
  $ bispike eval runs/mnist-mlp-seed1 --robustness --images 1000 --out robustness.csv
  $ bispike eval runs/mnist-mlp-seed1 --robustness --corruptions noise,weights --severities 1-3
  $ bispike eval runs/alice-seed1 --data.text hamlet --data.unknown skip
  $ bispike eval model.safetensors --data.path data/mnist --json | jq .accuracy`,
    )
    .action(
      runAction(async (run: string, options: EvalOptions) => {
        const { runEval } = await import("./run/eval.ts");
        await runEval(run, options);
      }),
    );
  return command;
}
