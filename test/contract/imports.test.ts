/** Imports are as ARCHITECTURE.md says: from folder to folder in the order of its list, never in a circle, and Node's modules where Node alone is. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { describe, expect, it } from "vitest";
import { root, textOf } from "../support/documented.ts";

interface Import {
  readonly from: string;
  readonly to: string;
  /** Whether types alone are imported, which nothing waits for. */
  readonly types: boolean;
}

const posix = (path: string) => path.split(sep).join("/");

/** Files of the library and of the page, by their paths in the repository. */
const files = ["src", "lab/src"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !name.includes("assembly"))
    .map((name) => posix(join(folder, name))),
);

/** `import`s and `export ... from`s of files of ours, and names of Node's modules. */
function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), "utf8");
  const found = text.matchAll(/^(?:import|export)\s+(type\s)?([^;"]*?)\s*(?:from\s*)?"((?:\.|node:)[^"]+)"/gm);
  return Array.from(found, ([, type, names = "", module = ""]) => {
    const inner = /^\{([^}]*)\}$/.exec(names)?.[1]?.split(",") ?? [];
    const listed = inner.map((name) => name.trim()).filter((name) => name !== "");
    const types = type !== undefined || (listed.length > 0 && listed.every((name) => name.startsWith("type ")));
    const to = module.startsWith("node:") ? module : posix(relative(root, join(root, dirname(file), module)));
    return { from: file, to, types };
  });
}

const imports = files.flatMap(importsOf);

/** Folders of `src/` in the order of the list, the lowest first. */
const order = [...textOf("ARCHITECTURE.md").matchAll(/^ {2}([a-z]+)\/ /gm)].map(([, folder]) => folder!);
const folderOf = (file: string) => /^src\/([a-z]+)\//.exec(file)?.[1];

/** What may point the other way. */
const EXCEPTIONS: readonly (readonly [from: RegExp, to: RegExp])[] = [
  [/^src\/(problems|training)\//, /^src\/measure\//],
  [/^src\/problems\/classify\.ts$/, /^src\/training\/observer\.ts$/],
  [/^src\/node\/index\.ts$/, /^src\/cluster\//],
  [/^src\//, /^src\/formats\/safetensors(-tensor|-write)?\.ts$/],
];

describe("imports", () => {
  it("are found at all", () => {
    expect(order.at(0)).toBe("engine");
    expect(order.at(-1)).toBe("cli");
    expect(imports.length).toBeGreaterThan(2000);
    expect(imports).toContainEqual({ from: "src/problems/classify.ts", to: "src/rules/rule.ts", types: false });
  });

  it("point from folder to folder as the list has them", () => {
    const against = imports.filter(({ from, to }) => {
      const [own, other] = [from, to].map((file) => order.indexOf(folderOf(file) ?? ""));
      return own! >= 0 && other! > own! && !EXCEPTIONS.some(([one, two]) => one.test(from) && two.test(to));
    });
    expect(against.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  it("name folders that the list has", () => {
    const folders = new Set(files.flatMap((file) => folderOf(file) ?? []));
    expect([...folders].sort()).toEqual([...order].sort());
  });

  it("run in no circle", () => {
    const targets = new Map(files.map((file) => [file, new Set<string>()]));
    for (const { from, to, types } of imports) if (!types && targets.has(to)) targets.get(from)!.add(to);
    // What imports nothing that is left, or is imported by nothing, can be in no circle.
    for (let size = -1; size !== targets.size; ) {
      size = targets.size;
      const wanted = new Set([...targets.values()].flatMap((own) => [...own]));
      for (const [file, own] of targets)
        if (!wanted.has(file) || [...own].every((to) => !targets.has(to))) targets.delete(file);
    }
    expect([...targets.keys()]).toEqual([]);
  });

  it("are of Node's modules in node/, cli/ and file readers alone", () => {
    const readers =
      /^src\/(node\/|cli\/|cluster\/(part-folder|queue|socket-channel|sweep-folder|sweep-plan)\.ts|data\/(files|load|locate)\.ts|data\/sequence\/load\.ts|training\/config-file\.ts)/;
    const elsewhere = imports.filter(({ from, to }) => to.startsWith("node:") && !readers.test(from));
    expect(elsewhere.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });
});
