/**
 * Windows of a sequence in the engine's memory, position-major: row index = position * rows + row, so that one position of all windows is one
 * run of memory.
 */
import { checkElement, type Element, type ElementKind } from "../../data/sequence/element.ts";
import type { SequenceInputs, SequenceSet } from "../../data/sequence/task.ts";
import { checkWindows, gatherSymbols, gatherValues, type WindowRun } from "../../data/sequence/windows.ts";
import { padded } from "../../engine/kernels.ts";
import type { Matrix } from "../../engine/matrix.ts";
import type { Address, Region } from "../../engine/memory.ts";
import type { Team } from "../../engine/team.ts";
import { BispikeError } from "../../errors.ts";

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
