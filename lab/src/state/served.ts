/** The runs `bispike lab --run` was given; the page asks once, when it begins. */
import { signal } from "@preact/signals";

/** Their names; null before the server has answered. */
export const served = signal<readonly string[] | null>(null);

/** Asks. A static site carries an empty list. */
export async function askServed(): Promise<readonly string[]> {
  const response = await fetch(new URL("runs.json", document.baseURI)).catch(() => undefined);
  const names: unknown = response?.ok ? await response.json().catch(() => undefined) : undefined;
  served.value = Array.isArray(names) ? names.map(String) : [];
  return served.value;
}
