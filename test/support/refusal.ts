/** What every command owes a person whose input is wrong. */
import { expect } from "vitest";
import { type CliResult, runCli } from "./cli.ts";
import { runHere } from "./cli-here.ts";

/**
 * Runs a command that must be refused: this exit code, one line on stderr that says so, nothing on stdout, no stack.
 *
 * @param code 1 for bad files, 2 for bad usage
 */
export async function expectRefusal(args: readonly string[], cwd: string, code: 1 | 2, message: RegExp): Promise<void> {
  expectRefused(await runCli(args, cwd), code, message);
}

/** The same of a command run in this process. */
export async function expectRefusalHere(
  args: readonly string[],
  cwd: string,
  code: 1 | 2,
  message: RegExp,
): Promise<void> {
  expectRefused(await runHere(args, cwd), code, message);
}

function expectRefused(result: CliResult, code: 1 | 2, message: RegExp): void {
  expect(result.stderr).toMatch(message);
  expect(result.stderr).toMatch(/^bispike: [^\n]*\n$/);
  expect(result.stdout).toBe("");
  expect(result.code).toBe(code);
}
