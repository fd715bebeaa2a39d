/** Accuracy of a checkpoint on the small data set's test images. */
import { Team } from "../../src/engine/team.ts";
import { evaluate } from "../../src/measure/evaluate.ts";
import { createModel } from "../../src/training/nets-and-rules.ts";
import { decodeCheckpoint } from "../../src/training/read-checkpoint.ts";
import { importState } from "../../src/training/state.ts";
import { smallDigits } from "./small-digits.ts";

export async function accuracyOf(bytes: Uint8Array): Promise<number> {
  const { config, data, tensors } = decodeCheckpoint(bytes, "test");
  const team = await Team.create({ maximumPages: 1024 });
  try {
    const model = createModel(team, config, data);
    importState(model, tensors, { optimiser: false });
    const { test } = smallDigits();
    const every = Int32Array.from({ length: test.count }, (_, index) => index);
    return (await evaluate(model, test, every)).accuracy;
  } finally {
    await team.close();
  }
}
