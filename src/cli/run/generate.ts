/** The work of `bispike generate`. */
import { decode, encode } from "../../data/sequence/text.ts";
import { BispikeError } from "../../errors.ts";
import { firstSymbol, generateSymbols } from "../../inference/generate.ts";
import { writeDurably } from "../../node/durable.ts";
import { openSequence } from "../../node/open.ts";
import { stepperOf } from "../../rules/stepper.ts";
import type { GenerateOptions } from "../generate.ts";
import { note, print } from "../output.ts";
import { requireFolder, requireNotRead } from "./output-file.ts";
import { requireNotTrainedOn } from "./trained-on.ts";

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
