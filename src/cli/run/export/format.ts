/**
 * What a format of `bispike export` is. One file a format in this folder, each exporting one object of this kind that `formats.ts` lists. They are loaded with the command's help, so they
 * import types, commander and options alone; `write` loads its work when it runs.
 */
import type { Option } from "commander";

export interface ExportFormat {
  /** As `--format` takes it. */
  readonly name: string;
  /** A line for the help: what is written, without the format's name. */
  readonly describe: string;
  /**
   * The options this format takes beside those of every format. Options that several formats take are one object, in `options.ts`. Leave commander's defaults out: `write` fills them in, and the
   * help's text says them.
   */
  readonly options: readonly Option[];
  /** Lines of the help's examples, after `bispike export `. */
  readonly examples: readonly string[];
  /** File that is written where there is no `--out`. */
  file(options: FormatOptions): string;
  /** Makes the file's bytes. The command has checked that it may be written, and writes it. */
  write(request: ExportRequest): Promise<Exported>;
}

/** Values of the format's own options, by commander's attribute names; what was not given is absent. */
export type FormatOptions = Readonly<Record<string, unknown>>;

export interface ExportRequest {
  /** A run folder or a checkpoint file. */
  readonly run: string;
  readonly options: FormatOptions;
  /** Threads to compute with; 0 for all cores. */
  readonly threads: number;
}

export interface Exported {
  readonly bytes: Uint8Array;
  /** For a person: what is in the file, its interface, a line each. */
  readonly lines: readonly string[];
  /** The same for programs; beside `file`, `format` and `bytes` in `--json`. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** What a person should know although the export went well: written to stderr. */
  readonly warnings?: readonly string[];
}
