/** The examples of docstrings as programs: each a module of its own, checked by TypeScript against the sources. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import ts from "typescript";
import { root } from "./documented.ts";

/** An example as it stands in a docstring. */
export interface Example {
  readonly file: string;
  /** Of its first line in the file, from 1. */
  readonly line: number;
  readonly code: string;
}

/** Entry points by the name they are imported under. */
const ENTRIES: Readonly<Record<string, string>> = {
  bispike: "src/index.ts",
  "bispike/node": "src/node/index.ts",
  ...Object.fromEntries(
    ["autoencoder", "data", "distributed", "formats", "measurement", "nir", "onnx", "sequence"].map((name) => [
      `bispike/${name}`,
      `src/${name}.ts`,
    ]),
  ),
};

/** Names that a browser has too, and that examples have for something else. */
const SHADOWS = ["event", "name", "parent", "print", "status", "top"];

/** Constructors of data that examples of the layers below have for data they hold; they are meant where they are called. */
const CALLED = ["images", "text", "series"];

/** Files that may have examples, from the root. */
const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .map((file) => `src/${file}`)
  .filter((file) => file.endsWith(".ts") && !/assembly|\.generated\.ts$/.test(file));

/** Text in a docstring, without its asterisks, up to the next tag. */
export function examplesIn(file: string, text: string): Example[] {
  return [...text.matchAll(/\/\*\*[\s\S]*?\*\//g)].flatMap(({ 0: comment, index }) =>
    [...comment.matchAll(/@example[\s*]*(.*\n[\s\S]*?)(?=^\s*\* @\w|\*\/)/dgm)].map((found) => ({
      file,
      line: text.slice(0, index + found.indices![1]![0]).split("\n").length,
      code: found[1]!.replace(/^\s*\* ?/gm, "").trim(),
    })),
  );
}

export function docstringExamples(): Example[] {
  return sources.flatMap((file) => examplesIn(file, readFileSync(join(root, file), "utf8")));
}

/** Names that an entry point exports, with the name it is imported under. */
function exported(): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [from, file] of Object.entries(ENTRIES)) {
    const text = readFileSync(join(root, file), "utf8");
    for (const [, names] of text.matchAll(/^export (?:type )?\{([^}]*)\}/gm))
      for (const [, name] of names!.matchAll(/(\w+)\s*(?:,|$)/g)) if (!found.has(name!)) found.set(name!, from);
  }
  return found;
}

/**
 * What TypeScript finds wrong with examples, in words. Names of the sources that an example does not import are imported for it; of others, such as `team` or `dataset`, which a reader
 * has, it may assume whatever it likes.
 */
export function faultsOf(examples: readonly Example[]): string[] {
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, root);
  // Examples leave out what their reader knows: that a place of an array is not empty, and what kind of thing a \`model\` is.
  const checked: ts.CompilerOptions = {
    ...options,
    ...{ noUnusedLocals: false, noUnusedParameters: false, isolatedModules: false, verbatimModuleSyntax: false },
    ...{ noUncheckedIndexedAccess: false, noImplicitAny: false },
    paths: Object.fromEntries(Object.entries(ENTRIES).map(([name, file]) => [name, [`./${file}`]])),
  };
  const names = examples.map(({ file }, k) => resolve(root, dirname(file), `example-${k}.ts`));
  const texts = new Map(names.map((name, k) => [name, `${examples[k]!.code}\nexport {};\n`]));
  const host = ts.createCompilerHost(checked);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (name) => texts.has(name) || fileExists(name);
  host.readFile = (name) => texts.get(name) ?? readFile(name);
  const parsed = new Map<string, ts.SourceFile | undefined>();
  host.getSourceFile = (name, target, ...rest) => {
    const text = texts.get(name);
    if (text !== undefined) return ts.createSourceFile(name, text, target);
    if (!parsed.has(name)) parsed.set(name, getSourceFile(name, target, ...rest));
    return parsed.get(name);
  };

  const known = exported();
  const first = ts.createProgram(names, checked, host);
  for (const [k, name] of names.entries()) {
    const { file, code } = examples[k]!;
    const missing = new Set([
      ...first.getSemanticDiagnostics(first.getSourceFile(name)).flatMap(missingName),
      ...SHADOWS.filter((word) => new RegExp(`(?<!\\.|(?:const|let) )\\b${word}\\b(?!:)`).test(code)),
    ]);
    const given = [...missing].map((word) => {
      const meant = !CALLED.includes(word) || code.includes(`await ${word}(`);
      const from = declares(file, word) ? `./${basename(file)}` : meant && known.get(word);
      return from ? `import { ${word} } from "${from}";` : `declare const ${word}: any;`;
    });
    // On the last line, so that the example's own lines keep their numbers.
    texts.set(name, `${code}\nexport {}; ${given.join(" ")}\n`);
  }
  const second = ts.createProgram(names, checked, host, first);
  return names.flatMap((name, k) => {
    const file = second.getSourceFile(name)!;
    const { file: path, line } = examples[k]!;
    return [...second.getSyntacticDiagnostics(file), ...second.getSemanticDiagnostics(file)].map(
      ({ messageText, start = 0 }) =>
        `${path}:${line + file.getLineAndCharacterOfPosition(start).line}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`,
    );
  });
}

/** Whether a file exports a name by its declaration. */
function declares(file: string, name: string): boolean {
  const declaration = new RegExp(
    `^export (?:async |abstract )*(?:function|class|const|type|interface) ${name}\\b`,
    "m",
  );
  return declaration.test(readFileSync(join(root, file), "utf8"));
}

/** "Cannot find name", "Did you mean", and "No value exists in scope for the shorthand property". */
function missingName({ code, messageText }: ts.Diagnostic): string[] {
  if (![2304, 2552, 18004].includes(code)) return [];
  const [, name] = /'(\w+)'/.exec(ts.flattenDiagnosticMessageText(messageText, " ")) ?? [];
  return name === undefined ? [] : [name];
}
