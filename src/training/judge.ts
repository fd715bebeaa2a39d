/**
 * The part of the data that a finished run's figures are of:
 *
 *   test       read once, at the end
 *   held-out   the images or positions kept aside of the training part, by which the best epoch is chosen too; the test part is not looked at, so that settings can be tuned
 */
export const judges = ["test", "held-out"] as const;
export type Judge = (typeof judges)[number];
