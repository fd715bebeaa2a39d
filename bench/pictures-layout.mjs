// @ts-check
/** Places and colours the pictures share. */
import { OURS } from "./contest.mjs";
import { PEERS } from "./peers.mjs";

export const WIDTH = 900;
const MARGIN = 10;
/** Width of a panel; two stand side by side. */
export const PANEL = (WIDTH - 2 * MARGIN) / 2;

/**
 * Place of a panel's title.
 *
 * @param {number} index
 * @param {number} height of a panel with its title
 * @param {number} top
 */
export function placeOf(index, height, top) {
  return { x: MARGIN + (index % 2) * PANEL, y: top + 12 + Math.floor(index / 2) * height };
}

/** Okabe and Ito's, told apart by colour-blind readers too; blues and grey for PyTorch, so that ours stands out. */
const OUR_COLOUR = "#d55e00";
const PEER_COLOURS = ["#0072b2", "#56b4e9", "#888888"];

/** @param {string} name of who was measured */
export function colourOf(name) {
  if (name === OURS) return OUR_COLOUR;
  return PEER_COLOURS[PEERS.findIndex((peer) => peer.name === name)] ?? "#cc79a7";
}
