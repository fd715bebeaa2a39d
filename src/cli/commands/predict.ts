/** `bispike predict`. */
import { Command } from "commander";
import { type Decision, decideImages } from "../../measure/decide.ts";
import type { ImageModel } from "../../nets/model.ts";
import { openModel } from "../../node/open.ts";
import { type FittedPicture, inversionWarning, readPicture } from "../../node/pictures.ts";
import { withThreads } from "../arguments.ts";
import { note, print, runAction } from "../process.ts";

import { decisionRemark, decisionTable } from "../report/tables.ts";

export interface PredictOptions {
  readonly invert?: true;
  readonly threads: number;
  readonly json?: true;
}

export function predictCommand(): Command {
  const command = new Command("predict")
    .description(
      "Perceives PNG or JPEG pictures and prints the class of each, with the cosine of the concept's spikes with every class's spike train and the concept's drive (of a non-spiking net: each class's share and output). " +
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
    .action(runAction(runPredict));
  return command;
}

/** Runs the command. */
export async function runPredict(path: string, files: readonly string[], options: PredictOptions): Promise<void> {
  const invert = options.invert === true;
  const { model, team } = await openModel(path, options.threads);
  try {
    for (const file of files) {
      const picture = await readPicture(file, model.data.shape, { invert });
      const warning = inversionWarning(file, picture, model.data.statistics.mean, invert);
      note("warning", warning);
      if (picture.change !== null && !options.json) note("note", `${file}: ${picture.change}`);
      const decision = decideOne(model, picture.pixels);
      print(options.json ? json(file, picture, decision, model, warning) : report(file, decision, model));
    }
  } finally {
    await team.close();
  }
}

/** Perceives one image and decides. */
export function decideOne(model: ImageModel, pixels: Uint8Array): Decision {
  model.load({ images: pixels, labels: Uint16Array.of(0), count: 1 }, Int32Array.of(0), 0, 1);
  model.perceive(1);
  return decideImages(model, 1)[0]!;
}

function json(
  file: string,
  picture: FittedPicture,
  decision: Decision,
  model: ImageModel,
  warning: string | null,
): string {
  const { classNames } = model.data;
  // A non-spiking net has no spikes whose cosines there could be.
  const { spiking } = model;
  return JSON.stringify({
    file,
    class: classNames[decision.class],
    index: decision.class,
    cosine: spiking ? decision.cosines[decision.class] : null,
    classes: classNames,
    cosines: spiking ? [...decision.cosines] : null,
    drives: [...decision.drives],
    brightness: picture.brightness,
    change: picture.change,
    warning,
  });
}

function report(file: string, decision: Decision, model: ImageModel): string {
  const { classNames } = model.data;
  const { spiking } = model;
  const remark = spiking ? decisionRemark(decision) : "";
  return `${file}: ${classNames[decision.class]}${remark}\n${decisionTable(decision, classNames, spiking)}\n`;
}
