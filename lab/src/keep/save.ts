/** Gives a person a file. */

/** Downloads bytes under a name. */
export function save(bytes: Uint8Array<ArrayBuffer> | Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(bytes instanceof Blob ? bytes : new Blob([bytes]));
  link.download = name;
  link.click();
  // The browser has taken the file up by the next turn; until then it must be there.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
