/** Canvases take their colours when they draw; they draw again when the page turns dark or light. */

/** Calls back on every change. Returns how to stop. */
export function onThemeChange(changed: () => void): () => void {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", changed);
  return () => dark.removeEventListener("change", changed);
}
