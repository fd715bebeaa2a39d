/** Colours of the two networks: blue and vermilion, told apart by all eyes; lighter on a dark page. */
export type Colour = readonly [number, number, number];

export interface Inks {
  readonly perception: Colour;
  readonly recall: Colour;
}

const LIGHT: Inks = { perception: [0, 114, 178], recall: [213, 94, 0] };
const DARK: Inks = { perception: [86, 180, 233], recall: [240, 149, 74] };

const dark = matchMedia("(prefers-color-scheme: dark)");

/** As the page is now. */
export function inks(): Inks {
  return dark.matches ? DARK : LIGHT;
}
