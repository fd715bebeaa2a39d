/** Writes docs/settings.md from the tables of settings; needs a build. */
// @ts-check
import { writeFileSync } from "node:fs";
import { settingsPage } from "../dist/cli/commands/settings.js";

writeFileSync(new URL("../docs/settings.md", import.meta.url), settingsPage());
