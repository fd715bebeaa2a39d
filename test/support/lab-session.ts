/** The lab's own session on the small data set, as its worker runs it, stepped one batch at a time. */
import { Session } from "../../lab/src/worker/session.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { Team } from "../../src/engine/team.ts";
import { resolveConfig } from "../../src/training/config.ts";
import { smallDigits } from "./small-digits.ts";

/**
 * Trains to the end, one batch at a time.
 *
 * @param between asked after every step, of a session that waits
 * @returns the last checkpoint
 */
export async function steppedSession(
  raw: object,
  between: (session: Session) => unknown,
  dataset: Dataset = smallDigits({ classes: 3, train: 60, test: 6 }),
): Promise<Uint8Array> {
  const team = await Team.create({ maximumPages: 1024 });
  let waiting: () => void = () => {};
  let failed: (why: Error) => void = () => {};
  const session = new Session(team, resolveConfig({ data: { path: "bars" }, ...raw }), dataset, (event) => {
    if (event.kind === "failure") failed(new Error(event.failure.message));
    if (event.kind === "state" && !event.running) waiting();
  });
  try {
    for (const { totalSteps } = session.experiment.task; session.about(null).step < totalSteps; ) {
      await new Promise<void>((resolve, reject) => {
        waiting = resolve;
        failed = reject;
        session.step();
      });
      await session.ask(() => between(session));
    }
    return await session.checkpoint("last");
  } finally {
    await session.close();
  }
}
