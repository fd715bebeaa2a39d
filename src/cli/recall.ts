/** `bispike recall`: the options; the work is in `run/recall.ts`. */
import { Command, Option } from "commander";
import { SIDES, type Side } from "../data/cue.ts";
import { LARGEST, number, optionalPart, type Part, wholeNumber, withData, withThreads } from "./parse.ts";
import { runAction } from "./report.ts";

export interface RecallOptions {
  readonly out?: string;
  readonly plot?: string;
  readonly class?: readonly string[];
  readonly from?: string;
  readonly index?: number;
  readonly part?: Part;
  readonly occlude?: Side;
  readonly fraction?: number;
  readonly noise?: number;
  readonly seed?: number;
  readonly scale?: number;
  readonly invert?: true;
  readonly threads: number;
  readonly json?: true;
  readonly "data.name"?: string;
  readonly "data.path"?: string;
  readonly "data.text"?: string;
  readonly "data.series"?: string;
}

export function recallCommand(): Command {
  const command = new Command("recall")
    .summary("draw what a trained pair recalls")
    .description(
      "Recalls concepts and writes a PNG: the images recalled, and below them the mean training image of each class, which the checkpoint holds. " +
        "With a picture (--from or --index), whole or with a part hidden or noise laid over it, perception decides which concept it is and recall completes it: " +
        "the PNG then shows the cue as seen, the image recalled and the class mean. Prints how like its own class mean each recalled image is. " +
        "Only rule bsd trains recall. Of a sequence experiment by rule bsd: recall runs back over the targets of one window (--part, --index) and redraws its stimulus. Of a text it prints the stimulus, below it the characters redrawn, " +
        "and how many are right, also over the whole part and by chance. Of a series it writes a CSV of true and redrawn input columns, and a picture with --plot; as recall learns by cosines, which leave scale and mean free, " +
        "each column is fitted by one scale and one offset on the training part; so is the one scale by which redrawn characters are weighed against how common each is.",
    )
    .argument("<run>", "a run folder (its best checkpoint, else its last) or a checkpoint file")
    .option(
      "--out <file>",
      "PNG to write (default: recall.png); of a series the CSV (recall.csv), of a text a text file (none)",
    )
    .option("--plot <file>", "series: also draw true and redrawn columns to this .svg or .png")
    .option("--class <class...>", "only these classes, by name or number")
    .option("--from <image>", "start from this PNG or JPEG picture")
    .option(
      "--index <n>",
      "start from this image of the data set, from 0; sequences: this window, of windows side by side (default: 0)",
      wholeNumber(0, LARGEST),
    )
    .addOption(optionalPart("part of the data that --index counts in (default: test)"))
    .addOption(new Option("--occlude <side>", "hide this part of the picture").choices(SIDES))
    .option("--fraction <share>", "how much of the picture --occlude hides, 0 to 1 (default: 0.5)", number(0, 1))
    .option("--noise <deviation>", "lay normal noise over the picture; 1 is from black to white", number(0, 10))
    .option("--seed <n>", "seed of the noise (default: 1)", wholeNumber(0, LARGEST))
    .option("--invert", "swap black and white of --from first")
    .option(
      "--scale <n>",
      "pixels of the PNG a pixel (default: 4 for 28 pixels, fewer for larger images)",
      wholeNumber(1, 64),
    );
  withThreads(withData(command))
    .option("--data.text <text>", "text of a sequence experiment, in place of the one trained on")
    .option("--data.series <file>", "series of a sequence experiment, in place of the one trained on")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Examples:
  $ bispike recall runs/mnist-mlp-seed1
  $ bispike recall runs/mnist-mlp-seed1 --class 3 8 --out threes.png
  $ bispike recall runs/mnist-mlp-seed1 --index 0 --occlude right --noise 0.2
  $ bispike recall runs/mnist-mlp-seed1 --from seven.jpg --invert
  $ bispike recall runs/alice-seed1 --index 12
  $ bispike recall runs/etth1-seed1 --part heldout --out columns.csv --plot columns.svg`,
    )
    .action(
      runAction(async (run: string, options: RecallOptions) => {
        const { runRecall } = await import("./run/recall.ts");
        await runRecall(run, options);
      }),
    );
  return command;
}
