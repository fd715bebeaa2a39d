/** What exported ONNX files say of themselves, and what is not written. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { BispikeError } from "../../src/errors.ts";
import { type OnnxExport, perceptionOnnx, recallOnnx } from "../../src/formats/onnx.ts";
import { encodeModel, Graph } from "../../src/formats/onnx-graph.ts";

import { type ImageModel, Model } from "../../src/nets/model.ts";
import type { NetworkOptions } from "../../src/nets/pair.ts";
import { resolveConfig } from "../../src/training/config.ts";
import { createModel } from "../../src/training/nets-and-rules.ts";
import { type ReadModel, readModel } from "../support/onnx-read.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 2048 });
});
afterAll(() => team.close());

const data = {
  name: "colours",
  shape: { height: 6, width: 5, channels: 3 },
  classNames: ["zero", "one", "två"],
  statistics: { mean: [0.25, 0.5, 0.75], std: [0.5, 0.25, 1] },
};

const network: NetworkOptions = {
  ...{
    kind: "cnn",
    hidden: [3, 17],
    steps: 3,
    norm: true,
    tau: 2,
    stimulus: "direct",
    target: "random",
    targetSize: 0,
  },
  threshold: { perception: 0.6, recall: 0.5 },
};

const model = (given: Partial<NetworkOptions> = {}, seed = 1) =>
  new Model(team, { network: { ...network, ...given }, seed, maxImages: 2 }, data);

function annModel(): ImageModel {
  const config = resolveConfig({ data: { path: "x" }, network: { hidden: [4] }, rule: { name: "backprop-ann" } });
  return createModel(team, config, data);
}

/** What any reader may count on: names given once, before they are read; ports that say what they hold. */
function expectWhole(file: ReadModel, made: OnnxExport): void {
  expect([file.irVersion, file.producer, file.opsets]).toEqual([7, "bispike", [["", 13]]]);
  const known = new Set(["", ...file.inputs.map(({ name }) => name)]);
  for (const { name, dims, bytes } of file.constants) {
    expect(known.has(name)).toBe(false);
    known.add(name);
    // Floats of 4 bytes, whole numbers of 8.
    expect([4, 8]).toContain(bytes / dims.reduce((a, b) => a * b, 1));
  }
  for (const { inputs, outputs } of file.nodes) {
    for (const input of inputs) expect(known.has(input)).toBe(true);
    for (const output of outputs) {
      expect(known.has(output)).toBe(false);
      known.add(output);
    }
  }
  for (const { name } of file.outputs) expect(known.has(name)).toBe(true);
  for (const [ports, said] of [
    [file.inputs, made.inputs],
    [file.outputs, made.outputs],
  ] as const) {
    expect(ports.map(({ name, dimensions, doc }) => [name, dimensions, doc])).toEqual(
      said.map(({ name, dimensions, about }) => [name, dimensions, about]),
    );
    for (const { doc, dimensions } of ports) {
      expect(doc.length).toBeGreaterThan(20);
      expect(dimensions[0]).toBe("N");
    }
  }
}

