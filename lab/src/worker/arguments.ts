/**
 * In place of the library's `arguments.ts` (see vite.config.ts): what the page passes to the library's entry points TypeScript has checked, so a visit need not load those checks, nor,
 * as they are said to have no side effects, the calls of them.
 */

/* @__NO_SIDE_EFFECTS__ */
export function requireKind(): void {}

/* @__NO_SIDE_EFFECTS__ */
export function requireArguments(): void {}

/* @__NO_SIDE_EFFECTS__ */
export function requireConfig(): void {}

/* @__NO_SIDE_EFFECTS__ */
export function requirePair(): void {}

/* @__NO_SIDE_EFFECTS__ */
export function requireUpTo(): void {}

/* @__NO_SIDE_EFFECTS__ */
export function requireUnless(): void {}

/* @__NO_SIDE_EFFECTS__ */
export function ofKind(): void {}

/* @__NO_SIDE_EFFECTS__ */
export function requireMaker(): void {}

export const byMaker = undefined;
