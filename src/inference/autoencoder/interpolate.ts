/**
 * Between two images: firing rates of the latent on a straight line from the one's to the other's,
 *
 *   r_f = (1 - a) r_0 + a r_1,   a = f / (F - 1),   f = 0 .. F - 1
 *
 * which `evenTrains` turns into spikes that a network can draw.
 */
import { BispikeError } from "../../errors.ts";

/**
 * Firing rates on a straight line from one image's to another's: r_f = (1 - a) r_0 + a r_1, a = f / (F - 1). `evenTrains` turns them into spikes.
 *
 * @param from rates of the first image, [neuron]
 * @param to rates of the second
 * @param frames F, both ends included: at least 2
 * @returns rates [frame][neuron]
 * @throws BispikeError "usage" for fewer frames, or ends of different widths
 * @example
 * interpolateRates([0, 1], [1, 1], 3); // 0 1, 0.5 1, 1 1
 */
export function interpolateRates(from: ArrayLike<number>, to: ArrayLike<number>, frames: number): Float64Array {
  if (!(Number.isInteger(frames) && frames >= 2))
    throw new BispikeError("usage", `interpolation: expected at least 2 frames, got ${frames}`);
  if (from.length !== to.length)
    throw new BispikeError(
      "usage",
      `interpolation: expected ends of one width, got ${from.length} and ${to.length} neurons`,
    );
  const neurons = from.length;
  return Float64Array.from({ length: frames * neurons }, (_, i) => {
    const share = Math.floor(i / neurons) / (frames - 1);
    return (1 - share) * from[i % neurons]! + share * to[i % neurons]!;
  });
}
