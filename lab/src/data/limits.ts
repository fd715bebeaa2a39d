/** Most files that may be dropped at once. */
export const MAX_DROPPED = 200_000;
