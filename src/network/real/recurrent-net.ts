/**
 * The real-valued recurrent net that backprop, predictive coding and DLL train: one or more recurrent layers of tanh neurons and a linear
 * read-out at every position (see recurrent-layer.ts and linear-readout.ts for the equations).
 */
import type { Team } from "../../engine/team.ts";
import { BispikeError } from "../../errors.ts";
import { LinearReadout } from "./linear-readout.ts";
import { RecurrentLayer } from "./recurrent-layer.ts";
import { type WindowOptions, Windows } from "./windows.ts";

export interface RecurrentNetOptions extends WindowOptions {
  /** Neurons of each recurrent layer, from the input up. */
  readonly hidden: readonly number[];
  readonly seed: number;
}

/**
 * A recurrent net of real numbers: layers of tanh neurons and a linear read-out at every position,
 *
 *     h_n = tanh(W_x x_n + W_h h_{n-1} + b),   y_n = W_y h_n + c
 *
 * @example
 * const characters = { kind: "symbols", width: 65 } as const;
 * const net = new RecurrentNet(team, {
 *   inputs: characters, targets: characters, hidden: [324], window: 32, maxRows: 64, seed: 1,
 * });
 * net.windows.load(text, starts, 0, 64);
 * net.forward(); // logits: net.readout.outputs.view
 */
export class RecurrentNet {
  readonly team: Team;
  readonly windows: Windows;
  /** From the input up: stages 2 .. L - 1. */
  readonly layers: readonly RecurrentLayer[];
  /** Stage L. */
  readonly readout: LinearReadout;

  /** Draws all weights from the seed. Throws a `usage` error for sizes that are not positive integers. */
  constructor(team: Team, options: RecurrentNetOptions) {
    const { hidden, seed } = options;
    if (hidden.length === 0 || hidden.some((width) => !Number.isInteger(width) || width < 1)) {
      throw new BispikeError("usage", `hidden: expected one or more positive integers, got [${hidden.join(", ")}]`);
    }
    this.team = team;
    this.windows = new Windows(team, options);
    const positions = options.window * options.maxRows;
    const layers: RecurrentLayer[] = [];
    for (const [index, width] of hidden.entries()) {
      const input = layers.at(-1)?.output ?? this.windows.inputs;
      layers.push(new RecurrentLayer(team, `perception.stage${index + 2}`, input, width, positions));
    }
    this.layers = layers;
    const top = layers.at(-1)!;
    this.readout = new LinearReadout(team, `perception.stage${hidden.length + 2}`, top, this.windows);
    for (const layer of layers) layer.initialise(seed);
    this.readout.parameters.initialise(seed, { weight: top.width, bias: top.width });
  }

  /** Stages, the stimulus and the read-out included. */
  get stages(): number {
    return this.layers.length + 2;
  }

  /** The part above layer `index`, which sends its errors down: the next layer or the read-out. */
  above(index: number): RecurrentLayer | LinearReadout {
    return this.layers[index + 1] ?? this.readout;
  }

  /** Values and outputs of the loaded windows. */
  forward(): void {
    const { window, rows, positions } = this.windows;
    for (const layer of this.layers) layer.forward(window, rows);
    this.readout.forward(0, positions);
  }
}
