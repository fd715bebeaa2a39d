/** Trained nets of texts and series. */
import type { Sequence } from "../data/sequence/assemble.ts";
import { restore } from "../data/sequence/series.ts";
import { type SeriesSummary, type TextSummary, targetStatistics } from "../data/sequence/task.ts";
import { decode, encode } from "../data/sequence/text.ts";
import { placeOfLargest } from "../engine/elementary.ts";
import { BispikeError } from "../errors.ts";
import { type CharacterEvaluation, evaluateSequence, type ValueEvaluation } from "../measure/sequence.ts";
import {
  firstSymbol,
  type GenerateOptions,
  generateSymbols,
  predictSeries,
  type Stepper,
  stepperOf,
} from "../problems/sequence-stepper.ts";
import type { SequenceLearner } from "../rules/rule.ts";
import type { SequenceCheckpoint } from "./checkpoint.ts";
import { type SeriesSet, sequenceRequest, type TextSet } from "./data-sources.ts";
import { createSequenceLearner } from "./nets-and-rules.ts";
import { filesFor } from "./platform.ts";
import { breathe, byName, type EpochOf, RunBase, type RunParts, shares } from "./run-base.ts";
import type { Part } from "./run-images.ts";
import { importSlots } from "./state.ts";

/** Figures of an epoch on a text: share of right next characters, bits a character. */
export type TextEpoch = EpochOf<
  { readonly accuracy: number | null; readonly bits: number | null },
  { readonly loss: number; readonly accuracy: number; readonly bits: number }
>;

/** Figures of an epoch on a series: mean squared and absolute errors of standardised values. */
export type SeriesEpoch = EpochOf<
  { readonly mse: number | null; readonly mae: number | null },
  { readonly loss: number; readonly mse: number }
>;

abstract class SequenceRun<Epoch, Set extends TextSet | SeriesSet> extends RunBase<SequenceCheckpoint, Epoch> {
  override readonly problem = "sequence";
  readonly #learner: SequenceLearner;
  readonly #stepper: Stepper;

