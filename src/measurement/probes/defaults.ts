/** What probes are unless told otherwise; by themselves, as command lines and plans need no more than these. */

/** Training images that probes are fitted to. */
export const PROBE_IMAGES = 5000;
/** Weight of half the squared length of a probe's weights. */
export const PROBE_DECAY = 0.01;
/** Units above which a plane is pooled, and the cells a side it is pooled to. */
export const MOST_UNITS = 4096;
export const DEFAULT_CELLS = 4;
