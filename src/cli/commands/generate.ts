/** `bispike generate`. */
import { Command } from "commander";
import { decode, encode } from "../../data/sequence/text.ts";
import { BispikeError } from "../../errors.ts";
import { writeDurably } from "../../node/durable.ts";
import { openSequence } from "../../node/open.ts";
import { firstSymbol, generateSymbols, stepperOf } from "../../problems/sequence-stepper.ts";
import { LARGEST, number, wholeNumber, withThreads } from "../arguments.ts";
import { requireNotTrainedOn } from "../data.ts";

import { requireFolder, requireNotRead } from "../output-file.ts";
import { note, print, runAction } from "../process.ts";

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
    .action(runAction(runGenerate));
  return command;
}

/** Runs the command. */
export async function runGenerate(path: string, options: GenerateOptions): Promise<void> {
  const { length, greedy = false, unknown, out } = options;
  for (const key of ["temperature", "seed"] as const) {
    if (greedy && options[key] !== undefined)
      throw new BispikeError("usage", `--${key} and --greedy exclude each other: greedy draws nothing`);
  }
  const { temperature = 1, seed = 1 } = options;
  if (out !== undefined) {
    requireFolder("--out", out);
    requireNotRead("--out", out, path);
    await requireNotTrainedOn(out, path);
  }
  const { learner, checkpoint, file, team } = await openSequence(path, options.threads);
  try {
    const { data: about } = checkpoint;
    if (about.kind !== "text")
      throw new BispikeError(
        "checkpoint",
        `${file}: expected a run of task next-character, got ${about.task}; its values are predicted by bispike forecast`,
      );
    const { alphabet } = about;
    const given = about.newline === "lf" ? options.prompt.replace(/\r\n?/g, "\n") : options.prompt;
    const symbols = encode(given, alphabet, unknown, "--prompt", "--unknown");
    const prompt = decode(symbols, alphabet);
    if (prompt !== given) note("note", `the prompt as the net sees it: ${JSON.stringify(prompt)}`);
    const shown = symbols.length > 0 ? symbols : [firstSymbol(alphabet)];
    const drawn = generateSymbols(stepperOf(learner), shown, { length, temperature, seed, greedy });
    const text = decode(drawn, alphabet);
    if (out !== undefined) writeDurably(out, `${prompt}${text}`);
    if (options.json) {
      const how = greedy ? { greedy } : { temperature, seed };
      const written = out === undefined ? {} : { out };
      print(JSON.stringify({ prompt, text, length, ...how, ...written, checkpoint: file }));
    } else print(out === undefined ? `${prompt}${text}` : `${out}: ${length} characters after the prompt`);
  } finally {
    await team.close();
  }
}
