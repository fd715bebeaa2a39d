/**
 * `bispike/node`: files, threads, run folders and figures on Node; the library itself is `bispike`.
 *
 * @module bispike/node
 */
export { type DatasetRequest, loadDataset } from "../data/load.ts";
export type { Delimiter } from "../data/sequence/csv.ts";
export { loadSequence, type SequenceRequest } from "../data/sequence/load.ts";
export type { DataOptionNames } from "../data/source.ts";
export { type GridOptions, type Picture, pictureGrid } from "../measure/picture-grid.ts";
export { readAnyExperiment, readExperiment, renderConfig } from "../training/config-file.ts";
export { appendLine, truncateLines, writeDurably } from "./durable.ts";
export { describeEnvironment, type Environment } from "./environment.ts";
export {
  type FeaturesOptions,
  featuresFor,
  openFeatures,
  type ShippedFeatures,
  shippedFeatures,
  shippedFile,
} from "./features.ts";
export {
  type RasterFigureOptions,
  writeCurves,
  writeObservations,
  writeRaster,
  writeRecallPicture,
  writeSeries,
} from "./figures.ts";
export { lockFolder } from "./lock.ts";
export { type AnyMetricLine, readMetrics } from "./metrics-file.ts";
export { readObservations } from "./observations-file.ts";
export { type OnnxOptions, type OpenedFeatures, openOnnxFeatures } from "./onnx-features.ts";
export type { Layout } from "./onnx-model.ts";
export {
  CHECKPOINT_FILES,
  createTeam,
  type OpenedAutoencoder,
  type OpenedCheckpoint,
  type OpenedModel,
  type OpenedRun,
  type OpenedSequence,
  openAnyCheckpoint,
  openAutoencoder,
  openCheckpoint,
  openModel,
  openRun,
  openSequence,
} from "./open.ts";
export { type FittedPicture, type PictureOptions, readPicture } from "./pictures.ts";
export type { RasterNetwork } from "./plots/raster.ts";
export type { SeriesPanel } from "./plots/series.ts";
export {
  canDrawText,
  curvesPlot,
  observationsPlot,
  type Raster,
  rasterPlot,
  type SeriesFigure,
  seriesPlot,
  svgToPng,
} from "./plots.ts";
export { encodePng } from "./png.ts";
export { RUN_FILES, RunFolder } from "./run-folder.ts";
export {
  type Address,
  connectToPart,
  describeAddress,
  type Listening,
  listenForPart,
  parseAddress,
  socketChannel,
} from "./socket-channel.ts";
export { coreCount, spawnThread } from "./threads.ts";
export { packageVersion } from "./version.ts";
