/** A hint for who leaves the section of a configuration's key out: --epochs for --train.epochs. */
import type { CommanderError } from "commander";
import { knownKeys } from "../../training/any-config.ts";

/** Keys named at most. */
const SHOWN = 4;

/** Adds a line to the parser's complaint of an unknown option that is the last part of keys. */
export function hintAtKey({ code, message }: CommanderError): void {
  // A guess of the parser's own is nearer than another one would be.
  const name = /unknown option '--([\w-]+)[^']*'$/.exec(message)?.[1];
  if (code !== "commander.unknownOption" || name === undefined) return;
  const keys = knownKeys().filter((key) => key.endsWith(`.${name}`));
  if (keys.length === 0) return;
  const options = keys.slice(0, SHOWN).map((key) => `--${key}`);
  process.stderr.write(`(Did you mean ${options.join(" or ")}?)\n`);
}
