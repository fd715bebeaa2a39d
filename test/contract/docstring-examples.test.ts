/** The examples of docstrings are programs that compile against what the package exports. */
import { expect, it } from "vitest";
import { docstringExamples, examplesIn, faultsOf } from "../support/docstring-examples.ts";

const docstring = (...lines: string[]) => `/**\n${lines.map((line) => ` * ${line}\n`).join("")} */\n`;

it("finds each example of a docstring with its place", () => {
  const text = `const a = 1;\n${docstring("What.", "", "@example", "one();", "@example two();", "three();", "@returns four")}`;
  expect(examplesIn("a.ts", text)).toEqual([
    { file: "a.ts", line: 6, code: "one();" },
    { file: "a.ts", line: 7, code: "two();\nthree();" },
  ]);
});

it("compiles every example of a docstring", () => {
  const examples = docstringExamples();
  expect(examples.length).toBeGreaterThan(300);
  const wrong = {
    file: "src/index.ts",
    line: 1,
    code: 'const config = resolveConfig({});\nTeam.create({ threads: "2" });',
  };
  const faults = faultsOf([...examples, wrong]);
  // The last one shows that it would tell.
  expect(faults.pop()).toBe("src/index.ts:2: Type 'string' is not assignable to type 'number'.");
  expect(faults).toEqual([]);
}, 240_000);
