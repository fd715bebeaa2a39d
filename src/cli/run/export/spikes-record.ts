/** The work of `bispike export --format spikes`. */
import { spikingModel } from "../../../network/model.ts";
import { encodeSpikeTrains, recordSpikes } from "../../../nir.ts";
import { openModel } from "../../../node/open.ts";
import type { Exported, ExportRequest } from "./format.ts";
import { chosenImages } from "./images.ts";

export async function exportSpikes({ run, options, threads }: ExportRequest): Promise<Exported> {
  const { model, team, checkpoint, file } = await openModel(run, threads);
  try {
    const spiking = spikingModel(model, `bispike export --format spikes of ${file}`);
    const images = await chosenImages(checkpoint, file, options, [0]);
    const { dt } = options as { dt?: number };
    const recording = recordSpikes(spiking, images.split, images.places, dt);
    const counts = [...recording.networks].map(([network, trains]) => ({
      network,
      nodes: [...trains].map(([name, { neurons, samples }]) => ({
        name,
        neurons,
        spikes: samples.reduce((sum, sample) => sum + sample.length, 0),
      })),
    }));
    return {
      bytes: await encodeSpikeTrains(recording),
      lines: [
        `spike trains of ${images.numbers.length} images of the ${images.part} part, ${recording.steps} steps of dt = ${recording.dt} s; events at the middle of a step`,
        ...counts.map(
          ({ network, nodes }) =>
            `${network}: ${nodes.map(({ name, neurons, spikes }) => `${name} (${neurons} neurons, ${spikes} spikes)`).join(", ")}`,
        ),
      ],
      facts: {
        steps: recording.steps,
        dt: recording.dt,
        part: images.part,
        images: images.numbers,
        decisions: recording.decisions,
        networks: counts,
      },
      warnings: images.warnings,
    };
  } finally {
    await team.close();
  }
}
