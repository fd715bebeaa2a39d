/**
 * NIR's reference implementation reads what is written here, with its type check, and NumPy runs the graph to the same spikes. Only where Python has `nir`, `h5py` and
 * `numpy` (PYTHONPATH may name a copy of the reference's source; NIR_PYTHON another Python): elsewhere skipped, and said so.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { decodeNir, encodeNir, encodeSpikeTrains, perceptionToNir, recallToNir, recordSpikes } from "../../src/nir.ts";
import { temporaryFolders } from "../support/folder.ts";
import { smallModel } from "../support/small-model.ts";

const python = process.env.NIR_PYTHON ?? "python3";
const script = fileURLToPath(new URL("../support/nir-reader.py", import.meta.url));
const found = spawnSync(python, ["-c", "import h5py, numpy, nir"], { encoding: "utf8" });
const missing = found.status === 0 ? undefined : (found.stderr ?? String(found.error)).trim().split("\n").at(-1);
if (missing !== undefined) console.warn(`NIR's reference reader is not here, its tests are skipped (${missing})`);

describe.skipIf(missing !== undefined)("the reference reader", () => {
  const folder = temporaryFolders();

  it.each([
    ["perception", "direct", ">=", "one-hot"],
    ["perception", "poisson", ">", "random"],
    ["recall", "direct", ">=", "one-hot"],
    ["recall", "direct", ">", "random"],
  ] as const)(
    "reads %s of %s stimuli, fires at %s, %s codes, and runs it to the same spikes",
    async (network, stimulus, comparison, target) => {
      const { team, model, split } = await smallModel({ network: { stimulus, target, steps: 7, tau: 3.3 } });
      const at = folder();
      const graph = network === "recall" ? recallToNir(model, { comparison }) : perceptionToNir(model, { comparison });
      const images = [0, 1, 2, 3, 4, 5, 6, 7];
      writeFileSync(join(at, "graph.nir"), await encodeNir(graph));
      writeFileSync(join(at, "spikes.h5"), await encodeSpikeTrains(recordSpikes(model, split, images)));
      const { pair } = model;
      const inputs = images.map((k) => {
        if (network === "recall" || stimulus !== "direct") return null;
        const row = [...pair.stimulus.view.subarray(k * pair.stimulusWidth, k * pair.stimulusWidth + 15)];
        return Array.from({ length: 7 }, () => row);
      });
      writeFileSync(join(at, "inputs.json"), JSON.stringify(inputs));
      const args = [
        script,
        join(at, "graph.nir"),
        join(at, "spikes.h5"),
        network,
        join(at, "inputs.json"),
        join(at, "again.nir"),
      ];
      const said = JSON.parse(execFileSync(python, args, { encoding: "utf8" }));
      expect(said.order).toEqual([...graph.nodes.keys()]);
      expect(said.types).toEqual([...graph.nodes.values()].map(({ type }) => type));
      expect(said.differing).toEqual([]);
      expect(said.near / said.compared).toBeLessThan(0.01);
      // The reference compresses what it writes.
      const again = await decodeNir(readFileSync(join(at, "again.nir")), "again.nir");
      expect(new Map([...again.nodes].sort())).toEqual(new Map([...graph.nodes].sort()));
      expect(again.edges).toEqual(graph.edges);
      expect(again.metadata).toEqual(graph.metadata);
      await team.close();
    },
  );
});
