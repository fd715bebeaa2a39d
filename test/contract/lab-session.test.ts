/** A run of the lab that breaks down, as its page hears of it. */
import { expect, test } from "vitest";
import { failureOf } from "../../lab/src/worker/failure.ts";
import type { LabEvent } from "../../lab/src/worker/protocol.ts";
import { Session } from "../../lab/src/worker/session.ts";
import { Team } from "../../src/engine/team.ts";
import { resolveConfig } from "../../src/training/config.ts";
import { smallDigits } from "../support/small-digits.ts";

test("training that broke down says why again when it is started again, and never that it runs", async () => {
  const events: LabEvent[] = [];
  let next: () => void = () => {};
  const team = await Team.create({ maximumPages: 1024 });
  const config = resolveConfig({
    data: { path: "bars" },
    network: { kind: "mlp", hidden: [16] },
    train: { learningRate: 1e30, batch: 6, epochs: 20 },
    rule: { name: "backprop-ann" },
  });
  const session = new Session(team, config, smallDigits({ classes: 3, train: 60, test: 6 }), (event) => {
    events.push(event);
    if (event.kind === "state" && !event.running) next();
  });
  try {
    await new Promise<void>((resolve) => {
      next = resolve;
      session.run();
    });
    const failures = () => events.filter(({ kind }) => kind === "failure");
    expect(failures()).toHaveLength(1);
    events.length = 0;
    session.run();
    session.step();
    expect(events.map(({ kind }) => kind)).toEqual(["failure", "failure"]);
  } finally {
    await session.close();
  }
});

test("a server that has gone is told from a fault of our own", () => {
  const words = [
    "Failed to fetch",
    "Failed to fetch dynamically imported module: http://lab/assets/keep.js",
    "NetworkError when attempting to fetch resource.",
    "Load failed",
    "Importing a module script failed.",
  ];
  for (const word of words)
    expect(failureOf(new TypeError(word)).message, word).toBe(
      "the page's server does not answer; try again once it does",
    );
  expect(failureOf(new TypeError("x is not a function")).code).toBe("bug");
  expect(failureOf(new Error("Failed to fetch")).code).toBe("bug");
});
