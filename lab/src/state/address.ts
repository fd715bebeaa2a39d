/** The page's address as a setup: read when the page opens or its address changes, written when a setup is chosen. */
import { signal } from "@preact/signals";
import type { ExperimentConfig } from "../../../src/index.ts";
import { beginAll, firstSetup } from "./lab.ts";
import type { RunSetup } from "./run.ts";

/** What a person should know of the address they came by; null when all is well. */
export const notice = signal<string | null>(null);

/**
 * Opens what the address says; the first visit's setup where it says nothing, or nothing that can be run.
 *
 * @param training whether it begins to train. Default true
 */
export async function beginByAddress(training = true): Promise<void> {
  notice.value = null;
  const [first = firstSetup, second = null] = await setupsOf(location.hash);
  await beginAll(first, second, training);
}

/** Follows the address. Returns how to stop. */
export function followAddress(): () => void {
  const changed = () => void beginByAddress();
  addEventListener("hashchange", changed);
  return () => removeEventListener("hashchange", changed);
}

/** Puts setups into the address, for people to copy; the page is not loaded anew. */
export function writeAddress(link: string): void {
  notice.value = null;
  history.replaceState(null, "", `#${link}`);
}

async function setupsOf(hash: string): Promise<RunSetup[]> {
  if (hash.length <= 1) return [];
  const { readLink, inWords } = await import("../setup/index.ts");
  try {
    return readLink(hash).map(onSite);
  } catch (error) {
    const why = error instanceof Error ? inWords(error.message) : String(error);
    notice.value = `The address of this page holds no setup that can be run (${why}). This is the usual one.`;
    return [];
  }
}

/** A link cannot carry files. */
function onSite(config: ExperimentConfig): RunSetup {
  const { name, path } = config.data;
  if (path === undefined && (name === "mnist" || name === "fashion-mnist"))
    return { config, data: { kind: "site", name } };
  notice.value = `This link was made with images of someone's own (${path ?? name}), which a link cannot carry: drop them under “Choose”. Until then the same setup trains on MNIST.`;
  const { path: _, ...data } = config.data;
  return { config: { ...config, data: { ...data, name: "mnist" } }, data: { kind: "site", name: "mnist" } };
}
