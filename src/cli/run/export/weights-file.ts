/** The work of `bispike export --format safetensors`, and the tensors other formats take too. */
import type { Tensor } from "../../../export/safetensors.ts";
import { encodeWeights, plainWeights } from "../../../export/weights.ts";
import type { Slot } from "../../../network/slots.ts";
import { buildAutoencoder, buildModel, buildSequence, openAnyCheckpoint } from "../../../node/open.ts";
import { packageVersion } from "../../../node/version.ts";
import type { AnyCheckpoint } from "../../../training/checkpoint.ts";
import type { Exported, ExportRequest } from "./format.ts";

/** Runs `use` with the slots of a checkpoint's net, of any kind. */
export async function withSlots<T>(
  run: string,
  use: (slots: readonly Slot[], checkpoint: AnyCheckpoint, file: string) => T,
): Promise<T> {
  const { file, checkpoint } = openAnyCheckpoint(run);
  const opened =
    checkpoint.problem === "classify"
      ? await buildModel({ file, checkpoint }, 1).then(({ model, team }) => ({ slots: model.slots(false), team }))
      : checkpoint.problem === "autoencode"
        ? await buildAutoencoder({ file, checkpoint }, 1).then(({ model, team }) => ({
            slots: model.learner.slots(false),
            team,
          }))
        : checkpoint.problem === "sequence"
          ? await buildSequence({ file, checkpoint }, 1).then(({ learner, team }) => ({
              slots: learner.slots(false),
              team,
            }))
          : undefined;
  if (!opened) throw new Error(`${file}: a kind of checkpoint that nothing is known of`);
  try {
    return use([...opened.slots], checkpoint, file);
  } finally {
    await opened.team.close();
  }
}

/** Lines and facts of tensors. */
export function describeTensors(tensors: ReadonlyMap<string, Pick<Tensor, "shape">>) {
  const shapes = Object.fromEntries([...tensors].map(([name, { shape }]) => [name, [...shape]]));
  const numbers = [...tensors.values()].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const lines = Object.entries(shapes).map(([name, shape]) => `  ${name} [${shape.join(", ")}]`);
  return {
    lines: [`${tensors.size} tensors of ${numbers.toLocaleString("en")} numbers:`, ...lines],
    facts: { tensors: shapes },
  };
}

export function exportWeights({ run }: ExportRequest): Promise<Exported> {
  return withSlots(run, (slots, { config, data }) => {
    const about = { bispike: packageVersion(), config: JSON.stringify(config), data: JSON.stringify(data) };
    return { bytes: encodeWeights(slots, about), ...describeTensors(plainWeights(slots)) };
  });
}
