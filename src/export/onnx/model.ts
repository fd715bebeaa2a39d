/** Perception of any model of images as an ONNX graph. */
import { type ImageModel, spikingModel } from "../../network/model.ts";
import { RealModel } from "../../network/real/real-model.ts";
import type { OnnxExport, OnnxExportOptions } from "./options.ts";
import { spikingPerception } from "./perception.ts";
import { realPerception } from "./real.ts";

/**
 * The graph of a model's perception. Inputs, N images of C channels, H rows and W columns:
 *
 *     pixels           float [N, C, H, W], 0 to 255; normalised in the graph. Of a Poisson code, and of a latency code in single steps, instead
 *     stimulus.spikes  float [N, T, C, H, W], or [N, C, H, W] of a single step, 0 or 1
 *
 * and outputs:
 *
 *     decision         int64 [N], the class as `decide` has it
 *     cosines          float [N, classes], of the concept's spikes with each class's train (spiking nets)
 *     drives           float [N, classes], projections of the concept's mean drive; outputs of a net of real numbers
 *     stageK.spikes    uint8 [N, T, C, H, W] or [N, T, neurons], with `spikes`; also concept.spikes. Single steps: without the axis T
 *
 * One step a run (mode step): state goes in as `stageK.membrane`, `concept.membrane`, `concept.counts` and `concept.drives` and comes out as `<input>.next` (`states` lists them), zeros at a
 * sample's start; `decision`, `overlaps` and `drives` are of the steps so far, and after T runs `decision` is that of the whole sample.
 *
 * Spikes are the engine's but where a membrane lies within rounding of its threshold: runtimes add in other orders.
 *
 * @throws BispikeError "usage" for what the net does not have (spikes of real numbers), or more than 256 steps unrolled; "shape" for weights over 2 GiB
 * @example
 * writeFileSync("perception.onnx", perceptionOnnx(model, { spikes: true }).bytes);
 */
export function perceptionOnnx(model: ImageModel, options: OnnxExportOptions = {}): OnnxExport {
  if (model instanceof RealModel) return realPerception(model, options);
  return spikingPerception(spikingModel(model, "ONNX export"), options);
}
