/** What the rules on real-valued recurrent nets share: loading, predicting, naming tensors, reporting. */
import type { SequenceSet } from "../../data/sequence/task.ts";
import type { Team } from "../../engine/team.ts";
import type { DenseParameters } from "../../network/real/dense-parameters.ts";
import type { ReadoutLoss } from "../../network/real/linear-readout.ts";
import type { RecurrentNet } from "../../network/real/recurrent-net.ts";
import type { Slot } from "../../network/slots.ts";
import { AdamW, type OptimiserOptions } from "../optimiser.ts";
import { assertFiniteLoss, type Rates } from "../rule.ts";
import type { SequenceLearner, SequenceOutputs, SequenceStepReport } from "./learner.ts";

export abstract class RealLearner implements SequenceLearner {
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

  abstract step(rates: Rates): SequenceStepReport;

  predict(): SequenceOutputs {
    this.net.forward();
    const { outputs, stride } = this.net.readout;
    return { view: outputs.view.subarray(0, this.net.windows.positions * stride), stride };
  }

  *slots(optimiser: boolean): Generator<Slot> {
    for (const parameters of this.#parameters) {
      const { group, shapes } = parameters;
      const regions = [["", group.parameters] as const];
      const moments = [
        ["optimiser.first.", group.firstMoment],
        ["optimiser.second.", group.secondMoment],
      ] as const;
      for (const [prefix, region] of optimiser ? [...regions, ...moments] : regions) {
        for (const [block, shape] of Object.entries(shapes)) {
          yield {
            name: `${prefix}${group.name}.${block}`,
            shape,
            read: () => parameters.read(block, region),
            write: (values) => parameters.write(block, values, region),
          };
        }
      }
    }
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
