/**
 * Runs a command in this process, from the sources: what it says and its exit code, without the start of another process, which takes longer than most commands. For what a process
 * is the point of (signals, kills, standard input) there is `cli.ts`.
 */
import { runProgram } from "../../src/cli/program.ts";
import type { CliResult } from "./cli.ts";

/** Of the built command, which knows where to find itself when it starts others. */
const BUILT = new URL("../../dist/cli/program.js", import.meta.url).href;

/** As `runHere`, by the built command: for commands that start processes of their own. */
export async function runBuiltHere(args: readonly string[], cwd: string): Promise<CliResult> {
  const built = (await import(/* @vite-ignore */ BUILT)) as { runProgram: typeof runProgram };
  return runHere(args, cwd, built.runProgram);
}

/** One at a time: the working folder and the streams are the process's. */
export async function runHere(args: readonly string[], cwd: string, run = runProgram): Promise<CliResult> {
  const before = process.cwd();
  const { exitCode } = process;
  const writes = { stdout: process.stdout.write, stderr: process.stderr.write };
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    process[name].write = ((text: string | Uint8Array) => {
      said[name] += typeof text === "string" ? text : Buffer.from(text).toString();
      return true;
    }) as typeof process.stdout.write;
  }
  process.chdir(cwd);
  process.exitCode = undefined;
  try {
    await run(args);
    return { code: Number(process.exitCode ?? 0), ...said };
  } finally {
    process.chdir(before);
    process.exitCode = exitCode;
    process.stdout.write = writes.stdout;
    process.stderr.write = writes.stderr;
  }
}
