/** The work of `bispike lab`. */
import { serveLab } from "../../node/lab-server.ts";
import { openInBrowser } from "../../node/open-browser.ts";
import type { LabCommandOptions } from "../lab.ts";
import { note, print } from "../output.ts";

/** Serves until it is interrupted. */
export async function runLab({ host, port, run, open }: LabCommandOptions): Promise<void> {
  const lab = await serveLab({ host, port, runs: run });
  print(lab.url);
  if (!["127.0.0.1", "::1", "localhost"].includes(host))
    note(
      "warning",
      "anyone who reaches this address can use the lab; without HTTPS their browsers train on one thread",
    );
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
  if (open && !(await openInBrowser(lab.url)))
    note("note", "no browser could be opened here; open that address yourself");
  await interrupted;
  await lab.close();
}
