/** Options that several commands share, and readers of option values. Light: `--help` loads this. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { BispikeError } from "../errors.ts";

/** Parts of a data set as the command line names them. */
export const PARTS = ["test", "heldout", "train"] as const;
export type Part = (typeof PARTS)[number];

/** The networks of a pair as the command line names them. */
export const NETWORKS = ["perception", "recall"] as const;

/** A reader of whole numbers from `least` to `most`, for commander. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
  };
}

/** A reader of decimal numbers from `least` to `most`, for commander. */
export function number(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d*\.?\d+(e-?\d+)?$/i.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a number from ${least} to ${most}.`);
  };
}

/** A reader of names with commas between, each one of `known` and none twice, for commander. */
export function nameList<const T extends string>(known: readonly T[]): (text: string) => T[] {
  return (text) => {
    const names = text.split(",").map((name) => name.trim());
    const right = names.filter((name, at): name is T => known.includes(name as T) && names.indexOf(name) === at);
    if (right.length === names.length) return right;
    throw new InvalidArgumentError(`Expected names of ${known.join(", ")}, with commas between.`);
  };
}

/** A reader of one-digit numbers as a list or a range, such as `1,3,5` or `1-5`, ascending, from `least` to `most`, for commander. */
export function digitList(least: number, most: number): (text: string) => number[] {
  return (text) => {
    const [, first, last = first] = /^(\d)(?:-(\d))?$/.exec(text) ?? [];
    const numbers =
      first === undefined
        ? text.split(",").map((part) => (/^\s*\d\s*$/.test(part) ? Number(part) : Number.NaN))
        : Array.from({ length: Math.max(0, Number(last) - Number(first) + 1) }, (_, k) => Number(first) + k);
    const right = numbers.every((value, at) => value >= least && value <= most && value > (numbers[at - 1] ?? -1));
    if (right && numbers.length > 0) return numbers;
    throw new InvalidArgumentError(
      `Expected numbers from ${least} to ${most}, such as ${least}-${most} or ${least},${most}.`,
    );
  };
}

/** A reader of paths to write to, for commander: an option that follows at once was not meant as one. */
export function outputPath(text: string): string {
  if (!text.startsWith("--")) return text;
  throw new InvalidArgumentError(`Expected a path, got an option; ./${text} is a path of that name.`);
}

/** Reads two different places, such as `4,7`, for commander. */
export function placesPair(text: string): readonly [number, number] {
  const [, first, second] = /^(\d{1,15}),(\d{1,15})$/.exec(text) ?? [];
  if (first !== undefined && second !== undefined && Number(first) !== Number(second))
    return [Number(first), Number(second)];
  throw new InvalidArgumentError("Expected two different places with a comma between, such as 4,7.");
}

/** Adds `--threads`. `preset`: 0, or 1 where threads would only wait for each other: one element at a time is too little work to share. */
export function withThreads(command: Command, preset = 0): Command {
  return command.option(
    "--threads <n>",
    "threads; 0 for all cores. The result does not depend on it",
    wholeNumber(0, 256),
    preset,
  );
}

/** Adds `--data.name` and `--data.path`, which override where a checkpoint's data come from. */
export function withData(command: Command): Command {
  return command
    .option(
      "--data.name <name>",
      "data set, in place of the one trained on: mnist, fashion-mnist, cifar10, cifar100, svhn",
    )
    .option("--data.path <dir>", "folder of the data set's files, in place of the one trained from");
}

/** `--part`; test unless told otherwise. */
export function partOption(purpose: string): Option {
  return optionalPart(purpose).default("test");
}

/** `--part` where it matters whether it was given. */
export function optionalPart(purpose: string): Option {
  return new Option("--part <part>", purpose).choices(PARTS);
}

/** Largest index, size or seed a person may give. */
export const LARGEST = Number.MAX_SAFE_INTEGER;

/** Takes dotted overrides (`--train.epochs=3`, `--train.epochs 3`) out of a command line, before its options are read. */

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