describe("files", () => {
  it("are whole, in every mode", () => {
    const made = [
      perceptionOnnx(model()),
      perceptionOnnx(model(), { mode: "step", spikes: true }),
      perceptionOnnx(model({ stimulus: "poisson" }), { spikes: true }),
      perceptionOnnx(annModel()),
      recallOnnx(model(), { spikes: true, classMeans: new Float32Array(3 * 90) }),
      recallOnnx(model({ kind: "mlp" }), { mode: "step", concept: "code" }),
    ];
    for (const one of made) expectWhole(readModel(one.bytes), one);
  });

  it("say their interface", () => {
    const ports = ({ inputs, outputs }: OnnxExport) =>
      [inputs, outputs].map((list) =>
        list.map(({ name, element, dimensions }) => `${name} ${element} ${dimensions.join(" ")}`),
      );
    expect(ports(perceptionOnnx(model(), { spikes: true }))).toEqual([
      ["pixels float N 3 6 5"],
      [
        ...["decision int64 N", "cosines float N 3", "drives float N 3"],
        // In a frame of 8 x 8.
        ...["stage2.spikes uint8 N 3 3 4 4", "stage3.spikes uint8 N 3 17 2 2", "concept.spikes uint8 N 3 12"],
      ],
    ]);
    expect(ports(recallOnnx(model(), { mode: "step", concept: "code" }))).toEqual([
      ["code float N 12", "stage3.membrane float N 17 2 2", "stage2.membrane float N 3 4 4"],
      ["pixels float N 3 6 5", "stage3.membrane.next float N 17 2 2", "stage2.membrane.next float N 3 4 4"],
    ]);
    const [spikes, [decision]] = ports(perceptionOnnx(model({ stimulus: "poisson" }))) as [string[], string[]];
    expect([spikes, decision]).toEqual([["stimulus.spikes float N 3 3 6 5"], "decision int64 N"]);
  });

  it("say what was exported, in words and for programs", () => {
    // What the graph says of itself is not for others to say.
    const more = { "run.name": "mine", "bispike.network": "another" };
    const { bytes } = perceptionOnnx(model(), { mode: "step", version: "9.8.7", metadata: more });
    const { metadata, doc, version } = readModel(bytes);
    expect(version).toBe("9.8.7");
    expect(doc).toMatch(/one of 3 \(colours\).*hard reset, one time step a run.* 3 runs a sample/);
    const json = (key: string) => JSON.parse(metadata[`bispike.${key}`] ?? "null") as unknown;
    expect(metadata["run.name"]).toBe("mine");
    expect(metadata["bispike.network"]).toBe("perception");
    expect([json("classes"), json("pixels"), json("steps"), json("tau")]).toEqual([
      data.classNames,
      data.statistics,
      3,
      2,
    ]);
    expect(json("threshold")).toEqual({ perception: 0.6, recall: 0.5, concept: 2 });
    expect(json("states")).toMatchObject({ "stage2.membrane": "stage2.membrane.next" });
  });

  it("are the same bytes for the same weights, and others for others", () => {
    const write = (seed: number) => {
      const net = model({}, seed);
      return [perceptionOnnx(net).bytes, recallOnnx(net, { classMeans: new Float32Array(3 * 90).fill(0.5, 90) }).bytes];
    };
    const [first, again, other] = [write(1), write(1), write(2)];
    expect(again).toEqual(first);
    expect(other[0]).not.toEqual(first[0]);
    expect(other[1]).not.toEqual(first[1]);
  });
});

it("needs nothing of Node: its files and those they import run in a page", () => {
  const seen = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: URL): void => {
    if (seen.has(file.href)) return;
    seen.add(file.href);
    for (const [, from = ""] of readFileSync(file, "utf8").matchAll(
      /^(?:import|export)\b(?! type)[^;]*? from "([^"]+)"/gms,
    )) {
      if (from.startsWith(".")) visit(new URL(from, file));
      else packages.add(from);
    }
  };
  visit(new URL("../../src/onnx.ts", import.meta.url));
  expect(seen.size).toBeGreaterThan(20);
  expect([...packages].sort()).toEqual(["pbf"]);
});

describe("refuses", () => {
  const refusal = (make: () => unknown): string => {
    try {
      make();
    } catch (error) {
      if (error instanceof BispikeError) return `${error.code}: ${error.message}`;
      throw error;
    }
    return "nothing";
  };

  it("what a net has not", () => {
    expect(refusal(() => perceptionOnnx(annModel(), { spikes: true }))).toMatch(
      /^usage: .*spikes of a non-spiking net/,
    );
    expect(refusal(() => perceptionOnnx(annModel(), { mode: "step" }))).toMatch(
      /^usage: .*mode step of a non-spiking net/,
    );
    const alone = new Model(team, { network, seed: 1, maxImages: 2, networks: "perception" }, data);
    expect(refusal(() => recallOnnx(alone))).toMatch(/^usage: this pair has perception alone/);
  });

  it("more weights than a file holds", () => {
    const graph = new Graph("large");
    const about = { description: "", metadata: {} };
    const bytes = 2 ** 31 - 2 ** 20;
    Object.assign(graph, { constants: [{ name: "w", dimensions: [bytes / 4], values: { byteLength: bytes } }] });
    expect(refusal(() => encodeModel(graph, about))).toBe(
      `shape: ONNX: ${bytes} bytes of weights do not fit one file, which ends at 2 GiB`,
    );
  });

  it("to unroll more steps than a graph should have", () => {
    const long = model({ kind: "mlp", hidden: [2], steps: 257 });
    expect(refusal(() => perceptionOnnx(long))).toMatch(
      /^usage: .*257 time steps are too many to unroll \(256 at most\)/,
    );
    expect(readModel(perceptionOnnx(long, { mode: "step" }).bytes).metadata["bispike.steps"]).toBe("257");
  });
});
