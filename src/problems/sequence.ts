/** Text or series → what follows: windows in random order, and what the validation part says at an epoch's end; both ends of a pair, and rule bsd on it. */
import type { Sequence } from "../data/sequence/assemble.ts";
import type { Region } from "../engine/memory.ts";
import { type AlignedStage, Alignment } from "../losses/align.ts";
import { partLoss, stimulusLoss } from "../losses/stage-loss.ts";
import { evaluateSequence, type SequenceEvaluation, scoreOf } from "../measure/sequence.ts";
import type { Statistics } from "../nets/norm.ts";
import { preferring } from "../nets/population-code.ts";
import type { SequencePair } from "../nets/sequence-pair.ts";
import { BsdLearner, type HiddenOptions } from "../rules/bsd.ts";
import { type Continues, type EndLoss, type Ends, rowsOf, type Span } from "../rules/ends.ts";
import type { AdamW, OptimiserOptions } from "../rules/optimiser.ts";
import type { LearningRates, SequenceLearner, SequenceOutputs, SequenceStepReport } from "../rules/rule.ts";
import { SpikingLearner } from "../rules/sequence-learners.ts";
import type { SequenceTop } from "../rules/top.ts";
import { sequenceView } from "../rules/views.ts";
import { evenBatch, type Problem, type ProblemKind, type SumsShape } from "./problem.ts";

/** Figures of a batch times its positions; decisions and positions are counts. */
export interface SequenceSums {
  readonly [key: string]: number;
  readonly loss: number;
  /** Of the top stage: nats, or squared errors. */
  readonly topLoss: number;
  readonly correct: number;
  readonly positions: number;
}

export const sequenceSums: SumsShape = { loss: "number", topLoss: "number", correct: "count", positions: "count" };

interface EpochFigures {
  /** Mean over the epoch's positions of the sum of all stages' losses. */
  readonly trainLoss: number;
  /** Firing rates of perception's hidden stages on the validation part, in evaluation, spikes a neuron and step; empty for nets that do not spike. */
  readonly rates: readonly number[];
}

/** An epoch's figures on a text; null where nothing is held out. */
export interface CharacterFigures extends EpochFigures {
  /** Share of right next characters, 0..1. */
  readonly validationAccuracy: number | null;
  /** Bits a character. */
  readonly validationBits: number | null;
  /** Share of right next characters while training, 0..1. */
  readonly trainAccuracy: number;
  /** Bits a character while training. */
  readonly trainBits: number;
}

/** An epoch's figures on a series, in standardised units; null where nothing is held out. */
export interface ValueFigures extends EpochFigures {
  /** Mean squared error on the validation part. */
  readonly validationMse: number | null;
  /** Mean absolute error there. */
  readonly validationMae: number | null;
  /** Mean squared error while training. */
  readonly trainMse: number;
}

export interface SequenceKind extends ProblemKind {
  readonly report: SequenceStepReport;
  readonly sums: SequenceSums;
  readonly measured: SequenceEvaluation;
  readonly speed: { readonly positionsPerSecond: number };
  readonly figures: CharacterFigures | ValueFigures;
}

/** A recurrent net with its rule and data. */
export interface SequenceParts {
  readonly learner: SequenceLearner;
  readonly sequence: Sequence;
}

export class SequenceProblem implements Problem<SequenceKind> {
  readonly name = "sequence";
  readonly nothing: SequenceSums = { loss: 0, topLoss: 0, correct: 0, positions: 0 };
  readonly #learner: SequenceLearner;
  readonly #sequence: Sequence;

  constructor({ learner, sequence }: SequenceParts) {
    this.#learner = learner;
    this.#sequence = sequence;
  }

  get items(): Int32Array {
    return this.#sequence.windows.train;
  }

  batchAt(k: number, items: number, _size: number, batches: number): { from: number; count: number } {
    return evenBatch(k, items, batches);
  }

  step(
    order: Int32Array,
    from: number,
    count: number,
    _counter: number,
    learningRates: LearningRates,
  ): SequenceStepReport {
    this.#learner.load(this.#sequence.set, order, from, count);
    return this.#learner.step(learningRates);
  }

