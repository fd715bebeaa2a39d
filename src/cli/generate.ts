/** `bispike generate`: the options; the work is in `run/generate.ts`. */
import { Command } from "commander";
import { LARGEST, number, wholeNumber, withThreads } from "./parse.ts";
import { runAction } from "./report.ts";

/** Characters at most: some minutes of work. */
const LONGEST = 1_000_000;

export interface GenerateOptions {
  readonly prompt: string;
  readonly length: number;
  readonly temperature?: number;
  readonly seed?: number;
  readonly greedy?: true;
  readonly unknown: string;
  readonly out?: string;
  readonly threads: number;
  readonly json?: true;
}

export function generateCommand(): Command {
  const command = new Command("generate")
    .summary("write text that follows a prompt")
    .description(
      "Shows the prompt to a net that was trained on next characters, then has it go on: each character is drawn by the net's probabilities and shown to it in turn. " +
        "The state is kept from character to character, so the text may be as long as you like. The same run, prompt and seed give the same text, whatever the threads. " +
        "Without a prompt the net hears a line's end first (a space, else the alphabet's first character, where the text it was trained on had none), which is not printed.",
    )
    .argument("<run>", "a run folder (its best checkpoint, else its last) or a checkpoint file")
    .option("--prompt <text>", "text to go on from", "")
    .option("--length <n>", "characters to add", wholeNumber(1, LONGEST), 200)
    .option(
      "--temperature <t>",
      "above 1 evens the probabilities out, below 1 the likely characters gain (default: 1)",
      number(0.001, 1000),
    )
    .option("--seed <n>", "seed of the draws (default: 1)", wholeNumber(0, LARGEST))
    .option("--greedy", "always the likeliest character; nothing is drawn")
    .option(
      "--unknown <how>",
      "characters of the prompt that the net does not know: error, skip, or one character that stands for them",
      "error",
    )
    .option("--out <file>", "write prompt and text to this file instead of printing them");
  withThreads(command, 1)
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Examples:
  $ bispike generate runs/alice-seed1 --prompt "Alice was"
  $ bispike generate runs/alice-seed1 --prompt "Alice was" --length 1000 --temperature 0.7 --seed 3 --out alice.txt
  $ bispike generate runs/alice-seed1 --prompt "café" --unknown skip --greedy --json | jq -r .text`,
    )
    .action(
      runAction(async (run: string, options: GenerateOptions) => {
        const { runGenerate } = await import("./run/generate.ts");
        await runGenerate(run, options);
      }),
    );
  return command;
}
