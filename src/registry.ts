/**
 * What programs and plugins add to this library under a name that configurations can give: the one list that lives as long as the process, because names in a file have to mean the
 * same wherever it is read. Nothing is ever taken off it or replaced, so a name that was checked stays what it was.
 */
import { BispikeError } from "./errors.ts";

/** The plugin whose registrations are under way; undefined in a program that registers for itself. */
let registering: string | undefined;

/** Everything registered so far, of every kind. */
let total = 0;

/** A kind of thing with names of its own. */
export class Registry<T> {
  /** For messages, such as "stage loss". */
  readonly what: string;
  readonly #builtIn: readonly string[];
  readonly #items = new Map<string, { readonly item: T; readonly plugin: string | undefined }>();

  /** @param builtIn names that are taken from the start */
  constructor(what: string, builtIn: readonly string[]) {
    this.what = what;
    this.#builtIn = builtIn;
  }

  /**
   * @throws BispikeError "usage" for a name that is taken, or that is not 1 to 60 small letters, digits and '-', beginning with a letter
   */
  add(name: string, item: T): void {
    if (!/^[a-z][a-z0-9-]{0,59}$/.test(name))
      throw new BispikeError(
        "usage",
        `${this.what}: expected a name of 1 to 60 small letters, digits and '-', beginning with a letter, got ${JSON.stringify(name)}`,
      );
    const taken = this.#items.get(name);
    if (taken || this.#builtIn.includes(name)) {
      const owner = taken ? (taken.plugin ?? "this program") : "bispike itself";
      throw new BispikeError("usage", `${this.what} ${name}: this name is taken by ${owner}; choose another`);
    }
    this.#items.set(name, { item, plugin: registering });
    total++;
  }

  get(name: string): T | undefined {
    return this.#items.get(name)?.item;
  }

  has(name: string): boolean {
    return this.#items.has(name);
  }

  /** File name of the plugin that registered a name; undefined where none did. */
  pluginOf(name: string): string | undefined {
    return this.#items.get(name)?.plugin;
  }

  /** Names that configurations may give now. */
  names(): readonly string[] {
    return [...this.#builtIn, ...this.#items.keys()];
  }
}

/**
 * Lets a plugin register, and notes that it was this one.
 *
 * @param plugin the file's name without its folder: it is kept in checkpoints, which are the same bytes on every machine
 * @returns how many names it registered
 */
export async function registerAs(plugin: string, register: () => Promise<void>): Promise<number> {
  const before = total;
  registering = plugin;
  try {
    await register();
  } finally {
    registering = undefined;
  }
  return total - before;
}

/** Refuses what is registered under a name and is not as it has to be. */
export function refuse(what: string, expected: string): never {
  throw new BispikeError("usage", `${what}: expected ${expected}`);
}

/** How to get at a name that nobody registered, for messages. */
export const HOW_TO_LOAD =
  "load what registers it first: --plugin FILE.mjs on the command line, an import in a program";
