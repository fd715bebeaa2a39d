/**
 * Windows of a sequence in the engine's memory, position-major: row index = position * rows + row, so that one position of all windows is one
 * run of memory.
 */
import {
  checkElement,
  type Element,
  type ElementKind,
  type SequenceInputs,
  type SequenceSet,
} from "../data/sequence/task.ts";

import { checkWindows, gatherSymbols, gatherValues, type WindowRun } from "../data/sequence/windows.ts";
import { BLOCK, padded } from "../engine/kernels.ts";
import { type Matrix, multiply } from "../engine/matrix.ts";
import type { Address, Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";

import { DenseParameters } from "./dense.ts";

/** Where elements lie: symbols one after the other (uint16), values as rows of a matrix. */
export type Elements =
  | { readonly kind: "symbols"; readonly width: number; readonly at: Address }
  | ({ readonly kind: "values"; readonly width: number } & Matrix);

export interface WindowOptions {
  readonly inputs: ElementKind;
  readonly targets: ElementKind;
  /** Positions a window. */
  readonly window: number;
  /** Most windows at once. */
  readonly maxRows: number;
}

/** Room for one side, inputs or targets. */
class Side {
  readonly elements: Elements;
  readonly #name: "inputs" | "targets";
  readonly #symbols: Region<Uint16Array> | undefined;
  readonly #values: Region<Float32Array> | undefined;

  constructor(team: Team, name: "inputs" | "targets", { kind, width }: ElementKind, positions: number) {
    this.#name = name;
    if (kind === "symbols") {
      this.#symbols = team.arena.u16(positions);
      this.elements = { kind, width, at: this.#symbols.at };
    } else {
      const stride = padded(width);
      this.#values = team.arena.f32(positions * stride);
      this.elements = { kind, width, at: this.#values.at, stride };
    }
  }

  /** Symbols by row index; for targets. */
  get symbols(): Uint16Array {
    return this.#symbols!.view;
  }

  /** Puts one element into row index 0. */
  present(element: Element): void {
    checkElement(this.elements, element, "element");
    if (typeof element === "number") this.#symbols!.view[0] = element;
    else this.#values!.view.set(element);
  }

  /** Puts the elements of windows into the first rows. */
  load(given: SequenceInputs, run: WindowRun, set: string): void {
    if (given.kind === "symbols") gatherSymbols(given, run, this.#symbols!.view, { set, side: this.#name });
    else gatherValues(given, run, this.#values!.view, padded(given.width));
  }
}

export class Windows {
  readonly window: number;
  readonly maxRows: number;
  readonly #inputs: Side;
  readonly #targets: Side;
  #rows = 0;

  constructor(team: Team, { inputs, targets, window, maxRows }: WindowOptions) {
    for (const [name, value] of Object.entries({ window, maxRows, inputs: inputs.width, targets: targets.width })) {
      if (Number.isInteger(value) && value > 0) continue;
      throw new BispikeError("usage", `${name}: expected a positive integer, got ${value}`);
    }
    this.window = window;
    this.maxRows = maxRows;
    this.#inputs = new Side(team, "inputs", inputs, window * maxRows);
    this.#targets = new Side(team, "targets", targets, window * maxRows);
  }

  /** Windows loaded. */
  get rows(): number {
    return this.#rows;
  }

  /** Elements loaded: rows * window. */
  get positions(): number {
    return this.#rows * this.window;
  }

  get inputs(): Elements {
    return this.#inputs.elements;
  }

  get targets(): Elements {
    return this.#targets.elements;
  }

  /** Target symbols by row index, where targets are symbols. */
  get targetSymbols(): Uint16Array {
    return this.#targets.symbols;
  }

  /** Puts one input element into row index 0, in place of the loaded windows. Throws a `usage` error for what is no input of the net's. */
  present(element: Element): void {
    this.#inputs.present(element);
    this.#rows = 0;
  }

  /**
   * Loads the windows that begin at starts[from .. from + count).
   *
   * @throws BispikeError "shape" for a sequence of another kind or width, "usage" for windows that are not there, "data" for an unknown symbol
   */
  load(set: SequenceSet, starts: Int32Array, from: number, count: number): void {
    const { window, maxRows } = this;
    const run = { starts, from, count, window };
    checkWindows(set, run, { inputs: this.inputs, targets: this.targets, maxRows });
    this.#inputs.load(set.inputs, run, set.name);
    this.#targets.load(set.targets, run, set.name);
    this.#rows = count;
  }
}

/**
 * A recurrent layer of non-spiking neurons, over windows of a sequence:
 *
 *   h_n = tanh(z_n),  z_n = W_x x_n + W_h h_{n-1} + b,  h_{-1} = 0
 *
 * x_n: the input of position n, symbols (one-hot) or values; h: [position][row][width]. Blocks of its parameters: input W_x [width][inputs],
 * recurrent W_h [width][width], bias b [width]. What a rule calls the errors delta_n = dL/dz_n decides what its weights learn:
 *
 *   dL/dW_x = sum_n delta_n x_n^T,  dL/dW_h = sum_{n > 0} delta_n h_{n-1}^T,  dL/db = sum_n delta_n
 */

export class RecurrentLayer {
  readonly input: Elements;
  readonly width: number;
  /** Floats between the rows of values and errors. */
  readonly stride: number;
  readonly parameters: DenseParameters;
  /** z, then h, [position][row][stride]; columns past the width are 0. */
  readonly values: Region<Float32Array>;
  /** delta, laid out like the values. */
  readonly errors: Region<Float32Array>;
  readonly #team: Team;

  /** @param positions most elements at once: windows * positions a window */
  constructor(team: Team, name: string, input: Elements, width: number, positions: number) {
    this.#team = team;
    this.input = input;
    this.width = width;
    this.stride = padded(width);
    this.parameters = new DenseParameters(team, name, {
      input: [width, input.width],
      recurrent: [width, width],
      bias: [width],
    });
    this.values = team.arena.f32(positions * this.stride);
    this.errors = team.arena.f32(positions * this.stride);
  }

  /**
   * Draws the weights within 1 / sqrt(fan-in). Of a one-hot input one element is active at a time, so its fan-in is 1: with the alphabet's size
   * in its place, backprop's accuracy on a text was 5 points lower (43.0 against 48.3 % after 10 epochs of Alice, validation text).
   */
  initialise(seed: number): void {
    const { input, width } = this;
    const fanIn = { input: input.kind === "symbols" ? 1 : input.width, recurrent: width, bias: width };
    this.parameters.initialise(seed, fanIn);
  }

  /** The values as the next layer's input. */
  get output(): Elements {
    return { kind: "values", width: this.width, at: this.values.at, stride: this.stride };
  }

  /** Rows of the values from row index `from` on. */
  valuesAt(from: number): Matrix {
    return { at: this.values.at + from * this.stride * 4, stride: this.stride };
  }

  errorsAt(from: number): Matrix {
    return { at: this.errors.at + from * this.stride * 4, stride: this.stride };
  }

  /** z = W_x x + b of the row indices from .. from + count, into the values. */
  drive(from: number, count: number): void {
    const { input, stride } = this;
    const z = this.valuesAt(from);
    const bias = this.parameters.matrix("bias").at;
    const weights = this.parameters.matrix("input");
    if (input.kind === "symbols") {
      this.#team.run("gatherRows", count, { stride, symbols: input.at + 2 * from, table: weights.at, bias, out: z.at });
    } else {
      const a = { at: input.at + from * input.stride * 4, stride: input.stride };
      multiply(this.#team, {
        rows: count,
        columns: this.width,
        depth: input.width,
        a,
        b: weights,
        c: z,
        base: bias,
      });
    }
  }

  /** h of a position from its drive, which is in its place already, and the position before. */
  advance(position: number, rows: number): void {
    const h = this.valuesAt(position * rows);
    if (position > 0) this.recur((position - 1) * rows, rows, h, "own");
    this.activate(h, rows);
  }

  /** out = base + W_h h of the row indices from .. from + count. */
  recur(from: number, count: number, out: Matrix, base: "own" | number): void {
    this.recurFrom(this.valuesAt(from), count, out, base);
  }

  /** The same with h at `before`. */
  recurFrom(before: Matrix, count: number, out: Matrix, base: "own" | number): void {
    multiply(this.#team, {
      rows: count,
      columns: this.width,
      depth: this.width,
      a: before,
      b: this.parameters.matrix("recurrent"),
      c: out,
      base,
    });
  }

  /** z = tanh z of `rows` rows laid out like the values. */
  activate(z: Matrix, rows: number): void {
    const length = rows * this.stride;
    this.#team.run("tanhForward", Math.ceil(length / BLOCK), { length, x: z.at });
  }

  /** All positions of the windows. */
  forward(window: number, rows: number): void {
    this.drive(0, window * rows);
    for (let position = 0; position < window; position++) this.advance(position, rows);
  }

  /** out = W_x^T delta: the errors' gradient by this layer's input (values), of `count` row indices from `from` on. */
  pull(from: number, count: number, out: Matrix): void {
    multiply(this.#team, {
      rows: count,
      columns: this.input.width,
      depth: this.width,
      a: this.errorsAt(from),
      b: this.parameters.matrix("input"),
      c: out,
      transposed: "b",
    });
  }

  /** out = out + W_h^T delta of a position: the errors' gradient by the values of the position before. */
  pullBack(position: number, rows: number, out: Matrix): void {
    multiply(this.#team, {
      rows,
      columns: this.width,
      depth: this.width,
      a: this.errorsAt(position * rows),
      b: this.parameters.matrix("recurrent"),
      c: out,
      transposed: "b",
      base: "own",
    });
  }

  /**
   * Gradients of all weights from inputs, values and errors of all positions, times `scale`.
   *
   * @param carried what each position passed on to the next, [position][row][stride]; default its value
   */
  gradient(window: number, rows: number, scale: number, carried: Matrix = this.valuesAt(0)): void {
    const team = this.#team;
    const { input, stride, width, parameters } = this;
    const count = window * rows;
    const tiles = stride / 16;
    const own = parameters.gradient("input");
    if (input.kind === "symbols") {
      team.run("scatterRows", tiles, {
        rows: count,
        symbolCount: input.width,
        stride,
        scale,
        symbols: input.at,
        g: this.errors.at,
        table: own.at,
      });
    } else {
      const shape = { rows: input.width, columns: width, depth: count };
      multiply(team, { ...shape, a: input, b: this.errorsAt(0), c: own, transposed: "a", scale });
    }
    // A window of one position has no recurrence: its gradient stays 0.
    if (window > 1) {
      multiply(team, {
        rows: width,
        columns: width,
        depth: count - rows,
        a: carried,
        b: this.errorsAt(rows),
        c: parameters.gradient("recurrent"),
        transposed: "a",
        scale,
      });
    }
    team.run("sumRows", tiles, { rows: count, stride, scale, x: this.errors.at, out: parameters.gradient("bias").at });
  }
}
