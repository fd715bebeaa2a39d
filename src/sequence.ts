/**
 * Sequences: texts and time series, recurrent pairs, their rules and rivals. Runs anywhere; reading files is in `bispike/node`.
 *
 * @example
 * import { Team } from "bispike";
 * import { loadSequence } from "bispike/node";
 * import { createSequenceExperiment, resolveSequenceConfig, sequenceRequest } from "bispike/sequence";
 * import { trainExperiment } from "bispike";
 *
 * const config = resolveSequenceConfig({ task: "next-character", data: { text: "alice" }, train: { epochs: 1 } });
 * const team = await Team.create();
 * const experiment = createSequenceExperiment(team, config, await loadSequence(sequenceRequest(config)));
 * await trainExperiment(experiment, {});
 * await team.close();
 *
 * @module bispike/sequence
 */

export type { Fill } from "./data/sequence/assemble.ts";
export { assembleSequence, type Sequence } from "./data/sequence/assemble.ts";
export type { CsvOptions } from "./data/sequence/csv.ts";
export type { NpzOptions } from "./data/sequence/npz.ts";
export { type SequenceOptions, type SequenceTask, sequenceDefaults } from "./data/sequence/options.ts";
export { parseSeries, type ReaderOptions } from "./data/sequence/read-series.ts";
export type { RawSeries, SeriesData } from "./data/sequence/series.ts";
export {
  type ColumnStatistics,
  type PartOptions,
  partDefaults,
  restore,
  type Standardise,
  windowStarts,
} from "./data/sequence/series.ts";
export type { Element, ElementKind } from "./data/sequence/task.ts";
export {
  forecast,
  nextSymbol,
  type Range,
  regression,
  type SequenceInputs,
  type SequenceSet,
  type SequenceSummary,
  type SequenceTargets,
  type SeriesOptions,
  type SeriesSet,
  type SeriesSummary,
  type TextSummary,
  targetStatistics,
} from "./data/sequence/task.ts";
export {
  type Alphabet,
  decode as decodeSymbols,
  encode as encodeText,
  type Newline,
  type TextData,
  textOf,
  type Unknown,
} from "./data/sequence/text.ts";
export type { Errors, TargetErrors, ValueFigures } from "./measure/sequence.ts";
export {
  type CharacterEvaluation,
  evaluateSequence,
  type NaiveForecasts,
  naiveForecasts,
  type SequenceEvaluation,
  type ValueEvaluation,
} from "./measure/sequence.ts";
export { RecurrentNet } from "./nets/dense-recurrent-net.ts";
export { codeValue, firesAt, type PopulationCode, populationCodeDefaults } from "./nets/population-code.ts";
export { type SequenceNetworkOptions, SequencePair, type SequencePairOptions } from "./nets/sequence-pair.ts";
export { SequenceBsd, type SequenceBsdOptions } from "./problems/sequence.ts";
export {
  type ColumnFit,
  fitColumns,
  fitSymbols,
  reconstructSymbols,
  reconstructValues,
  reconstructWindows,
  type SymbolFit,
} from "./problems/sequence-reconstruct.ts";
export {
  firstSymbol,
  type GenerateOptions,
  generateSymbols,
  predictSeries,
  type SeriesPrediction,
  type Stepper,
  stepperOf,
} from "./problems/sequence-stepper.ts";
export { SequenceStream, type StreamOptions } from "./problems/sequence-stream.ts";
export { AnnBackprop, SequenceBackprop } from "./rules/backprop.ts";
export { Dll, type DllOptions, dllDefaults } from "./rules/dll.ts";
export { PredictiveCoding, type PredictiveCodingOptions, predictiveCodingDefaults } from "./rules/predictive-coding.ts";
export type { SequenceLearner, SequenceOutputs, SequenceStepReport } from "./rules/rule.ts";
export { type AnyConfig, isSequenceConfig, resolveAnyConfig } from "./training/any-config.ts";
export type { AnyCheckpoint, SequenceCheckpoint } from "./training/checkpoint.ts";
export {
  resolveSequenceConfig,
  type SequenceConfig,
  type SequenceDataConfig,
  type SequenceRuleConfig,
  sequenceConfigDefaults,
  type Task,
} from "./training/config.ts";
export { sequenceRequest } from "./training/data-sources.ts";
export { createSequenceExperiment, type SequenceExperiment } from "./training/experiment.ts";
export type { SequenceEpochMetrics, SequenceMetricLine, SequenceStepMetrics } from "./training/metrics.ts";
export { createSequenceLearner } from "./training/nets-and-rules.ts";
export { decodeAnyCheckpoint, decodeSequenceCheckpoint } from "./training/read-checkpoint.ts";
