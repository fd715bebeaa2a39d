/**
 * `bispike/node`: files, threads, run folders and figures on Node; the library itself is `bispike`.
 *
 * @module bispike/node
 */

export {
  type Address,
  connectToPart,
  describeAddress,
  type Listening,
  listenForPart,
  parseAddress,
  socketChannel,
} from "../cluster/socket-channel.ts";
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
  type OnnxOptions,
  type OpenedFeatures,
  openFeatures,
  openOnnxFeatures,
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
export { encodePng, type FittedPicture, type PictureOptions, readPicture } from "./pictures.ts";
export { curvesPlot } from "./plots/curves.ts";
export { observationsPlot } from "./plots/observations.ts";
export type { RasterNetwork } from "./plots/raster.ts";
export { type Raster, rasterPlot } from "./plots/raster.ts";
export type { SeriesPanel } from "./plots/series.ts";
export { type SeriesFigure, seriesPlot } from "./plots/series.ts";
export { canDrawText, svgToPng } from "./plots/svg-to-png.ts";
export { type AnyMetricLine, RUN_FILES, RunFolder, readMetrics, readObservations } from "./run-folder.ts";
export { coreCount, spawnThread } from "./threads.ts";
export { packageVersion } from "./version.ts";
