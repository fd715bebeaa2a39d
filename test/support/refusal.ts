/** What every command owes a person whose input is wrong. */
import { expect } from "vitest";
import { runCli } from "./cli.ts";

/**
 * Runs a command that must be refused: this exit code, one line on stderr that says so, nothing on stdout, no stack.
 *
 * @param code 1 for bad files, 2 for bad usage
 */
export async function expectRefusal(args: readonly string[], cwd: string, code: 1 | 2, message: RegExp): Promise<void> {
  const result = await runCli(args, cwd);
  expect(result.stderr).toMatch(message);
  expect(result.stderr).toMatch(/^bispike: [^\n]*\n$/);
  expect(result.stdout).toBe("");
  expect(result.code).toBe(code);
}
