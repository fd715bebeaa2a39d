/** The work of `bispike export`, but for the formats' own (`export/`): checks, the file, and what is said of it. */
import { statSync } from "node:fs";
import { BispikeError } from "../../errors.ts";
import { writeDurably } from "../../node/durable.ts";
import type { ExportOptions } from "../export.ts";
import { note, print } from "../output.ts";
import type { DataOptions } from "./data.ts";
import type { ExportFormat, FormatOptions } from "./export/format.ts";
import { FORMATS } from "./export/formats.ts";
import { requireFolder, requireNotRead } from "./output-file.ts";
import { requireNotTrainedOn } from "./trained-on.ts";

/**
 * Runs the command.
 *
 * @param given attribute and flag of each option on the command line
 */
export async function runExport(
  run: string,
  options: ExportOptions,
  given: ReadonlyMap<string, string>,
): Promise<void> {
  const format = FORMATS.find(({ name }) => name === options.format)!;
  const own = ownOptions(format, options, given);
  const file = options.out ?? format.file(own);
  requireFolder("--out", file);
  requireNotRead("--out", file, run);
  if (statSync(file, { throwIfNoEntry: false })?.isFile()) {
    if (!options.force)
      throw new BispikeError(
        "usage",
        `--out ${file}: there is such a file already; name another, or replace it with --force`,
      );
    await requireNotTrainedOn(file, run, own as DataOptions);
  }
  const { bytes, lines, facts, warnings = [] } = await format.write({ run, options: own, threads: options.threads });
  writeDurably(file, bytes);
  for (const warning of warnings) note("warning", warning);
  if (options.json) {
    print(JSON.stringify({ file, format: format.name, bytes: bytes.length, ...facts, warnings }));
    return;
  }
  print([`${file}: ${bytes.length.toLocaleString("en")} bytes`, ...lines].join("\n"));
}

/** Options that belong to the command itself. */
const COMMON: ReadonlySet<string> = new Set(["format", "out", "force", "threads", "json", "plugin"]);

/** Values of the format's options that were given. @throws BispikeError "usage" for one of another format */
function ownOptions(format: ExportFormat, options: ExportOptions, given: ReadonlyMap<string, string>): FormatOptions {
  const own = new Map(format.options.map((option) => [option.attributeName(), option]));
  const values: Record<string, unknown> = {};
  for (const [attribute, flag] of given) {
    if (COMMON.has(attribute)) continue;
    if (!own.has(attribute)) {
      const takes = format.options.map(({ long }) => long).join(", ");
      throw new BispikeError(
        "usage",
        `${flag}: --format ${format.name} does not take it; its own options are ${takes || "none"}`,
      );
    }
    values[attribute] = (options as unknown as FormatOptions)[attribute];
  }
  return values;
}
