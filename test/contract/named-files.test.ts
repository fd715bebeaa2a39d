/** Comments and documents name files that exist. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { expect, test } from "vitest";

const lines = (text: string) => text.split("\n").filter((line) => line !== "");
const tracked = lines(execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"]).toString());
const names = new Set(tracked.map((file) => basename(file)));

/** Files of this project that a line names: `conv.ts`, `losses/align.ts`; not what a build makes. */
function namedIn(line: string): string[] {
  const found = line.matchAll(/(?:[\w-]+\/)*[a-z][\w.-]*\.tsx?\b/g);
  return [...found].map(([name]) => name).filter((name) => !/\.(d|generated)\.ts$/.test(name));
}

const exists = (name: string) =>
  name.includes("/") ? tracked.some((file) => file === name || file.endsWith(`/${name}`)) : names.has(name);

test("finds names, and which of them are no file's", () => {
  expect(namedIn(" * (`losses/align.ts`, conv.ts; types in x.d.ts)")).toEqual(["losses/align.ts", "conv.ts"]);
  expect(["losses/align.ts", "align.ts", "nets/align.ts", "allign.ts"].map(exists)).toEqual([true, true, false, false]);
});

test("every file that a comment of src or lab names exists", () => {
  const sources = tracked.filter((file) => /^(src|lab\/src)\/.*\.tsx?$/.test(file) && !file.includes(".generated."));
  const lost = sources.flatMap((file) =>
    readFileSync(file, "utf8")
      .split("\n")
      .flatMap((line, k) => {
        const comment = /^\s*(\*|\/\/|\/\*\*).*|\/\*\*.*\*\//.exec(line)?.[0] ?? "";
        return namedIn(comment)
          .filter((name) => !exists(name))
          .map((name) => `${file}:${k + 1}: ${name}`);
      }),
  );
  expect(lost).toEqual([]);
});

test("every file that a document names exists", () => {
  const documents = tracked.filter((file) => file.endsWith(".md") && file !== "CHANGELOG.md");
  const lost = documents.flatMap((file) =>
    namedIn(readFileSync(file, "utf8"))
      .filter((name) => !exists(name))
      .map((name) => `${file}: ${name}`),
  );
  expect(lost).toEqual([]);
});
