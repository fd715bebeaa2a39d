/** Figures of a run as SVG and PNG. */
export {
  curvesPlot,
  type EpochMetrics,
  type FirstStages,
  firstStages,
  type MetricLine,
  type StepMetrics,
} from "./plots/curves.ts";
export { type Raster, type RasterNetwork, type RasterStage, rasterPlot } from "./plots/raster.ts";
export { svgToPng } from "./plots/svg-to-png.ts";
