// @ts-check
/** AssemblyScript compiled to be measured alone, as the kernels are. */
import { existsSync, readFileSync } from "node:fs";
import asc from "assemblyscript/asc";

/**
 * A file and what it imports from its folder, as WebAssembly that takes its memory from `env`.
 *
 * @param {URL} folder ends in a slash
 * @param {string} file
 * @returns {Promise<BufferSource>}
 */
export async function compiled(folder, file) {
  /** @type {Uint8Array | undefined} */
  let binary;
  const flags = ["-O3", "--noAssert", "--runtime", "stub", "--enable", "simd", "--importMemory"];
  const { error, stderr } = await asc.main([file, "--outFile", "out.wasm", ...flags], {
    readFile: (name) => {
      const url = new URL(name, folder);
      return existsSync(url) ? readFileSync(url, "utf8") : null;
    },
    writeFile: (name, contents) => {
      if (name === "out.wasm" && typeof contents !== "string") binary = contents;
    },
    listFiles: () => [],
  });
  if (error || !binary) throw new Error(`${file} does not compile: ${stderr.toString()}`, { cause: error });
  return new Uint8Array(binary);
}
