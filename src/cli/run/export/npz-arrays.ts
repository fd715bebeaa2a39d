/** The work of `bispike export --format npz`. */
import { BispikeError } from "../../../errors.ts";
import { encodeNpz, type NpyArray } from "../../../export/npz.ts";
import { plainWeights } from "../../../export/weights.ts";
import { decideImages } from "../../../measurement/decide.ts";
import { spikingModel } from "../../../network/model.ts";
import { pixelsOf, sizeOf } from "../../../network/shape.ts";
import { openModel } from "../../../node/open.ts";
import type { Exported, ExportRequest } from "./format.ts";
import { chosenImages } from "./images.ts";
import { describeTensors, withSlots } from "./weights-file.ts";

/** Most numbers in one file; more are exported in parts. */
const MOST_VALUES = 2 ** 28;

export function exportNpz(request: ExportRequest): Promise<Exported> {
  const { contents = "weights" } = request.options;
  if (contents === "rates") return exportRates(request);
  const wrong = ["index", "part", "data.name", "data.path"].find((name) => request.options[name] !== undefined);
  if (wrong !== undefined)
    throw new BispikeError("usage", `--${wrong}: weights are of no images; with --contents rates it chooses some`);
  return withSlots(request.run, (slots) => {
    const tensors = plainWeights(slots) as ReadonlyMap<string, NpyArray>;
    return { bytes: encodeNpz(tensors), ...describeTensors(tensors) };
  });
}

/** rates.<stage> [image][height][width][channel] or [image][neuron], labels, decisions, indices. */
async function exportRates({ run, options, threads }: ExportRequest): Promise<Exported> {
  const { model, team, checkpoint, file } = await openModel(run, threads);
  try {
    const { pair } = spikingModel(model, `bispike export --format npz --contents rates of ${file}`);
    const images = await chosenImages(checkpoint, file, options);
    const count = images.places.length;
    const stages = pair.perception.flatMap(({ name, output }) =>
      output ? [{ name: name.slice(name.indexOf(".") + 1), output }] : [],
    );
    const values = stages.reduce((sum, { output }) => sum + count * sizeOf(output.shape), 0);
    if (values > MOST_VALUES) {
      throw new BispikeError(
        "usage",
        `rates of ${count} images are ${values} numbers, more than the ${MOST_VALUES} one file takes; choose fewer with --index, such as 0..${Math.floor((MOST_VALUES * count) / values) - 1}`,
      );
    }
    const rates = stages.map(({ output }) => new Float32Array(count * sizeOf(output.shape)));
    const decisions = new Uint16Array(count);
    const places = Int32Array.from(images.places);
    const { steps } = pair.options;
    for (let from = 0; from < count; from += model.maxImages) {
      const loaded = model.load(images.split, places, from, Math.min(model.maxImages, count - from));
      model.perceive(loaded);
      decisions.set(
        decideImages(model, loaded).map((decision) => decision.class),
        from,
      );
      for (const [k, { output }] of stages.entries()) {
        const { channels } = output.shape;
        for (let b = 0, at = from * sizeOf(output.shape); b < loaded; b++) {
          for (let p = 0; p < pixelsOf(output.shape); p++) {
            for (let c = 0; c < channels; c++, at++) {
              let spikes = 0;
              for (let t = 0; t < steps; t++) if (output.fired(b, t, p, c)) spikes++;
              rates[k]![at] = spikes / steps;
            }
          }
        }
      }
    }
    const arrays = new Map<string, NpyArray>();
    for (const [k, { name, output }] of stages.entries()) {
      const { height, width, channels } = output.shape;
      const shape = pixelsOf(output.shape) === 1 ? [count, channels] : [count, height, width, channels];
      arrays.set(`rates.${name}`, { shape, data: rates[k]! });
    }
    arrays.set("labels", {
      shape: [count],
      data: Uint16Array.from(images.places, (place) => images.split.labels[place]!),
    });
    arrays.set("decisions", { shape: [count], data: decisions });
    arrays.set("indices", { shape: [count], data: Uint32Array.from(images.numbers) });
    const shapes = Object.fromEntries([...arrays].map(([name, { shape }]) => [name, shape]));
    return {
      bytes: encodeNpz(arrays),
      lines: [
        `perception's firing rates for ${count} images of the ${images.part} part, 0 to 1:`,
        ...Object.entries(shapes).map(([name, shape]) => `  ${name} [${shape.join(", ")}]`),
      ],
      facts: { arrays: shapes, part: images.part },
      warnings: images.warnings,
    };
  } finally {
    await team.close();
  }
}
