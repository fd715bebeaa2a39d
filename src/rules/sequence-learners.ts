/** What every rule for a pair of recurrent spiking networks shares: its windows' elements, predictions and tensors. */
import { checkElement, type SequenceSet } from "../data/sequence/task.ts";

import { checkWindows, gatherSymbols, gatherValues } from "../data/sequence/windows.ts";
import type { Team } from "../engine/team.ts";
import type { DenseParameters } from "../nets/dense.ts";
import type { ReadoutLoss, RecurrentNet } from "../nets/dense-recurrent-net.ts";
import type { Slot } from "../nets/parameters.ts";
import type { SequencePair } from "../nets/sequence-pair.ts";
import { AdamW, type OptimiserOptions } from "./optimiser.ts";
import {
  assertFiniteLoss,
  type LearningRates,
  type SequenceLearner,
  type SequenceOutputs,
  type SequenceStepReport,
} from "./rule.ts";
import { SequenceTop } from "./top.ts";

export abstract class SpikingLearner implements SequenceLearner {
  readonly pair: SequencePair;
  readonly top: SequenceTop;
  abstract readonly optimiser: AdamW;
  /** Targets of the loaded windows: symbols, or rows of values. */
  protected targets: Uint16Array | Float32Array = new Uint16Array(0);
  protected rows = 0;
  protected positions = 0;

  constructor(pair: SequencePair) {
    this.pair = pair;
    const { window, maxRows, targets } = pair.options;
    this.top = new SequenceTop(pair.team, pair.conceptDrive, targets.width, window * maxRows);
  }

  get team() {
    return this.pair.team;
  }

  get window(): number {
    return this.pair.options.window;
  }

  get maxRows(): number {
    return this.pair.options.maxRows;
  }

  load(set: SequenceSet, starts: Int32Array, from: number, count: number): void {
    this.loadPositions(set, starts, from, count, this.window);
  }

  /** The same with windows of `window` elements, at most as long as the net's. */
  loadPositions(set: SequenceSet, starts: Int32Array, from: number, count: number, window: number): void {
    const { pair } = this;
    const { inputs, targets, name } = set;
    const run = { starts, from, count, window };
    checkWindows(set, run, pair.options);
    const size = window * count;
    if (inputs.kind === "symbols")
      pair.setSymbols(gatherSymbols(inputs, run, new Uint16Array(size), { set: name, side: "inputs" }));
    else gatherValues(inputs, run, pair.stimulus.view, pair.stimulusWidth);
    this.targets =
      targets.kind === "symbols"
        ? gatherSymbols(targets, run, new Uint16Array(size), { set: name, side: "targets" })
        : gatherValues(targets, run, new Float32Array(size * targets.width), targets.width);
    this.rows = count;
    this.positions = window;
  }

  /** Targets of a window whose elements are in the pair's memory already: symbols, or rows of values. */
  setTargets(targets: readonly (number | ArrayLike<number>)[], positions: number, rows: number): void {
    this.positions = positions;
    this.rows = rows;
    for (const target of targets) checkElement(this.pair.options.targets, target, "target");
    const { kind, width } = this.pair.options.targets;
    if (kind === "symbols") {
      this.targets = Uint16Array.from(targets as readonly number[]);
      return;
    }
    const values = new Float32Array(targets.length * width);
    for (const [n, row] of targets.entries()) values.set(row as ArrayLike<number>, n * width);
    this.targets = values;
  }

  abstract step(learningRates: LearningRates): SequenceStepReport;

  predict(): { view: Float32Array; stride: number } {
    const { pair, positions, rows } = this;
    pair.reset(positions, rows);
    const span = { positions, rows };
    for (const layer of pair.perception) layer.forward(span, { train: false });
    pair.conceptDrive.forward(positions * rows, { train: false, alike: true });
    return { view: pair.conceptDrive.features.view, stride: pair.conceptDrive.featureWidth };
  }

  slots(optimiser: boolean): Iterable<Slot> {
    return this.pair.slots(optimiser);
  }

  /** The top loss of the newest forward pass and its gradient. */
  protected topLoss() {
    const images = this.positions * this.rows;
    return this.targets instanceof Uint16Array ? this.top.symbols(this.targets) : this.top.values(this.targets, images);
  }

  /** Makes the concept's spikes from the loaded targets. */
  protected presentTargets(): void {
    if (this.targets instanceof Uint16Array) this.pair.presentSymbols(this.targets);
    else this.pair.presentValues(this.targets, this.positions * this.rows);
  }

  /** Throws a `training` error where a loss is not finite. */
  protected assertFinite(stage: number, loss: number): void {
    assertFiniteLoss(stage, loss, this.optimiser.steps);
  }
}

/** What the rules on non-spiking recurrent nets share: loading, predicting, naming tensors, reporting. */

export abstract class AnnLearner implements SequenceLearner {
  readonly net: RecurrentNet;
  readonly optimiser: AdamW;
  /** All that is learned, one entry a group. */
  readonly #parameters: readonly DenseParameters[];

  /** @param feedback parameters beside the net's own */
  constructor(net: RecurrentNet, optimiser: OptimiserOptions, feedback: readonly DenseParameters[] = []) {
    this.net = net;
    this.#parameters = [...net.layers.map(({ parameters }) => parameters), net.readout.parameters, ...feedback];
    const groups = this.#parameters.map(({ group }) => group);
    this.optimiser = new AdamW(net.team, optimiser, groups);
  }

  get team(): Team {
    return this.net.team;
  }

  get window(): number {
    return this.net.windows.window;
  }

  get maxRows(): number {
    return this.net.windows.maxRows;
  }

  load(set: SequenceSet, starts: Int32Array, from: number, count: number): void {
    this.net.windows.load(set, starts, from, count);
  }

  abstract step(learningRates: LearningRates): SequenceStepReport;

  predict(): SequenceOutputs {
    this.net.forward();
    const { outputs, stride } = this.net.readout;
    return { view: outputs.view.subarray(0, this.net.windows.positions * stride), stride };
  }

  *slots(optimiser: boolean): Generator<Slot> {
    for (const parameters of this.#parameters) yield* parameters.slots(optimiser);
  }

  /** Updates every group of the net, by the gradients that are there. */
  protected updateNet(rate: number): void {
    for (const { parameters } of [...this.net.layers, this.net.readout]) this.optimiser.update(parameters.group, rate);
  }

  /**
   * What a step tells.
   *
   * @param sums over all loaded positions; `hidden`: mean loss of each hidden stage, for rules that have them
   */
  protected report(sums: ReadoutLoss, hidden: readonly number[] = this.net.layers.map(() => 0)): SequenceStepReport {
    const { positions } = this.net.windows;
    const loss = sums.loss / positions;
    assertFiniteLoss(this.net.stages, loss, this.optimiser.steps);
    const stageLosses = [0, ...hidden, loss];
    return { loss, stageLosses, perceptionRates: [], recallRates: [], correct: sums.correct, positions };
  }
}
