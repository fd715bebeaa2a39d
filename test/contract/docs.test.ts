/** The library's documentation: every exported name has some, and typedoc warns of nothing. */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** All entries are compiled; several times what a busy machine takes. */
const COMPILING = 300_000;

it(
  "documents all that is exported, without a warning",
  async () => {
    const out = mkdtempSync(join(tmpdir(), "bispike-docs-"));
    try {
      const typedoc = join(root, "node_modules", ".bin", "typedoc");
      const run = promisify(execFile)(typedoc, ["--out", out], { cwd: root });
      await run.catch((error: { readonly stdout: string; readonly stderr: string }) => {
        throw new Error(error.stdout + error.stderr);
      });
      expect(readdirSync(join(out, "functions"))).toContain("bispike.registerStageLoss.html");
    } finally {
      rmSync(out, { recursive: true, force: true });
    }
  },
  COMPILING,
);
