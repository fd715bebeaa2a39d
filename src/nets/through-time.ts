/**
 * Backprop through time of a recurrent layer of perception: from the window's last position to its first, the gradient of every spike is what the stage above sends down plus what the
 * next position's drives send back through the recurrent weights,
 *
 *   dS[n, t] = above[n, t] + W_h^T dz[n + 1, t],   dS -> dX by the surrogate and the neuron's steps -> dz by the norm
 *
 * It carries errors through the transposes of the weights, which is what BSD does without.
 */

import type { Address } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import type { Layer } from "./layer.ts";
import { tilesOf } from "./shape.ts";

/** Gradient that arrives from above at [tile][image or image and step][16]. */
export interface FromAbove {
  readonly at: Address;
  /** Whether it is the same at all steps of an element, [tile][image][16]. */
  readonly held: boolean;
}

export class ThroughTime {
  readonly #team: Team;
  readonly #layer: Layer;
  readonly #steps: number;
  readonly #tiles: number;
  /** W_h transposed, [tile][output][16]. */
  readonly #transposed: Address;
  /** dS, [tile][image][step][16]. */
  readonly #spikes: Address;

  constructor(team: Team, layer: Layer, steps: number, maxImages: number) {
    const { arena } = team;
    this.#team = team;
    this.#layer = layer;
    this.#steps = steps;
    this.#tiles = tilesOf(layer.synapses.shape);
    this.#transposed = arena.allocate(this.#tiles * layer.synapses.shape.channels * 64);
    this.#spikes = arena.allocate(maxImages * steps * layer.featureWidth * 4);
  }

  /** All gradients of the layer's group; its workspace's g is dL/dz then. */
  backward(positions: number, rows: number, above: FromAbove): void {
    const { recurrent, group, positionNorm: norm, workspace, neurons: parameters, synapses } = this.#layer;
    if (!recurrent || !norm || !parameters)
      throw new Error(`${this.#layer.name} has no recurrent synapses to go back through`);
    const team = this.#team;
    const steps = this.#steps;
    const neurons = synapses.shape.channels;
    const images = positions * rows;
    const [perPosition, allRows] = [rows * steps, images * steps];
    team.run("transposeWeights", this.#tiles, {
      inputs: neurons,
      outputs: neurons,
      factor: 1,
      weights: group.at("recurrent"),
      out: this.#transposed,
    });
    const scratch = team.scratch(steps * 16);
    for (let n = positions - 1; n >= 0; n--) {
      // The last position has no successor: its sum is over no outputs.
      const outputs = n === positions - 1 ? 0 : neurons;
      team.run("spikeGradient", this.#tiles, {
        rows: perPosition,
        outputs,
        gFirst: (n + 1) * perPosition,
        gRows: allRows,
        first: n * perPosition,
        allRows,
        repeat: above.held ? steps : 1,
        g: workspace.g,
        weights: this.#transposed,
        constant: above.at,
        out: this.#spikes,
      });
      team.run("neuronBackwardSteps", this.#tiles, {
        first: n * rows,
        count: rows,
        images,
        steps,
        decay: 1 / parameters.tau,
        threshold: parameters.threshold,
        slope: parameters.alpha / 2,
        scale: norm.scaleAt(n),
        shift: norm.shiftAt(n),
        mean: norm.meanAt(n),
        inverse: norm.inverseAt(n),
        z: workspace.z,
        spikes: this.#spikes,
        g: workspace.g,
        sums: norm.sumsAt(n),
        scratch: scratch.at,
        scratchStride: scratch.stride,
      });
      norm.finishPosition(group, n, positions, perPosition, workspace.z, workspace.g);
    }
    norm.gammaGradient(group, positions, perPosition);
    this.#layer.weightGradient(images);
  }
}
