/**
 * `--plugin FILE.mjs`: ES modules that register stage losses and rules before a command reads a configuration or a checkpoint. A plugin is a program: nothing but the command line
 * loads one, no configuration and no checkpoint does.
 */
import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { BispikeError } from "../errors.ts";
import { registerAs } from "../registry.ts";

const GIVEN =
  "export default a function instead, which is given all of bispike: export default ({ registerRule }) => ...";

/** Absolute paths, in the order they were given. */
const loaded = new Set<string>();

/**
 * Loads plugins, each once. One may register as it is imported, or export a function by default, which is given all of `bispike` and so needs not import it.
 *
 * @throws BispikeError "usage" that names the file: missing, failing, or registering nothing
 */
export async function loadPlugins(files: readonly string[]): Promise<void> {
  for (const file of files) {
    const path = resolve(file);
    if (loaded.has(path)) continue;
    if (!existsSync(path)) throw new BispikeError("usage", `--plugin ${file}: there is no such file`);
    const registered = await registerAs(basename(path), () => runPlugin(path)).catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      // Beside no node_modules that hold it, the library's name leads nowhere.
      if (/Cannot find package 'bispike'/.test(reason))
        throw new BispikeError("usage", `--plugin ${file}: ${reason}; ${GIVEN}`, { cause });
      throw new BispikeError("usage", `--plugin ${file}: ${reason}`, { cause });
    });
    if (registered === 0)
      throw new BispikeError(
        "usage",
        `--plugin ${file}: expected it to register a stage loss or a rule, but it registered none; if it imports another copy of bispike, export default a function, which is given this one`,
      );
    loaded.add(path);
  }
}

async function runPlugin(path: string): Promise<void> {
  const { default: register } = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
  if (register === undefined) return;
  if (typeof register !== "function") throw new Error(`expected a function as default export, got ${typeof register}`);
  await register(await import("../index.ts"));
}

/** Arguments by which a child that runs this command line loads the same plugins. */
export function pluginArguments(): string[] {
  return [...loaded].flatMap((path) => ["--plugin", path]);
}
