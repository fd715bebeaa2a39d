/**
 * Property tests draw their cases from one seed, so that a run says the same twice. To look further, give another:
 * `PROPERTY_SEED=7 npx vitest run`; what fails is printed with seed and path.
 */
import fc from "fast-check";

const given = Number(process.env.PROPERTY_SEED ?? 2509);
if (!Number.isInteger(given))
  throw new Error(`PROPERTY_SEED: expected a whole number, got ${process.env.PROPERTY_SEED}`);
fc.configureGlobal({ seed: given });
