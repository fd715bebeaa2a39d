/** What backprop asks of a hidden stage, whether it spikes or not: its synapses, and the way from its outputs' gradient to its drive's. */
import type { Address } from "../../engine/memory.ts";
import type { Norm } from "../../network/norm.ts";
import type { ParameterGroup } from "../../network/parameters.ts";
import type { Shape } from "../../network/shape.ts";
import type { Synapses, Workspace } from "../../network/synapses.ts";

/** dL/dy of a stage's outputs, [tile][image][step][pixel][16]. */
export interface OutputGradient {
  readonly at: Address;
  /** Steps: T, or 1 where the gradient is the same at all of them. */
  readonly steps: number;
}

export interface BackpropStage {
  readonly name: string;
  readonly group: ParameterGroup;
  readonly synapses: Synapses;
  readonly norm: Norm;
  /** The stage's own: what the forward pass left in z and winner is read on the way back. */
  readonly workspace: Workspace;
  /** Shape of the outputs. */
  readonly shape: Shape;
  /** Distinct steps of the outputs: T, or 1 for real values. */
  readonly outputSteps: number;
  /** dL/dX of the normalised drive to workspace.g, and the gradients of the norm's scale and shift; returns the coefficients that end dL/dz, 0 where g is dL/dz already. */
  toDrive(images: number, above: OutputGradient): Address;
}
