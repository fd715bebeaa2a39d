/** Options that more than one format takes: the same object in each, so that the command has them once. */
import { InvalidArgumentError, Option } from "commander";
import { NETWORKS, number, PARTS } from "../../parse.ts";

/** `--network`, attribute `network`; perception where absent. */
export const networkOption = new Option(
  "--network <network>",
  "which of the pair's networks (default: perception)",
).choices(NETWORKS);

/** Reads `7` or `0..9`, both ends included. */
function indexRange(text: string): readonly number[] {
  const [, first, last = first] = /^(\d{1,9})(?:\.\.(\d{1,9}))?$/.exec(text) ?? [];
  const count = Number(last) - Number(first) + 1;
  if (first === undefined || count < 1 || count > MOST_IMAGES)
    throw new InvalidArgumentError(
      `Expected an image number, or the first and last of at most ${MOST_IMAGES} such as 0..9.`,
    );
  return Array.from({ length: count }, (_, k) => Number(first) + k);
}

const MOST_IMAGES = 1_000_000;

/** `--index`, attribute `index`: numbers of images. */
export const indexOption = new Option(
  "--index <range>",
  "images of the part, from 0: one, or the first and last, such as 0..9",
).argParser(indexRange);

/** `--part`, attribute `part`; test where absent. */
export const partOption = new Option("--part <part>", "part of the data set (default: test)").choices(PARTS);

/** `--data.name` and `--data.path`, attributes of those names. */
export const dataOptions: readonly Option[] = [
  new Option(
    "--data.name <name>",
    "data set, in place of the one trained on: mnist, fashion-mnist, cifar10, cifar100, svhn",
  ),
  new Option("--data.path <dir>", "folder of the data set's files, in place of the one trained from"),
];

/** `--dt`, attribute `dt`; 1e-4 where absent. */
export const dtOption = new Option("--dt <seconds>", "seconds a time step (default: 1e-4)").argParser(
  number(1e-12, 1e12),
);
