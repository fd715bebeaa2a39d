/** `bispike export`: the options, those of each format with them; the work is in `run/export.ts` and `run/export/`. */
import { Command, Option } from "commander";
import { withThreads } from "./parse.ts";
import { runAction } from "./report.ts";
import { FORMATS } from "./run/export/formats.ts";

export interface ExportOptions {
  readonly format: string;
  readonly out?: string;
  readonly force?: true;
  readonly threads: number;
  readonly json?: true;
}

export function exportCommand(): Command {
  const names = FORMATS.map(({ name }) => name);
  const command = new Command("export")
    .summary("write a trained model in a format other tools read")
    .description(
      `Writes what a run has trained in a format that other tools read, and prints what the file holds. Formats: ${FORMATS.map(({ name, describe }) => `${name} (${describe})`).join("; ")}. ` +
        "An option that the format does not take is an error.",
    )
    .argument("<run>", "a run folder (its best checkpoint, else its last) or a checkpoint file")
    .addOption(new Option("--format <format>", "what to write").choices(names).makeOptionMandatory())
    .option("--out <file>", "file to write (default: named after what is in it, in this folder)")
    .option("--force", "replace the file if there is one");
  for (const option of new Set(FORMATS.flatMap(({ options }) => options))) command.addOption(option);
  withThreads(command)
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Examples:
${FORMATS.flatMap(({ examples }) => examples.map((example) => `  $ bispike export ${example}`)).join("\n")}`,
    )
    .action(
      runAction(async (run: string, options: ExportOptions, self: Command) => {
        const { runExport } = await import("./run/export.ts");
        const given = self.options
          .filter((option) => self.getOptionValueSource(option.attributeName()) === "cli")
          .map((option) => [option.attributeName(), option.long ?? option.flags] as const);
        await runExport(run, options, new Map(given));
      }),
    );
  return command;
}
