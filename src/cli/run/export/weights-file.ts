/** The work of `bispike export --format safetensors`, and the tensors other formats take too. */
import type { Tensor } from "../../../export/safetensors.ts";
import { encodeWeights, plainWeights } from "../../../export/weights.ts";
import type { Slot } from "../../../network/parameters.ts";
import { buildRun, openAnyCheckpoint } from "../../../node/open.ts";
import { packageVersion } from "../../../node/version.ts";
import type { AnyCheckpoint } from "../../../training/checkpoint.ts";
import type { Exported, ExportRequest } from "./format.ts";

/** Runs `use` with the slots of a checkpoint's net, of any kind. */
export async function withSlots<T>(
  run: string,
  use: (slots: readonly Slot[], checkpoint: AnyCheckpoint, file: string) => T,
): Promise<T> {
  const opened = await buildRun(openAnyCheckpoint(run), 1);
  try {
    return use([...opened.slots()], opened.checkpoint, opened.file);
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
