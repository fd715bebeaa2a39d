/** NumPy reads the arrays written here; and safetensors' header and data by hand. Only where Python has NumPy: elsewhere skipped, and said so. */
import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { encodeNpz } from "../../src/formats/npz.ts";
import { encodeWeights, plainWeights } from "../../src/formats/weights.ts";
import { temporaryFolders } from "../support/folder.ts";
import { smallModel } from "../support/small-model.ts";

const python = process.env.NIR_PYTHON ?? "python3";
const found = spawnSync(python, ["-c", "import numpy"], { encoding: "utf8" });
if (found.status !== 0) console.warn("NumPy is not here, its tests are skipped");

const script = `
import json, struct, sys
import numpy as np
arrays = np.load(sys.argv[1], allow_pickle=False)
raw = open(sys.argv[2], "rb").read()
(size,) = struct.unpack("<Q", raw[:8])
header = json.loads(raw[8 : 8 + size])
header.pop("__metadata__")
same = {}
for name, info in header.items():
    begin, end = info["data_offsets"]
    data = np.frombuffer(raw[8 + size + begin : 8 + size + end], "<f4").reshape(info["shape"])
    same[name] = bool(np.array_equal(data, arrays[name]) and arrays[name].flags["C_CONTIGUOUS"])
print(json.dumps({
    "same": same,
    "types": {name: str(arrays[name].dtype) for name in ("labels", "ids")},
    "ids": arrays["ids"].tolist(),
    "labels": arrays["labels"].tolist(),
}))
`;

describe.skipIf(found.status !== 0)("NumPy", () => {
  const folder = temporaryFolders();

  it("loads every array, equal to what safetensors holds", async () => {
    const { team, model } = await smallModel({
      network: { kind: "cnn", hidden: [5, 18] },
      shape: { height: 8, width: 8, channels: 2 },
    });
    const weights = plainWeights(model.slots(false)) as ReadonlyMap<
      string,
      { shape: readonly number[]; data: Float32Array }
    >;
    const others = new Map([
      ["labels", { shape: [2, 1], data: Uint16Array.of(3, 65535) }],
      ["ids", { shape: [2], data: BigInt64Array.of(-1n, 2n ** 40n) }],
    ]);
    const at = folder();
    writeFileSync(
      join(at, "a.npz"),
      encodeNpz(
        new Map<string, Parameters<typeof encodeNpz>[0] extends ReadonlyMap<string, infer A> ? A : never>([
          ...weights,
          ...others,
        ]),
      ),
    );
    writeFileSync(join(at, "a.safetensors"), encodeWeights(model.slots(false)));
    const args = ["-c", script, join(at, "a.npz"), join(at, "a.safetensors")];
    const said = JSON.parse(execFileSync(python, args, { encoding: "utf8" }));
    expect(said.same).toEqual(Object.fromEntries([...weights.keys()].map((name) => [name, true])));
    expect(said.types).toEqual({ labels: "uint16", ids: "int64" });
    expect([said.ids, said.labels]).toEqual([
      [-1, 2 ** 40],
      [[3], [65535]],
    ]);
    await team.close();
  });
});
