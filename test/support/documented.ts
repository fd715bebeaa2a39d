/** Commands as the documentation prints them: what a reader would type, line by line. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

export const documents = [
  "README.md",
  "ARCHITECTURE.md",
  "RESULTS.md",
  "SUPPORT.md",
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

export const textOf = (document: string): string => readFileSync(join(root, document), "utf8");

/** Where it stands, and its words: what follows `bispike`. */
export interface DocumentedCommand {
  readonly where: string;
  readonly words: readonly string[];
}

/**
 * All of a text's commands of this package that leave nothing for the reader to fill in: of its shell blocks, with loops unrolled and variables put in, and
 * those within sentences.
 */
export function commandsOf(document: string, text: string): DocumentedCommand[] {
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block!);
  const variables = new Map(
    blocks.flatMap((block) => [...block.matchAll(/^([A-Z])="(.*)"$/gm)].map(([, name, value]) => [name!, value!])),
  );
  // A command is named without what it works on, too: then its options alone are held to be there.
  const inline = inlineOf(text).filter((code) =>
    /^([A-Z]+=\S+ )*(npx )?bispike [a-z].*( RUN\b| runs\/|\.yaml)/.test(code),
  );
  const lines = blocks.flatMap((block) => block.split("\n")).map((line) => line.replace(/(^|\s+)#.*$/, ""));
  return [...lines, ...inline]
    .filter((line) => /\bbispike [a-z]/.test(line) && !TO_FILL_IN.test(line))
    .flatMap((line) => unrolled(line, variables))
    .map((line) => ({ where: `${document}: ${line}`, words: wordsOf(line) }));
}

/** Options within sentences, without their values: `--rule.margin` of `--rule.margin=2.5 --judge held-out`, with `--judge`. */
export function optionsOf(text: string): string[] {
  return inlineOf(text).flatMap((code) =>
    /^(--|(npx )?bispike )/.test(code) ? [...code.matchAll(/(?<=^|\s)--[a-z][\w.-]*/g)].map(([option]) => option) : [],
  );
}

/** Code within sentences. */
function inlineOf(text: string): string[] {
  const prose = text.replace(/```[\s\S]*?```/g, "");
  return [...prose.matchAll(/`([^`]+)`/g)].map(([, code]) => code!.replaceAll("\n", " "));
}

/** Words that stand for something: of capitals, a single letter, an ellipsis. */
const TO_FILL_IN = /=(RULE|[a-zA-Zθ])(?=\s|$)|…|\.\.\.(?=\s|$)|KEEP=/;

/** A line's commands, one by one: a loop's body is taken with its first word, a pattern's with its first file. */
function unrolled(line: string, variables: ReadonlyMap<string, string>): string[] {
  const [, name, values, body] = /^for (\w+) in (.*?); do (.*?); done/.exec(line) ?? [];
  const known = new Map(variables);
  if (name) {
    const [first] = values!.split(" ");
    const [folder, end] = first!.split("*");
    known.set(
      name,
      end === undefined
        ? first!
        : `${folder}${
            readdirSync(join(root, folder!))
              .filter((file) => file.endsWith(end))
              .sort()[0]
          }`,
    );
  }
  return (body ?? line)
    .split(/ \|\|? |; | && /)
    .map((part) => part.replaceAll(/\$(\w+)/g, (whole, variable: string) => known.get(variable) ?? whole).trim())
    .filter((part) => /\bbispike [a-z]/.test(part));
}

function wordsOf(command: string): string[] {
  const after = command.slice(command.search(/\bbispike /) + "bispike ".length);
  return [...after.matchAll(/(?:"([^"]*)"|'([^']*)'|([^\s"']+))+/g)].map(([word]) => word.replaceAll(/["']/g, ""));
}
