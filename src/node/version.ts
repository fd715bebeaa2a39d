/** The version of the installed package. */
import { readFileSync } from "node:fs";

/** As `package.json` has it, such as "0.1.0". */
export function packageVersion(): string {
  const file = new URL("../../package.json", import.meta.url);
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
  return version;
}
