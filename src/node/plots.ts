/** Figures of a run as SVG and PNG. */
export { type ComparisonFigure, type ComparisonPanel, comparisonPlot } from "./plots/comparison.ts";
export { curvesPlot, type FirstStages, firstStages } from "./plots/curves.ts";
export { type Raster, type RasterNetwork, type RasterStage, rasterPlot } from "./plots/raster.ts";
export { MOST_PANELS, type SeriesFigure, type SeriesLine, type SeriesPanel, seriesPlot } from "./plots/series.ts";
export { canDrawText, type RasterOptions, svgToPng } from "./plots/svg-to-png.ts";
