/**
 * The same images as several autoencoders draw them, one row a run below the originals; for the pictures in RESULTS.md.
 *
 *   node experiments/reconstructed.mjs --out docs/reconstructed-mnist.png [--data DIR] [--count 10] RUN ...     (after npm run build)
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { tilesOf } from "../dist/cli/report/reconstruction.js";
import { encodePng, loadDataset, pictureGrid } from "../dist/node/index.js";
import { openAutoencoder } from "../dist/node/open.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: "string" },
    data: { type: "string" },
    count: { type: "string", default: "10" },
    scale: { type: "string", default: "2" },
  },
});
if (!values.out || positionals.length === 0) throw new Error("expected --out FILE.png and the folders of trained runs");
const count = Number(values.count);
const indices = Int32Array.from({ length: count }, (_, k) => k);
const rows = [];
for (const run of positionals) {
  const { model, team, checkpoint } = await openAutoencoder(run);
  try {
    const { name } = checkpoint.data;
    const dataset = await loadDataset({ ...(values.data ? { path: values.data } : {}), name });
    if (rows.length === 0) rows.push(tilesOf(model, model.originals(dataset.test, indices, 0, count)));
    model.load(dataset.test, indices, 0, count);
    rows.push(tilesOf(model, model.reconstruct(count, "perception")));
  } finally {
    await team.close();
  }
}
writeFileSync(values.out, encodePng(pictureGrid(rows, { scale: Number(values.scale) })));
