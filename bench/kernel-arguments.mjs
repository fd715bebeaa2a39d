// @ts-check
/** Names of the kernels' arguments, read from their sources, so that what the benchmark says of a call does not hang on an order of arguments. */
import { readdirSync, readFileSync } from "node:fs";

const SOURCES = new URL("../src/engine/assembly/", import.meta.url);
const KERNEL = /export function (\w+)\(\s*begin: i32, end: i32, _?thread: i32,([^)]*)\)/g;

/** @type {Map<string, readonly string[]> | undefined} */
let found;

/** @returns {ReadonlyMap<string, readonly string[]>} by kernel, in order, without begin, end and thread */
export function kernelArguments() {
  if (found) return found;
  found = new Map();
  for (const file of readdirSync(SOURCES)) {
    if (!file.endsWith(".ts")) continue;
    for (const [, name = "", list = ""] of readFileSync(new URL(file, SOURCES), "utf8").matchAll(KERNEL)) {
      found.set(
        name,
        Array.from(list.matchAll(/(\w+): \w+/g), ([, argument = ""]) => argument),
      );
    }
  }
  return found;
}
