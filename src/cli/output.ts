/** What commands say: results on stdout, remarks on stderr, so that results can be piped. */

/** Writes a result and ends its line. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Writes a remark that does not stop the command; nothing for null. */
export function note(kind: "warning" | "note", message: string | null): void {
  if (message !== null) process.stderr.write(`bispike: ${kind}: ${message}\n`);
}
