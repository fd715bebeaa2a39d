/** The tables of settings, and what is made of them: the reference page, the command's list, the lab's choices. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FIELDS, RULES } from "../../lab/src/setup/fields.ts";
import { settingsPage } from "../../src/cli/commands/settings.ts";
import { imageRules } from "../../src/training/config.ts";
import { chosenOf, entryAt, isGroup, keysOf, optionsOf, PROBLEMS } from "../../src/training/options.ts";
import { SETTINGS } from "../../src/training/settings/settings.ts";
import { runHere } from "../support/cli-here.ts";
import { root } from "../support/documented.ts";

const options = Array.from(optionsOf(SETTINGS));

it("docs/settings.md is current (npm run build, npm run docs:settings)", () => {
  expect(readFileSync(join(root, "docs/settings.md"), "utf8")).toBe(settingsPage());
});

it.each([["help", "settings"], ["settings"]])("bispike %s %s names every setting", async (...words) => {
  const { stdout, code } = await runHere(words, ".");
  expect(code).toBe(0);
  for (const [key] of options) expect(stdout).toContain(`--${key}=`);
});

describe("every setting", () => {
  it.each(options)("%s has a sentence, and a default that it accepts where it has one", (_, option) => {
    expect(option.says).toMatch(/^[^.]+.*\.$/s);
  });

  it.each(PROBLEMS)("of %s has a default that it accepts, but for what names the data", (problem) => {
    const chosen = chosenOf(SETTINGS, problem === "classify" ? {} : { task: "regression" }, problem);
    for (const key of keysOf(SETTINGS, problem)) {
      const entry = entryAt(SETTINGS, key)!;
      if (isGroup(entry) || key === "task" || key === "name") continue;
      const usual = entry.default(chosen);
      expect(usual === undefined ? entry.optional : entry.accepts(usual, problem), key).toBe(true);
    }
  });

  it("was called something that nothing is called now, and that nothing else was", () => {
    const old = options.flatMap(([, { was }]) => was);
    expect(new Set(old).size).toBe(old.length);
    for (const key of old) expect(entryAt(SETTINGS, key), key).toBeUndefined();
  });

  it("that the lab offers has the values of the table", () => {
    for (const { key, choices } of FIELDS) {
      const entry = entryAt(SETTINGS, key);
      expect(entry && !isGroup(entry), key).toBe(true);
      if (!choices || !entry || isGroup(entry)) continue;
      expect([...choices.map(({ value }) => value)].sort(), key).toEqual([...entry.choices!("classify")].sort());
    }
    expect(RULES.flatMap(({ rules }) => rules.map(({ value }) => value))).toEqual(imageRules);
  });
});
