/** Dotted overrides are taken out of a command line; everything else stays, in order. */
import { describe, expect, it } from "vitest";
import { splitOverrides } from "../../src/cli/arguments.ts";
import { runHere } from "../support/cli-here.ts";

describe("splitOverrides", () => {
  it.each<[string[], string[], string[]]>([
    [["a.yaml", "--train.epochs=3", "--json"], ["a.yaml", "--json"], ["--train.epochs=3"]],
    [["--train.epochs", "3", "a.yaml"], ["a.yaml"], ["--train.epochs=3"]],
    [["--network.hidden", "[64, 32]"], [], ["--network.hidden=[64, 32]"]],
    [["--data.path=a.b/c=d"], [], ["--data.path=a.b/c=d"]],
    [["--rule.lambda", "-1"], [], ["--rule.lambda=-1"]],
    [["--data.path="], [], ["--data.path="]],
    [["--a.b=1", "--a.b=2"], [], ["--a.b=1", "--a.b=2"]],
    // Not overrides: a plain option's value with a dot, and what follows "--".
    [["--out", "runs.old/a", "--out=x.y"], ["--out", "runs.old/a", "--out=x.y"], []],
    [["--", "--train.epochs=3"], ["--", "--train.epochs=3"], []],
  ])("%j", (args, rest, overrides) => {
    expect(splitOverrides(args)).toEqual({ rest, overrides });
  });

  it.each([[["--train.epochs"]], [["--train.epochs", "--json"]]])("%j lacks a value", (args) => {
    expect(() => splitOverrides(args)).toThrow(
      expect.objectContaining({ code: "usage", message: expect.stringContaining("--train.epochs: expected a value") }),
    );
  });
});

it.each([
  [["demo", "--threads", "-1"], "option '--threads <n>' argument '-1' is invalid. Expected a whole number from 0"],
  [
    ["sweep", "plan", "none.yaml", "--seeds", "0"],
    "option '--seeds <seeds>' argument '0' is invalid. Expected a number",
  ],
])("%j blames the option, and no file", async (args, message) => {
  const { code, stderr } = await runHere(args, ".");
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
});
