/** The package as `npm pack` makes it, installed in a folder of its own: only what it declares as dependencies is there beside it. */
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);

/** Fields of package.json that tests look at. */
export interface Manifest {
  readonly version: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

export const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;

/** Every module entry, as it is imported: "bispike", "bispike/sequence", ... */
export const entries = Object.keys(manifest.exports)
  .filter((path) => !path.endsWith(".json"))
  .map((path) => path.replace(/^\./, "bispike"));

export interface InstalledPackage {
  /** A package of its own whose node_modules holds bispike and its dependencies, and nothing else. */
  readonly folder: string;
  readonly tarball: string;
}

/** Packs what is built and installs it in `folder` without a network: dependencies are those of this repository. */
export async function installPacked(folder: string): Promise<InstalledPackage> {
  const { stdout } = await run("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder], {
    cwd: root,
  });
  const [packed] = JSON.parse(stdout) as readonly { readonly filename: string }[];
  const tarball = join(folder, packed!.filename);
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "bispike"), { recursive: true });
  await run("tar", ["xzf", tarball, "-C", join(modules, "bispike"), "--strip-components=1"]);
  for (const name of Object.keys(manifest.dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(realpathSync(join(root, "node_modules", name)), join(modules, name));
  }
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));
  return { folder, tarball };
}