  speed(batchesPerSecond: number, itemsPerBatch: number): { positionsPerSecond: number } {
    return { positionsPerSecond: batchesPerSecond * itemsPerBatch * this.#learner.window };
  }

  add({ loss, topLoss, correct, positions }: SequenceSums, report: SequenceStepReport): SequenceSums {
    return {
      loss: loss + report.loss * report.positions,
      topLoss: topLoss + report.stageLosses.at(-1)! * report.positions,
      correct: correct + report.correct,
      positions: positions + report.positions,
    };
  }

  async measure(pause?: () => Promise<void>): Promise<SequenceEvaluation | null> {
    const { set, about, windows } = this.#sequence;
    return windows.validation.length > 0
      ? evaluateSequence(this.#learner, set, about, set.parts.validation, pause)
      : null;
  }

  score(measured: SequenceEvaluation): number {
    return scoreOf(measured);
  }

  figures({ loss, topLoss, correct, positions }: SequenceSums, measured: SequenceEvaluation | null) {
    const trainLoss = loss / positions;
    const rates = measured?.rates ?? [];
    if (this.#sequence.about.kind === "text") {
      const held = measured?.kind === "characters" ? measured : null;
      return {
        validationAccuracy: held?.accuracy ?? null,
        validationBits: held?.bits ?? null,
        trainLoss,
        trainAccuracy: correct / positions,
        trainBits: topLoss / positions / Math.LN2,
        rates,
      };
    }
    const held = measured?.kind === "values" ? measured : null;
    return {
      validationMse: held?.mse ?? null,
      validationMae: held?.mae ?? null,
      trainLoss,
      trainMse: topLoss / positions,
      rates,
    };
  }

  firing(_sums: SequenceSums, report: SequenceStepReport | undefined) {
    return report && { perception: report.perceptionRates, recall: report.recallRates };
  }

  slots(optimiser: boolean) {
    return this.#learner.slots(optimiser);
  }

  get optimiser() {
    return this.#learner.optimiser;
  }
}

// Both ends of a recurrent pair that learns sequences: perception runs along windows of elements, recall back from their targets. Rows are positions of windows.
//
//   stage 1  symbols: each reconstructed row is told from the alphabet's other one-hot codes; values: from the stimuli of its block
//   stage L  cross-entropy or squared error of the read-out u_L

/** The rule's choices; the YAML section `rule`. */
export interface SequenceBsdOptions extends HiddenOptions {
  /** literal: every other row of a block is a rival; masked: those with another target: another symbol, or a value that another neuron of recall's code prefers. */
  readonly rivals: "literal" | "masked";
  /** Rows of a window that are compared with each other at most. */
  readonly block: number;
  /** Weight of stage 1's loss. */
  readonly stimulusWeight: number;
}

/** Windows whose elements are in the pair's memory already. */
interface Windows extends Continues {
  readonly positions: number;
  readonly rows: number;
  /** Symbols, or rows of values. */
  readonly targets: Uint16Array | Float32Array;
}

export class SequenceEnds implements Ends<Windows> {
  readonly room: { readonly rows: number; readonly columns: number };
  readonly #pair: SequencePair;
  readonly #options: SequenceBsdOptions;
  readonly #top: SequenceTop;
  readonly #alignment: Alignment;
  readonly #stimulus: AlignedStage;
  /** Symbols: the alphabet's one-hot codes. Values: the stimulus, centred. */
  readonly #rows: Region<Float32Array>;

  constructor(pair: SequencePair, options: SequenceBsdOptions, top: SequenceTop) {
    const { team, stimulusWidth: width } = pair;
    const { window, maxRows, inputs } = pair.options;
    const rows = window * maxRows;
    const symbols = inputs.kind === "symbols";
    const columns = symbols ? inputs.width : rows;
    this.room = { rows, columns: rows };
    this.#pair = pair;
    this.#options = options;
    this.#top = top;
    this.#stimulus = {
      width,
      features: inputs.width,
      loss: partLoss(options, options.stimulusWeight, stimulusLoss),
      centred: options.centred,
      rivals: symbols ? "prototypes" : "literal",
      block: options.block,
    };
    this.#alignment = new Alignment(team, { rows, columns, stages: [this.#stimulus] });
    this.#rows = team.arena.f32(columns * width);
  }

  spans({ positions, rows }: Windows): { shown: Span; told: Span } {
    const span = { positions, rows };
    return { shown: span, told: span };
  }

  /** Elements are made into spikes when they are loaded. */
  show(): void {}

  tell({ targets, ...span }: Windows): void {
    if (targets instanceof Uint16Array) this.#pair.presentSymbols(targets);
    else this.#pair.presentValues(targets, rowsOf(span));
  }

  /** Rows of the same label have the same target. */
  labels({ targets, ...span }: Windows): ArrayLike<number> | undefined {
    if (this.#options.rivals === "literal") return undefined;
    if (targets instanceof Uint16Array) return targets;
    const { population, steps } = this.#pair.options;
    const { width } = this.#pair.options.targets;
    const code = { ...population, steps };
    // Several values are the same target where all are.
    const seen = new Map<string, number>();
    return Array.from({ length: rowsOf(span) }, (_, row) => {
      const neurons = Array.from({ length: width }, (_, d) => preferring(code, targets[row * width + d]!)).join();
      const label = seen.get(neurons) ?? seen.size;
      seen.set(neurons, label);
      return label;
    });
  }

  /** A recall that does not learn is not asked what it reconstructs. */
  stimulus(span: Windows, learns: boolean): EndLoss | undefined {
    if (!learns || this.#options.stimulusWeight === 0) return undefined;
    const { options, stimulus, symbols, stimulusWidth, reconstructed } = this.#pair;
    const drawn = reconstructed!.features.at;
    const rows = rowsOf(span);
    const beside = this.#rows;
    if (options.inputs.kind === "values") {
      const sides = { v: stimulus.at, centredAt: beside.at, rows, w: drawn, columns: rows };
      const { loss, columns } = this.#alignment.align(this.#stimulus, sides, { rows: false, columns: true });
      return { loss, gradient: columns };
    }
    const columns = options.inputs.width;
    beside.view.fill(0);
    for (let c = 0; c < columns; c++) beside.view[c * stimulusWidth + c] = 1;
    const sides = { v: drawn, rows, w: beside.at, columns, labels: symbols };
    const aligned = this.#alignment.align(this.#stimulus, sides, { rows: true, columns: false });
    return { loss: aligned.loss, gradient: aligned.rows };
  }

  top({ targets, ...span }: Windows): EndLoss & { correct: number } {
    return targets instanceof Uint16Array ? this.#top.symbols(targets) : this.#top.values(targets, rowsOf(span));
  }
}

/**
 * Bidirectional Spike-Based Distillation (Lv et al., arXiv 2509.20284) on a recurrent pair. At each position every stage has one loss, to which its inputs and the spikes of the element before are constants:
 *
 *     stage 1             align(stimulus, reconstructed stimulus)       trains Theta_1
 *     stage i, 1 < i < L  align(perception's, recall's features)  trains W_x, W_h and Theta_y, Theta_h of the stage
 *     stage L             cross-entropy or squared error          trains the read-out W_L
 *
 * @example
 * const options = { ...sequenceConfigDefaults.rule, negatives: "masked" } as const;
 * const learner = new SequenceBsd(pair, options, { weightDecay: 0.01, clip: 1, clipScope: "stage" });
 * learner.load(set, windowStarts(set.parts.train, 32, 32), 0, 64);
 * learner.step({ perception: 3e-3, recall: 3e-3 }).loss;
 */
export class SequenceBsd extends SpikingLearner {
  /** Where the norms take their statistics from while learning. */
  statistics: Statistics = "batch";
  readonly #learner: BsdLearner<Windows>;

  constructor(pair: SequencePair, options: SequenceBsdOptions, optimiser: OptimiserOptions) {
    super(pair);
    const { recallFeatures = "rate" } = options;
    this.#learner = new BsdLearner({
      team: pair.team,
      pair: sequenceView(pair),
      ends: new SequenceEnds(pair, options, this.top),
      options: { ...options, recallFeatures },
      optimiser,
    });
  }

  get optimiser(): AdamW {
    return this.#learner.optimiser;
  }

  /** One update on the windows that were loaded, from silence. */
  step(learningRates: LearningRates): SequenceStepReport {
    return this.#step(learningRates, { continues: false });
  }

  /**
   * The same where something precedes the windows: what the layers' `resume` left.
   *
   * @param seen batches of windows that the norms' running statistics are of. Default the optimiser's steps
   */
  stepFromHere(learningRates: LearningRates, seen?: number): SequenceStepReport {
    return this.#step(learningRates, { continues: true, seen });
  }

  #step(learningRates: LearningRates, how: Continues): SequenceStepReport {
    const { positions, rows, targets, statistics } = this;
    const {
      images,
      dead: _,
      ...report
    } = this.#learner.step({ positions, rows, targets, statistics, ...how }, learningRates);
    return { ...report, positions: images };
  }

  /**
   * The stimulus of the loaded windows as recall reconstructs it from their targets, in evaluation: recall runs back from the end of each window, which nothing follows. Rows
   * [position][row][stride] of `inputs.width` values, whose scale and mean no loss has decided; valid until the next call.
   */
  reconstruct(): SequenceOutputs {
    const { pair, positions, rows } = this;
    const reconstructed = pair.reconstructed!;
    pair.reset(positions, rows);
    this.presentTargets();
    for (const layer of pair.recall.toReversed()) layer.forward({ positions, rows }, { train: false });
    reconstructed.forward(positions * rows, { train: false, alike: true });
    return { view: reconstructed.features.view, stride: reconstructed.featureWidth };
  }
}
