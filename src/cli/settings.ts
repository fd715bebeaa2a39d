/** `bispike help settings`, and `bispike settings`: all settings of an experiment. */
import { Command } from "commander";
import { print } from "./output.ts";
import { runAction } from "./report.ts";

export function settingsCommand(): Command {
  return new Command("settings")
    .summary("list all settings of an experiment")
    .description("Lists every setting of an experiment: its key, default, values, rules and meaning.")
    .action(
      runAction(async () => {
        const { settingsText } = await import("./run/settings.ts");
        print(settingsText());
      }),
    );
}
