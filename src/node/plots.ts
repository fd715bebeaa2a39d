/** Figures of a run as SVG and PNG. */

export { comparedObservationsPlot, type ObservedCell } from "./plots/compared-observations.ts";
export { type ComparisonFigure, type ComparisonPanel, comparisonPlot } from "./plots/comparison.ts";
export { curvesPlot, type FirstStages, firstStages } from "./plots/curves.ts";
export { observationsPlot } from "./plots/observations.ts";
export { type Raster, type RasterNetwork, type RasterStage, rasterPlot } from "./plots/raster.ts";
export { MOST_PANELS, type SeriesFigure, type SeriesLine, type SeriesPanel, seriesPlot } from "./plots/series.ts";
export { type SeveritiesFigure, type SeveritiesPanel, severitiesPlot } from "./plots/severities.ts";
export { canDrawText, type RasterOptions, svgToPng } from "./plots/svg-to-png.ts";
