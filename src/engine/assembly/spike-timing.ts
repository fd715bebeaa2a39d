/**
 * Spike-timing-dependent plasticity by exponential traces, all pairs of spikes, as seen from each step of the sender. A neuron that fired s[t] gives a spike that reached it at step t
 *
 *   G[t] = A sum over t' >= t of p^(t' - t) s[t']  -  D sum over t' < t of q^(t - t') s[t']
 *
 * so that a synapse's change is the sum over the sender's spikes of G: what it helped to cause, less what it came too late for. Within a step the sender is first.
 */
import { ROW } from "./lanes";

/** Spikes of four of a tile's lanes at a step, 1 or 0. */
@inline
function spikesOf(mask: usize, bits: v128): v128 {
  const there = i32x4.eq(v128.and(i32x4.splat(<i32>load<u16>(mask)), bits), bits);
  return v128.and(there, f32x4.splat(1));
}

/**
 * g = factors[image] * G, with A = `potentiation`, D = `depression`, p = `potentiationDecay`, q = `depressionDecay`; [tile][image][zSteps][pixel][16]; where the drive is held (zSteps = 1) the sum of G over the steps. Masks: u16 [image][step][pixel][tile].
 * Items are tile * images + image.
 */
export function spikeTiming(
  begin: i32, end: i32, _thread: i32,
  images: i32, steps: i32, zSteps: i32, pixels: i32, tiles: i32, potentiationDecay: f32, depressionDecay: f32, potentiation: f32, depression: f32, masks: usize, factors: usize, g: usize,
): void {
  const plane = <usize>pixels << ROW, maskRow = <usize>tiles << 1, maskPlane = <usize>pixels * maskRow;
  const P = f32x4.splat(potentiationDecay), Q = f32x4.splat(depressionDecay), up = f32x4.splat(potentiation), down = f32x4.splat(depression);
  const held = zSteps == 1 && steps > 1;
  for (let item = begin; item < end; item++) {
    const tile = item / images, image = item - tile * images;
    const factor = f32x4.splat(load<f32>(factors + (<usize>image << 2)));
    for (let v = 0; v < 16; v += 4) {
      const bits = i32x4.shl(i32x4(1, 2, 4, 8), v);
      let mask = masks + <usize>(image * steps) * maskPlane + (<usize>tile << 1);
      let to = g + <usize>item * zSteps * plane + (<usize>v << 2);
      for (let pixel = 0; pixel < pixels; pixel++, mask += maskRow, to += 64) {
        let later = f32x4.splat(0), earlier = later, sum = later;
        for (let t = steps - 1; t >= 0; t--) {
          later = f32x4.add(f32x4.mul(P, later), spikesOf(mask + <usize>t * maskPlane, bits));
          const G = f32x4.mul(up, later);
          if (held) sum = f32x4.add(sum, G);
          else v128.store(to + <usize>t * plane, G);
        }
        for (let t = 0; t < steps; t++) {
          const G = f32x4.mul(down, earlier), at = to + <usize>t * plane;
          if (held) sum = f32x4.sub(sum, G);
          else v128.store(at, f32x4.mul(factor, f32x4.sub(v128.load(at), G)));
          earlier = f32x4.mul(Q, f32x4.add(earlier, spikesOf(mask + <usize>t * maskPlane, bits)));
        }
        if (held) v128.store(to, f32x4.mul(factor, sum));
      }
    }
  }
}
