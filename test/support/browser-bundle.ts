/** A page's bundle of what it imports from an installed package: minified, for browsers, in one chunk unless the package splits itself. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";

export interface Bundle {
  readonly code: string;
  /** Bytes as a server sends them. */
  readonly gzipped: number;
  /** What bundling warned of, such as modules that browsers do not have. */
  readonly warnings: readonly string[];
}

/** Bundles the module text `source`, whose imports are resolved from `folder`. */
export async function bundleForBrowsers(folder: string, source: string): Promise<Bundle> {
  const entry = join(folder, "page.js");
  writeFileSync(entry, source);
  const warnings: string[] = [];
  const built = await build({
    configFile: false,
    root: folder,
    logLevel: "silent",
    build: {
      write: false,
      target: "es2022",
      rolldownOptions: {
        input: entry,
        preserveEntrySignatures: "strict",
        onLog: (level, log) => {
          if (level === "warn") warnings.push(log.message);
        },
      },
    },
  });
  const chunks = (built as Rolldown.RolldownOutput).output.flatMap((file) => (file.type === "chunk" ? [file] : []));
  const [code] = chunks.map((chunk) => chunk.code);
  if (chunks.length !== 1 || code === undefined) throw new Error(`expected one chunk, got ${chunks.length}`);
  return { code, gzipped: gzipSync(code).length, warnings };
}
