/**
 * Leaky integrate-and-fire neurons with hard reset, float64, one plain loop.
 *
 *   charge  H[t] = V[t-1] + (X[t] - (V[t-1] - Vr)) / tau        V[-1] = Vr
 *   fire    S[t] = spike(H[t] - theta)
 *   reset   V[t] = H[t] (1 - S[t]) + Vr S[t]                     S detached here
 *
 * X drive, H membrane potential before the reset, V after it, S spikes; all [steps][neurons], row-major, unitless.
 * Source: the LIFNode convention of SpikingJelly, shared by BSD (arXiv 2509.20284).
 */

/** The firing function and the derivative that stands in for its own. Both take H - theta. */
export interface Surrogate {
  spike(x: number): number;
  slope(x: number): number;
}

const atanSlope = (x: number): number => 1 / (1 + (Math.PI * x) ** 2);

/** The method's neuron: a hard threshold, learnt through the ATan surrogate with alpha = 2. */
export const heaviside: Surrogate = { spike: (x) => (x >= 0 ? 1 : 0), slope: atanSlope };

/** The smooth function whose true derivative is the ATan surrogate: finite differences of it check the chain rule. */
export const smoothTwin: Surrogate = { spike: (x) => 0.5 + Math.atan(Math.PI * x) / Math.PI, slope: atanSlope };

export interface LifOptions {
  readonly theta: number;
  readonly tau: number;
  /** V_reset; 0 unless told. */
  readonly reset?: number;
}

/** Membrane before the reset and spikes, both [steps][neurons]. */
export interface LifTrace {
  readonly membrane: Float64Array;
  readonly spikes: Float64Array;
}

/**
 * Runs `neurons` neurons from rest for `drive.length / neurons` steps.
 *
 * @param drive [steps][neurons]
 * @param frozenReset spikes [steps][neurons] that reset the membrane in place of the ones fired now. The reset is a
 *   constant to the gradient, so a finite difference of the smooth twin must hold it at the unperturbed spikes.
 */
export function lifForward(
  drive: Float64Array,
  neurons: number,
  options: LifOptions,
  surrogate: Surrogate = heaviside,
  frozenReset?: Float64Array,
): LifTrace {
  const { theta, tau, reset = 0 } = options;
  const membrane = new Float64Array(drive.length);
  const spikes = new Float64Array(drive.length);
  const voltage = new Float64Array(neurons).fill(reset);
  for (let at = 0; at < drive.length; at++) {
    const n = at % neurons;
    const v = voltage[n]!;
    const h = v + (drive[at]! - (v - reset)) / tau;
    const s = surrogate.spike(h - theta);
    const fired = frozenReset ? frozenReset[at]! : s;
    membrane[at] = h;
    spikes[at] = s;
    voltage[n] = h * (1 - fired) + reset * fired;
  }
  return { membrane, spikes };
}

/**
 * Gradient of the drive, backwards through the neuron's own steps (this never leaves the neuron).
 *
 *   dL/dH[t] = dL/dS[t] slope(H[t] - theta) + dL/dH[t](direct) + dL/dV[t] (1 - S[t])
 *   dL/dX[t] = dL/dH[t] / tau        dL/dV[t-1] = dL/dH[t] (1 - 1/tau)
 *
 * @param gradSpikes dL/dS, [steps][neurons]
 * @param gradMembrane dL/dH where the loss reads the membrane itself, [steps][neurons]
 * @returns dL/dX, [steps][neurons]
 */
export function lifBackward(
  gradSpikes: Float64Array,
  gradMembrane: Float64Array,
  trace: LifTrace,
  neurons: number,
  options: LifOptions,
  surrogate: Surrogate = heaviside,
): Float64Array {
  const { theta, tau } = options;
  const gradDrive = new Float64Array(gradSpikes.length);
  const gradVoltage = new Float64Array(neurons);
  for (let at = gradSpikes.length - 1; at >= 0; at--) {
    const n = at % neurons;
    const throughSpike = gradSpikes[at]! * surrogate.slope(trace.membrane[at]! - theta);
    const gradH = throughSpike + gradMembrane[at]! + gradVoltage[n]! * (1 - trace.spikes[at]!);
    gradDrive[at] = gradH / tau;
    gradVoltage[n] = gradH * (1 - 1 / tau);
  }
  return gradDrive;
}
