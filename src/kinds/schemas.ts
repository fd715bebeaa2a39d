/** What kinds are made of. Of an object only what its users reach for first is asked: enough to tell it from any other. */
import * as z from "zod/mini";

export const callable = z.custom((value) => typeof value === "function");
export const listed = z.custom(
  (value) => Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView)),
);
/** Infinity is one, as a limit that nothing reaches. */
export const number = z.custom((value) => typeof value === "number" && !Number.isNaN(value));
export const whole = z.custom((value) => Number.isSafeInteger(value) && (value as number) >= 0);
export const floats = z.custom((value) => value instanceof Float32Array || value instanceof Float64Array);
/** Any object but a list, and inside others but a promise that was not awaited. */
export const thing = z.custom(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Promise),
);
export const shape = z.looseObject({ height: z.number(), width: z.number(), channels: z.number() });
export const statistics = z.looseObject({ mean: listed, std: listed });
/** Texts are iterable too, and never meant. */
export const iterable = z.custom(
  (value) => typeof value === "object" && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value),
);
export const map = z.custom((value) => value instanceof Map);
