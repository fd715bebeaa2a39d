/** In place of the library's `arguments.ts` (see vite.config.ts): what the page passes to the library's entry points TypeScript has checked, so a visit need not load those checks. */

export const kinds: Readonly<Record<string, undefined>> = {};

export function requireKind(): void {}
