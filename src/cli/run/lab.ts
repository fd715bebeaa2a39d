/** The work of `bispike lab`. */
import { serveLab } from "../../node/lab-server.ts";
import type { LabCommandOptions } from "../lab.ts";
import { note, print } from "../output.ts";

/** Serves until it is interrupted. */
export async function runLab(runs: readonly string[], { host, port }: LabCommandOptions): Promise<void> {
  const lab = await serveLab({ host, port, runs });
  print(lab.url);
  if (!["127.0.0.1", "::1", "localhost"].includes(host))
    note(
      "warning",
      "anyone who reaches this address can use the lab; without HTTPS their browsers train on one thread",
    );
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
  await lab.close();
}
