/**
 * The linear read-out of a recurrent net and its loss at every position:
 *
 *   y = W h + c;  symbols: loss = -ln softmax(y)[target],  values: loss = mean over the outputs of (y - target)^2
 *
 * Blocks of its parameters: weight W [outputs][width of h], bias c [outputs].
 */

import { placeOfLargest } from "../engine/elementary.ts";
import { padded } from "../engine/kernels.ts";
import { type Matrix, multiply } from "../engine/matrix.ts";
import type { Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import { DenseParameters } from "./dense.ts";
import { RecurrentLayer, type WindowOptions, Windows } from "./dense-recurrent.ts";
import { layerName, type PairSpec } from "./spec.ts";
import { annSequenceSpec } from "./specs.ts";

/** Sums over some row indices. */
export interface ReadoutLoss {
  readonly loss: number;
  /** Targets with the largest output, of symbols; 0 for values. */
  readonly correct: number;
}

export class LinearReadout {
  readonly width: number;
  readonly stride: number;
  readonly parameters: DenseParameters;
  /** y, [position][row][stride]. */
  readonly outputs: Region<Float32Array>;
  /** The loss's gradient by y, times the factor asked for; laid out like the outputs, columns past the width are 0. */
  readonly errors: Region<Float32Array>;
  readonly #team: Team;
  readonly #source: RecurrentLayer;
  readonly #windows: Windows;
  readonly #losses: Region<Float64Array>;

  constructor(team: Team, name: string, source: RecurrentLayer, windows: Windows) {
    const positions = windows.window * windows.maxRows;
    this.#team = team;
    this.#source = source;
    this.#windows = windows;
    this.width = windows.targets.width;
    this.stride = padded(this.width);
    this.parameters = new DenseParameters(team, name, { weight: [this.width, source.width], bias: [this.width] });
    this.outputs = team.arena.f32(positions * this.stride);
    this.errors = team.arena.f32(positions * this.stride);
    this.#losses = team.arena.f64(positions);
  }

  errorsAt(from: number): Matrix {
    return { at: this.errors.at + from * this.stride * 4, stride: this.stride };
  }

  /** y of the row indices from .. from + count. */
  forward(from: number, count: number): void {
    multiply(this.#team, {
      rows: count,
      columns: this.width,
      depth: this.#source.width,
      a: this.#source.valuesAt(from),
      b: this.parameters.matrix("weight"),
      c: { at: this.outputs.at + from * this.stride * 4, stride: this.stride },
      base: this.parameters.matrix("bias").at,
    });
  }

  /**
   * Losses and errors of the row indices from .. from + count; the errors are `factor` times softmax(y) - one-hot for symbols, y - target for
   * values.
   */
  compare(from: number, count: number, factor: number): void {
    const { targets } = this.#windows;
    const start = from * this.stride * 4;
    const y = this.outputs.at + start;
    const shared = {
      stride: this.stride,
      factor,
      losses: this.#losses.at + from * 8,
      gradients: this.errors.at + start,
    };
    if (targets.kind === "symbols") {
      const labels = targets.at + from * 2;
      this.#team.run("softmaxCrossEntropy", count, { ...shared, classes: this.width, logits: y, labels });
    } else {
      this.#team.run("squaredError", count, { ...shared, width: this.width, y, targets: targets.at + start });
    }
  }

  /** Errors alone, as `compare` makes them with a factor of 1; to single precision, and faster. */
  errorsOnly(from: number, count: number): void {
    const { targets } = this.#windows;
    if (targets.kind === "values") {
      this.compare(from, count, 1);
      return;
    }
    const start = from * this.stride * 4;
    const [y, errors] = [this.outputs.at + start, this.errors.at + start];
    this.#team.run("softmaxError", count, {
      classes: this.width,
      stride: this.stride,
      logits: y,
      labels: targets.at + from * 2,
      errors,
    });
  }

  /** Sums over the row indices from .. from + count, as compared last. */
  sums(from: number, count: number): ReadoutLoss {
    let loss = 0;
    let correct = 0;
    for (let at = from; at < from + count; at++) {
      loss += this.#losses.view[at]!;
      if (this.#windows.targets.kind !== "symbols") continue;
      const decided = placeOfLargest(this.outputs.view, at * this.stride, this.width);
      if (decided === this.#windows.targetSymbols[at]) correct++;
    }
    return { loss, correct };
  }

  /** Factor that makes `compare`'s errors the gradient of the mean loss over `count` row indices. */
  meanFactor(count: number): number {
    return this.#windows.targets.kind === "symbols" ? 1 / count : 2 / (this.width * count);
  }

  /** out = W^T times the errors of `count` row indices from `from` on. */
  pull(from: number, count: number, out: Matrix): void {
    multiply(this.#team, {
      rows: count,
      columns: this.#source.width,
      depth: this.width,
      a: this.errorsAt(from),
      b: this.parameters.matrix("weight"),
      c: out,
      transposed: "b",
    });
  }

  /** Gradients of weights and bias from the values and errors of `count` row indices, times `scale`. */
  gradient(count: number, scale: number): void {
    const { parameters, width, stride } = this;
    multiply(this.#team, {
      rows: this.#source.width,
      columns: width,
      depth: count,
      a: this.#source.valuesAt(0),
      b: this.errorsAt(0),
      c: parameters.gradient("weight"),
      transposed: "a",
      scale,
    });
    this.#team.run("sumRows", stride / 16, {
      rows: count,
      stride,
      scale,
      x: this.errors.at,
      out: parameters.gradient("bias").at,
    });
  }
}

/**
 * The non-spiking recurrent net that backprop, predictive coding and DLL train: one or more recurrent layers of tanh neurons and a linear
 * read-out at every position (equations: dense-recurrent.ts).
 */

export interface RecurrentNetOptions extends WindowOptions {
  /** Neurons of each recurrent layer, from the input up. */
  readonly hidden: readonly number[];
  readonly seed: number;
}

/**
 * A non-spiking recurrent net: layers of tanh neurons and a linear read-out at every position,
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
  /** What its layers are: `spec.perception`. */
  readonly spec: PairSpec;
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
    this.spec = annSequenceSpec(hidden, options.inputs, options.targets);
    const name = (stage: number) => layerName(this.spec, "perception", stage);
    for (const { stage, shape } of this.spec.perception.slice(0, -1)) {
      const input = layers.at(-1)?.output ?? this.windows.inputs;
      layers.push(new RecurrentLayer(team, name(stage), input, shape.channels, positions));
    }
    this.layers = layers;
    const top = layers.at(-1)!;
    this.readout = new LinearReadout(team, name(hidden.length + 2), top, this.windows);
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
