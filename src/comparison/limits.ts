/** How much is compared at most. Light: the command line's options read it. */

/** Seeds of one comparison. */
export const MOST_SEEDS = 1000;
