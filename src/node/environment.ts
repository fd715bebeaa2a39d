/** What a run's results may depend on besides its configuration, to be written beside them. */
import { cpus } from "node:os";
import type { FileRecord } from "../data/dataset.ts";
import { coreCount } from "./threads.ts";
import { packageVersion } from "./version.ts";

/** The machine, the versions and the data of a run. */
export interface Environment {
  /** Version of this package. */
  readonly bispike: string;
  /** Version of Node, such as v20.19.5. */
  readonly node: string;
  /** Operating system and processor architecture, such as "linux x64". */
  readonly platform: string;
  /** Model of the processor. */
  readonly cpu: string;
  /** Cores the process may use. */
  readonly cores: number;
  /** Threads the run used. */
  readonly threads: number;
  /** The command line after the interpreter. */
  readonly command: readonly string[];
  /** ISO 8601, UTC. */
  readonly started: string;
  /** The files of the data. */
  readonly data: readonly FileRecord[];
}

/**
 * The machine and process as they are now.
 *
 * @param threads those the run uses
 * @param data the files of the data, such as `dataset.provenance`
 */
export function describeEnvironment(threads: number, data: readonly FileRecord[]): Environment {
  return {
    bispike: packageVersion(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model ?? "unknown",
    cores: coreCount(),
    threads,
    command: ["bispike", ...process.argv.slice(2)],
    started: new Date().toISOString(),
    data,
  };
}

/** The most memory this process has held so far (resident set), in bytes. */
export function peakMemory(): number {
  return 1024 * process.resourceUsage().maxRSS;
}
