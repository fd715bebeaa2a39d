/** The plugins among the examples, registered with the sources; a user's load them by `--plugin`. */

import { fileURLToPath } from "node:url";
import type * as bispike from "bispike";
import registerMargin from "../../examples/plugins/margin-loss.mjs";
import registerTurns from "../../examples/plugins/taking-turns.mjs";
import * as sources from "../../src/index.ts";

export const pluginFile = (name: string) =>
  fileURLToPath(new URL(`../../examples/plugins/${name}.mjs`, import.meta.url));

let registered = false;

/** Registers stage loss margin and rule taking-turns, once. */
export function registerExamples(): void {
  if (registered) return;
  // The same interface, of which TypeScript has two declarations: the sources' and the build's.
  const own = sources as unknown as typeof bispike;
  registerMargin(own);
  registerTurns(own);
  registered = true;
}