  /** @internal */
  constructor(parts: RunParts<SequenceCheckpoint>) {
    super(parts);
    const { team, checkpoint } = parts;
    this.#learner = createSequenceLearner(team, checkpoint.config, checkpoint.data);
    importSlots(this.#learner.slots(false), checkpoint.tensors);
    this.#stepper = stepperOf(this.#learner);
  }

  protected get stepper(): Stepper {
    this.use();
    return this.#stepper;
  }

  /** Measures a part of the data, or of others: their test part, all of them where they have none. */
  protected async measure(part: Part | Set): Promise<CharacterEvaluation | ValueEvaluation> {
    this.use();
    const { set, about } = await this.sequence(typeof part === "string" ? undefined : part);
    const { test, validation, train } = set.parts;
    const wanted = part === "validation" ? validation : test;
    const range = typeof part === "string" || wanted.to > wanted.from ? wanted : train;
    if (range.to - range.from < this.config.data.window)
      throw new BispikeError(
        "data",
        `evaluate: ${about.name}: the part has less than a window of ${this.config.data.window}`,
      );
    return evaluateSequence(this.#learner, set, about, range, breathe);
  }

  /** The data it was trained on, or others as it knows them. */
  protected async sequence(other?: Set): Promise<Sequence> {
    const { data, source, checkpoint } = this.parts;
    if (other) return other.as(checkpoint.data);
    if (data && data.kind !== "images") return data.sequence;
    const files = filesFor(`the data of ${source}`, "give data to evaluate on");
    return files.loadSequence(sequenceRequest(checkpoint.config, checkpoint.data));
  }
}

/** What a net expects after a text. */
export interface NextCharacter {
  /** The likeliest next character. */
  readonly next: string;
  /** Its score. */
  readonly confidence: number;
  /** Softmax of the outputs by character, 0 to 1, sum 1. */
  readonly scores: Readonly<Record<string, number>>;
}

/** How text is generated. */
export interface GenerateTextOptions extends Partial<Omit<GenerateOptions, "length">> {
  /** What the net reads first. Default: a line's end, or the alphabet's first character. */
  readonly prompt?: string;
  /** Characters to draw. Default 200. */
  readonly length?: number;
}

/**
 * A net that has learned a text.
 *
 * @example
 * const run = await train({ data: await text("alice"), net: recurrent([64]), epochs: 1 });
 * console.log((await run.predict("Alice was beginnin")).next);
 * console.log(await run.generate({ prompt: "Alice ", length: 80, temperature: 0.7 }));
 * await run.close();
 */
export class TextRun extends SequenceRun<TextEpoch, TextSet> {
  readonly kind = "text";

  /** The characters the net knows. */
  get alphabet(): readonly string[] {
    return (this.parts.checkpoint.data as TextSummary).alphabet;
  }

  /**
   * Reads a text from silence and says what comes next. The answer is the same for a text alone and in a list.
   *
   * @throws BispikeError "data" for a character the net does not know
   */
  async predict(text: string): Promise<NextCharacter>;
  async predict(texts: readonly string[]): Promise<NextCharacter[]>;
  async predict(given: string | readonly string[]): Promise<NextCharacter | NextCharacter[]> {
    const stepper = this.stepper;
    const one = (text: string): NextCharacter => {
      stepper.reset();
      let outputs: Float32Array = new Float32Array();
      for (const symbol of this.#symbols(text, "predict")) outputs = stepper.next(symbol);
      const scores = shares(outputs);
      const place = placeOfLargest(outputs);
      return { next: this.alphabet[place]!, confidence: scores[place]!, scores: byName(this.alphabet, scores) };
    };
    return typeof given === "string" ? one(given) : given.map(one);
  }

  /**
   * Draws the characters that follow a prompt, each by its score.
   *
   * @throws BispikeError "data" for a prompt with a character the net does not know, "usage" for a temperature that is not above 0
   */
  async generate({ prompt = "", length = 200, ...options }: GenerateTextOptions = {}): Promise<string> {
    const drawn = generateSymbols(this.stepper, this.#symbols(prompt, "prompt"), { length, ...options });
    return decode(drawn, this.alphabet);
  }

  /**
   * Share of right next characters, and bits a character.
   *
   * @param part of the text it was trained on (of a loaded run in Node: read from where it was), or another text: its test part. Default "test"
   * @throws BispikeError "data" for a part shorter than a window, and for characters the net does not know
   */
  async evaluate(part: Part | TextSet = "test"): Promise<CharacterEvaluation> {
    return (await this.measure(part)) as CharacterEvaluation;
  }

  #symbols(text: string, where: string): ArrayLike<number> & Iterable<number> {
    const { newline } = this.parts.checkpoint.data as TextSummary;
    const read = newline === "lf" ? text.replace(/\r\n?/g, "\n") : text;
    return read === "" ? [firstSymbol(this.alphabet)] : encode(read, this.alphabet, "error", where, "");
  }
}

/** Values a net expects, by target, in the series' own units. */
export interface NextValues {
  readonly values: Readonly<Record<string, number>>;
}

/** Predictions beside what came, in the series' own units. */
export interface Forecast {
  /** Names of the targets. */
  readonly targets: readonly string[];
  /** Row of the series that each prediction is of. */
  readonly rows: Int32Array;
  /** [prediction][target]. */
  readonly predicted: Float32Array;
  /** The same of the series; shorter than `predicted` by the predictions beyond the series' end, which come last. */
  readonly truth: Float32Array;
}

/** A row of a series: its input columns in order, or by name. */
export type SeriesRow = ArrayLike<number> | Readonly<Record<string, number>>;

/**
 * A net that has learned a series.
 *
 * @example
 * const waves = Array.from({ length: 300 }, (_, n) => [Math.sin(n / 5), Math.cos(n / 7)]);
 * const run = await train({ data: await series({ rows: waves, columns: ["a", "b"] }), net: recurrent([32]), epochs: 1 });
 * console.log((await run.predict(waves.slice(-32))).values.b);
 * await run.close();
 */
export class SeriesRun extends SequenceRun<SeriesEpoch, SeriesSet> {
  readonly kind = "series";

  /** Columns the net reads, in order. */
  get inputs(): readonly string[] {
    return this.#about.inputs;
  }

  /** Columns it predicts. */
  get targets(): readonly string[] {
    return this.#about.targets;
  }

  /**
   * Reads rows from silence and says what the targets are `horizon` rows after the last one (regression: in the last one).
   *
   * @param rows the newest last, of the input columns in the series' own units
   * @throws BispikeError "data" for rows that do not have the input columns, and for none
   */
  async predict(rows: readonly SeriesRow[]): Promise<NextValues> {
    const stepper = this.stepper;
    if (rows.length === 0) throw new BispikeError("data", "predict: expected a row or more, got none");
    stepper.reset();
    let outputs: Float32Array = new Float32Array();
    for (const [n, row] of rows.entries()) outputs = stepper.next(this.#standardised(row, n));
    const { mean, std } = targetStatistics(this.#about);
    return { values: byName(this.targets, restore(outputs, mean, std)) };
  }

  /**
   * Goes through the test part row by row, the net's state kept, and predicts at each.
   *
   * @param data another series; its test part. Default: the one it was trained on
   */
  async forecast(data?: SeriesSet): Promise<Forecast> {
    const stepper = this.stepper;
    const { set } = await this.sequence(data);
    const { horizon } = this.#about;
    const past = this.config.data.window;
    const { rows, predicted, truth } = predictSeries(stepper, set, set.parts.test, { horizon, past });
    const { mean, std } = targetStatistics(this.#about);
    const { targets } = this;
    return { targets, rows, predicted: restore(predicted, mean, std), truth: restore(truth, mean, std) };
  }

  /**
   * Mean squared and absolute errors.
   *
   * @param part of the series it was trained on (of a loaded run in Node: read from where it was), or another series: its test part. Default "test"
   * @throws BispikeError "data" for a part shorter than a window, and for other columns
   */
  async evaluate(part: Part | SeriesSet = "test"): Promise<ValueEvaluation> {
    return (await this.measure(part)) as ValueEvaluation;
  }

  get #about(): SeriesSummary {
    return this.parts.checkpoint.data as SeriesSummary;
  }

  #standardised(row: SeriesRow, n: number): Float32Array {
    const { columns, inputs, mean, std } = this.#about;
    const byPlace = row as ArrayLike<number>;
    const listed = typeof byPlace.length === "number";
    if (listed && byPlace.length !== inputs.length)
      throw new BispikeError(
        "data",
        `predict: row ${n}: expected ${inputs.length} values (${inputs.join(", ")}), got ${byPlace.length}`,
      );
    return Float32Array.from(inputs, (name, k) => {
      const value = listed ? byPlace[k] : (row as Readonly<Record<string, number>>)[name];
      if (!Number.isFinite(value))
        throw new BispikeError("data", `predict: row ${n}: expected a number for column ${name}, got ${value}`);
      const column = columns.indexOf(name);
      return (value! - mean[column]!) / std[column]!;
    });
  }
}
