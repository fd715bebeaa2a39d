/** Takes dotted overrides (`--train.epochs=3`, `--train.epochs 3`) out of a command line, before its options are read. */
import { BispikeError } from "../errors.ts";

export interface SplitArguments {
  /** Arguments for the option parser, in order. */
  readonly rest: readonly string[];
  /** Overrides as `--key.path=value`, in order. */
  readonly overrides: readonly string[];
}

/**
 * @param args arguments after the command's name; those behind `--` are left alone
 * @throws BispikeError "usage" when an override has no value
 * @example
 * splitOverrides(["a.yaml", "--train.epochs", "3", "--json"]); // rest: a.yaml --json, overrides: --train.epochs=3
 */
export function splitOverrides(args: readonly string[]): SplitArguments {
  const rest: string[] = [];
  const overrides: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const argument = args[at] as string;
    if (argument === "--") {
      rest.push(...args.slice(at));
      break;
    }
    const key = /^--([A-Za-z_][\w-]*\.[^=]*)/.exec(argument)?.[1];
    if (key === undefined) rest.push(argument);
    else if (argument.includes("=")) overrides.push(argument);
    else {
      const value = args[++at];
      if (value === undefined || value.startsWith("--")) {
        throw new BispikeError("usage", `--${key}: expected a value, as in --${key}=3 or --${key} 3`);
      }
      overrides.push(`${argument}=${value}`);
    }
  }
  return { rest, overrides };
}
