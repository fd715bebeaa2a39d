/** What carries the errors of BSD's stages down, where they are to reach others (reaching.ts): recall's synapses, synapses of their own that learn as perception's do, or the transposes of perception's. */
export const CARRIERS = ["recall", "learned", "transposes"] as const;
/** See `CARRIERS`. */
export type Carriers = (typeof CARRIERS)[number];
