/** NIR files: what is in them, what is refused and why, and models made from them. */
import { type Dataset, FS, Group, File as Hdf5File, ready } from "h5wasm";
import { describe, expect, it } from "vitest";
import { neighbour } from "../../src/formats/nir.ts";
import { filled, type NirGraph, type NirNode } from "../../src/formats/nir-graph.ts";
import {
  autoencoderToNir,
  checkGraph,
  decodeNir,
  decodeSpikeTrains,
  encodeNir,
  encodeSpikeTrains,
  modelFromNir,
  perceptionToNir,
  recallToNir,
  recordSpikes,
} from "../../src/nir.ts";
import { smallAutoencoder } from "../support/small-autoencoder.ts";
import { smallModel } from "../support/small-model.ts";

type Lif = Extract<NirNode, { type: "LIF" }>;

/** A chain of two stages and two classes, as a library that knows nothing of ours would write it. */
function chain(change: Partial<Record<string, NirNode>> = {}): NirGraph {
  const lif = (units: number, threshold: number): NirNode => ({
    type: "LIF",
    tau: filled([units], 2e-4),
    r: filled([units], 1),
    v_leak: filled([units], 0),
    v_threshold: filled([units], threshold),
    v_reset: filled([units], 0),
  });
  const nodes: Record<string, NirNode> = {
    in: { type: "Input", shape: [3] },
    a: { type: "Linear", weight: { shape: [2, 3], data: Float32Array.of(1, 0, 0, 0, 1, 1) } },
    b: lif(2, 0.5),
    c: { type: "Affine", weight: { shape: [2, 2], data: Float32Array.of(1, 0, 0, 1) }, bias: filled([2], 0.25) },
    d: lif(2, 1),
    out: { type: "Output", shape: [2] },
    ...change,
  };
  const names = Object.keys(nodes);
  return {
    nodes: new Map(Object.entries(nodes)),
    edges: names.slice(1).map((name, k) => [names[k]!, name]),
    metadata: {},
  };
}

/** The chain's neurons, changed. */
const neurons = (name: "b" | "d", change: Partial<Lif>): NirNode => ({
  ...(chain().nodes.get(name) as Lif),
  ...change,
});

/** Opens bytes with the HDF5 library itself. */
async function inside<T>(bytes: Uint8Array, look: (root: Hdf5File) => T): Promise<T> {
  await ready;
  FS!.writeFile("look.h5", bytes);
  const root = new Hdf5File("look.h5", "r");
  try {
    return look(root);
  } finally {
    root.close();
    FS!.unlink("look.h5");
  }
}

/** Type and shape of each data set of a group. */
const fieldsOf = (root: Hdf5File, path: string) =>
  Object.fromEntries(
    Array.from((root.get(path) as Group).items(), ([name, item]) => [
      name,
      item instanceof Group ? "group" : [(item as Dataset).dtype, (item as Dataset).shape],
    ]),
  );

describe("the file", () => {
  it("has the reference's tree: types and edges as UTF-8, floats, whole numbers of 64 bits, and no field more", async () => {
    const bytes = await encodeNir({ ...chain(), metadata: { dt: 1e-4, note: "é", list: [1, 2] } });
    await inside(bytes, (root) => {
      expect((root.get("version") as Dataset).value).toBe("1.0.8");
      expect((root.get("node/type") as Dataset).value).toBe("NIRGraph");
      expect((root.get("node/edges") as Dataset).shape).toEqual([5, 2]);
      expect((root.get("node/type") as Dataset).metadata).toMatchObject({ vlen: true, cset: 1 });
      expect((root.get("node/edges") as Dataset).metadata).toMatchObject({ vlen: true, cset: 1 });
      expect(fieldsOf(root, "node/nodes/in")).toEqual({ type: ["S", []], shape: ["<q", [1]] });
      expect(fieldsOf(root, "node/nodes/c")).toEqual({ type: ["S", []], weight: ["<f", [2, 2]], bias: ["<f", [2]] });
      const vector = ["<f", [2]];
      expect(fieldsOf(root, "node/nodes/d")).toEqual({
        ...{ type: ["S", []], tau: vector, r: vector, v_leak: vector, v_threshold: vector, v_reset: vector },
      });
      expect(fieldsOf(root, "node/metadata")).toEqual({ dt: ["<d", []], note: ["S", []], list: ["<d", [2]] });
    });
  });

  it("gives back the graph, and equal bytes for an equal graph at another time", async () => {
    const graph = { ...chain(), metadata: { dt: 1e-4, note: "é", list: [1, 2], __proto__x: "y" } };
    const bytes = await encodeNir(graph);
    const read = await decodeNir(bytes, "a.nir");
    expect(new Map([...read.nodes].sort())).toEqual(new Map([...graph.nodes].sort()));
    expect(read.edges).toEqual(graph.edges);
    expect(read.metadata).toEqual(graph.metadata);
    await new Promise((resolve) => setTimeout(resolve, 1100)); // HDF5 stamps whole seconds
    expect(await encodeNir(graph)).toEqual(bytes);
  });

  it.each<[string, () => NirGraph, RegExp]>([
    ["an edge to nowhere", () => ({ ...chain(), edges: [["in", "x"]] }), /edge in -> x: there is no node x/],
    [
      "shapes that differ",
      () => chain({ in: { type: "Input", shape: [4] } }),
      /edge in -> a: in gives \[4\], a takes \[3\]/,
    ],
    [
      "a bias too long",
      () => chain({ c: { type: "Affine", weight: filled([2, 2], 1), bias: filled([3], 0) } }),
      /node c: bias/,
    ],
    [
      "a name with a slash",
      () => ({ ...chain(), nodes: new Map([["a/b", { type: "Input", shape: [1] }]]), edges: [] }),
      /"a\/b"/,
    ],
  ])("is not written from %s", async (_, graph, message) => {
    expect(() => checkGraph(graph())).toThrow(message);
    await expect(encodeNir(graph())).rejects.toThrow(message);
  });
});

describe("refusals of foreign files", () => {
  /** A file that `spoil` has changed. */
  async function spoilt(spoil: (root: Hdf5File) => void): Promise<Uint8Array> {
    const bytes = await encodeNir(chain());
    FS!.writeFile("spoil.h5", bytes);
    const root = new Hdf5File("spoil.h5", "a");
    spoil(root);
    root.close();
    const spoiled = new Uint8Array(FS!.readFile("spoil.h5"));
    FS!.unlink("spoil.h5");
    return spoiled;
  }
  const group = (root: Hdf5File, path: string) => root.get(path) as Group;

  it.each<[string, (root: Hdf5File) => void, RegExp]>([
    [
      "a field too many",
      (root) => group(root, "node/nodes/a").create_dataset({ name: "extra", data: [1] }),
      /node a: unknown field "extra"; Linear has weight/,
    ],
    [
      "a type known but not handled",
      (root) => group(root, "node/nodes").create_group("z").create_dataset({ name: "type", data: "CubaLIF" }),
      /node z: type CubaLIF is not handled/,
    ],
    [
      "a graph within the graph",
      (root) => group(root, "node/nodes").create_group("z").create_dataset({ name: "type", data: "NIRGraph" }),
      /type NIRGraph is not handled/,
    ],
    [
      "an unknown type",
      (root) => group(root, "node/nodes").create_group("z").create_dataset({ name: "type", data: "__proto__" }),
      /unknown type "__proto__"/,
    ],
    [
      "a node without a field",
      (root) => group(root, "node/nodes").create_group("z").create_dataset({ name: "type", data: "Linear" }),
      /node z: expected a field weight/,
    ],
    [
      "a value that is no number",
      (root) => {
        const z = group(root, "node/nodes").create_group("z");
        z.create_dataset({ name: "type", data: "Linear" });
        z.create_dataset({ name: "weight", data: Float32Array.of(Number.NaN), shape: [1, 1] });
      },
      /node z: weight: value 0 is NaN/,
    ],
    [
      "text for numbers",
      (root) => {
        const z = group(root, "node/nodes").create_group("z");
        z.create_dataset({ name: "type", data: "Input" });
        z.create_dataset({ name: "shape", data: "3" });
      },
      /node z: shape: expected whole numbers/,
    ],
  ])("%s", async (_, spoil, message) => {
    await expect(spoilt(spoil).then((bytes) => decodeNir(bytes, "x.nir"))).rejects.toThrow(message);
  });

  it("names the file, whatever it is", async () => {
    await expect(decodeNir(new Uint8Array(100), "x.nir")).rejects.toThrow(
      /^x\.nir: the HDF5 file is damaged or of another kind/,
    );
    const trains = await encodeSpikeTrains({ steps: 1, dt: 1, networks: new Map() });
    await expect(decodeNir(trains, "x.nir")).rejects.toThrow(/x\.nir: NIR: the file: expected a group node/);
    await expect(decodeSpikeTrains(await encodeNir(chain()), "x.nir")).rejects.toThrow(
      /expected __type__ NIRGraphData/,
    );
  });
});

describe("models as graphs", () => {
  it("folds the norm into weights and bias, and keeps threshold, tau and dt", async () => {
    const { team, model } = await smallModel();
    const [first] = model.pair.perception;
    const tensors = new Map([...model.slots(false)].map((slot) => [slot.name, slot.read()]));
    const graph = perceptionToNir(model, { dt: 2e-3 });
    expect([...graph.nodes].map(([name, node]) => [name, node.type])).toEqual([
      ["input", "Input"],
      ["stage2_synapses", "Affine"],
      ["stage2", "LIF"],
      ["stage3_synapses", "Affine"],
      ["stage3", "LIF"],
      ["concept_synapses", "Affine"],
      ["concept", "LIF"],
      ["output", "Output"],
    ]);
    const affine = graph.nodes.get("stage2_synapses") as Extract<NirNode, { type: "Affine" }>;
    const of = (name: string) => tensors.get(`${first!.name}.${name}`)!;
    const a = Float64Array.from(of("norm.gamma"), (gamma, n) => gamma / Math.sqrt(of("norm.variance")[n]! + 1e-5));
    expect(affine.weight).toEqual({
      shape: [21, 15],
      data: Float32Array.from(of("weight"), (w, i) => w * a[Math.floor(i / 15)]!),
    });
    expect(affine.bias.data).toEqual(
      Float32Array.from(a, (scale, n) => of("norm.beta")[n]! - of("norm.mean")[n]! * scale),
    );
    expect(graph.nodes.get("stage2")).toMatchObject({
      tau: filled([21], 4e-3),
      r: filled([21], 1),
      v_threshold: filled([21], 0.6),
    });
    expect(graph.nodes.get("concept")).toMatchObject({ v_threshold: filled([3], 2) });
    expect(graph.metadata).toMatchObject({
      dt: 2e-3,
      reset: "zero",
      comparison: ">=",
      steps: 4,
      tau_steps: 2,
      input_coding: "direct",
    });
    const strict = perceptionToNir(model, { comparison: ">", readout: "drive" });
    const { v_threshold } = strict.nodes.get("stage2") as Lif;
    expect(v_threshold.data[0]).toBeLessThan(Math.fround(0.6));
    expect(neighbour(v_threshold.data[0]!, 1)).toBe(Math.fround(0.6));
    expect(strict.nodes.has("concept")).toBe(false);
    expect(perceptionToNir(model, { readout: "membrane" }).nodes.get("concept")?.type).toBe("LI");
    expect(() => perceptionToNir(model, { dt: 0 })).toThrow(/dt: expected seconds above 0/);
    await team.close();
  });

  it("say how pixels go in and come out, and what a class's concept is", async () => {
    const { team, model } = await smallModel({
      shape: { height: 2, width: 3, channels: 2 },
      network: { target: "random" },
    });
    const { mean, std } = model.data.statistics;
    const target_codes = Array.from(model.pair.target.bits);
    const image_shape = [2, 3, 2];
    expect(perceptionToNir(model).metadata).toMatchObject({
      image_shape,
      input_mean: mean,
      input_std: std,
      target_codes,
    });
    expect(recallToNir(model).metadata).toMatchObject({
      image_shape,
      output_mean: mean,
      output_std: std,
      target_codes,
    });
    await team.close();
  });

  it("refuses what NIR has no node for, and names the stage", async () => {
    const shape = { height: 8, width: 8, channels: 1 };
    const { team, model } = await smallModel({ network: { kind: "cnn", hidden: [4, 6] }, shape });
    expect(() => perceptionToNir(model)).toThrow(/NIR cannot express perception\.stage2: it has 2x2 max-pooling/);
    expect(() => recallToNir(model)).toThrow(
      /NIR cannot express recall\.stage3: it has fully connected synapses onto a plane/,
    );
    await team.close();
    const alone = await smallModel({ networks: "perception" });
    expect(() => recallToNir(alone.model)).toThrow(/perception alone/);
    await alone.team.close();
    const cnn = await smallAutoencoder({ network: { kind: "cnn" } });
    expect(() => autoencoderToNir(cnn.pair, model.data)).toThrow(
      /perception\.stage5: it has fully connected synapses onto a plane/,
    );
    expect(
      [...autoencoderToNir(cnn.pair, model.data, { until: "latent" }).nodes.values()].map(({ type }) => type),
    ).toEqual(["Input", "Conv2d", "LIF", "Conv2d", "LIF", "Flatten", "Affine", "LIF", "Output"]);
    await cnn.team.close();
    const mlp = await smallAutoencoder({ network: { kind: "mlp" } });
    checkGraph(autoencoderToNir(mlp.pair, model.data, { network: "recall" }));
    await mlp.team.close();
  });
});

describe("models from graphs", () => {
  it("spike for spike what was written, where there is no norm to fold", async () => {
    const network = { norm: false, tau: 3.3, target: "random", targetSize: 9 } as const;
    const { team, model, split } = await smallModel({ network, networks: "perception" });
    for (const comparison of [">=", ">"] as const) {
      const graph = await decodeNir(await encodeNir(perceptionToNir(model, { comparison })), "a.nir");
      const again = modelFromNir(team, graph, { maxImages: 8 });
      expect(again.data).toEqual(model.data);
      expect(again.pair.options).toMatchObject({ tau: 3.3, steps: 4, hidden: [21, 18] });
      const images = [0, 1, 2, 3, 4, 5, 6, 7];
      expect(recordSpikes(again, split, images)).toEqual(recordSpikes(model, split, images));
      expect(perceptionToNir(again, { comparison }).nodes).toEqual(perceptionToNir(model, { comparison }).nodes);
    }
    await team.close();
  });

  it("takes a foreign chain: r is a factor, v_leak a bias, v > v_threshold is the next float32", async () => {
    const { team } = await smallModel();
    const b = neurons("b", { r: filled([2], 2), v_leak: filled([2], 0.125) });
    const model = modelFromNir(team, chain({ b }), { steps: 3 });
    const tensors = new Map([...model.slots(false)].map((slot) => [slot.name, slot.read()]));
    expect(tensors.get("perception.stage2.weight")).toEqual(Float32Array.of(2, 0, 0, 0, 2, 2));
    expect(tensors.get("perception.stage2.bias")).toEqual(Float32Array.of(0.125, 0.125));
    expect(tensors.get("perception.stage3.bias")).toEqual(Float32Array.of(0.25, 0.25));
    expect(model.pair.options).toMatchObject({
      tau: 2,
      steps: 3,
      threshold: { perception: neighbour(0.5, 1), concept: neighbour(1, 1) },
    });
    // Drives 2 * 0.25 + 0.125 = 0.625 a step: v = 0.3125, 0.46875, 0.546875, above 0.5 at the third step.
    model.pair.stimulus.view.set([0.25, 0, 0]);
    model.perceive(1);
    expect([0, 1, 2].map((t) => model.pair.perception[0]!.output!.fired(0, t, 0, 0))).toEqual([false, false, true]);
    await team.close();
  });

  it("takes r and v_leak neuron by neuron", async () => {
    const { team } = await smallModel();
    const pair = (...data: number[]) => ({ shape: [2], data: Float32Array.from(data) });
    const b = neurons("b", { r: pair(2, 4), v_leak: pair(0.125, 0.5) });
    const d = neurons("d", { r: pair(1, 3), v_leak: pair(0, 1) });
    const model = modelFromNir(team, chain({ b, d }), { steps: 3 });
    const tensors = new Map([...model.slots(false)].map((slot) => [slot.name, slot.read()]));
    expect(tensors.get("perception.stage2.weight")).toEqual(Float32Array.of(2, 0, 0, 0, 4, 4));
    expect(tensors.get("perception.stage2.bias")).toEqual(Float32Array.of(0.125, 0.5));
    expect(tensors.get("perception.stage3.weight")).toEqual(Float32Array.of(1, 0, 0, 3));
    expect(tensors.get("perception.stage3.bias")).toEqual(Float32Array.of(0.25, 1.75));
    await team.close();
  });

  it("has steps and dt from its options, else from the graph, and dt else 1e-4", async () => {
    const { team } = await smallModel();
    const said = { ...chain(), metadata: { steps: 5, dt: 5e-5 } };
    const read = (graph: NirGraph, options: object) => modelFromNir(team, graph, options).pair.options;
    expect(read(said, {})).toMatchObject({ steps: 5, tau: 4 });
    expect(read(said, { steps: 3, dt: 2e-4 })).toMatchObject({ steps: 3, tau: 1 });
    expect(read(chain(), { steps: 3 })).toMatchObject({ steps: 3, tau: 2 });
    await team.close();
  });

  it.each<[string, Partial<Record<string, NirNode>>, object, RegExp]>([
    ["no number of steps", {}, {}, /steps: expected 1 to 1024 time steps, got none/],
    ["other reset", { b: neurons("b", { v_reset: filled([2], 0.1) }) }, { steps: 2 }, /b: v_reset: expected 0/],
    [
      "thresholds that differ",
      {
        b: neurons("b", { v_threshold: { shape: [2], data: Float32Array.of(1, 2) } }),
      },
      { steps: 2 },
      /b: v_threshold: expected one value for the whole layer, got 1 and 2/,
    ],
    [
      "taus that differ",
      { d: neurons("d", { tau: filled([2], 3e-4) }) },
      { steps: 2 },
      /d|c: its tau is 3 steps, other stages' 2/,
    ],
    ["another dt", {}, { steps: 2, dt: 1 }, /tau: expected at least a step of 1 s/],
    [
      "neurons that do not spike",
      { b: { type: "LI", tau: filled([2], 1), r: filled([2], 1), v_leak: filled([2], 0) } },
      { steps: 2 },
      /b: expected LIF neurons after a, got LI/,
    ],
  ])("refuses %s", async (_, change, options, message) => {
    const { team } = await smallModel();
    expect(() => modelFromNir(team, chain(change), options)).toThrow(message);
    await team.close();
  });
});

describe("spike trains", () => {
  it("come back as they were, by network and node; to other readers as events in the middle of a step", async () => {
    const { team, model, split } = await smallModel({ network: { steps: 7 } });
    const recording = recordSpikes(model, split, [2, 0], 1e-4);
    const bytes = await encodeSpikeTrains(recording);
    const { decisions: _, ...trains } = recording;
    expect(await decodeSpikeTrains(bytes, "a.h5")).toEqual(trains);
    expect([...recording.networks.get("recall")!.keys()]).toEqual(["input", "stage3", "stage2"]);
    await inside(bytes, (root) => {
      const spikes = root.get("nodes/perception/nodes/stage2/observables/spikes") as Group;
      expect(Object.fromEntries(Object.entries(spikes.attrs).map(([name, { value }]) => [name, value]))).toEqual({
        __type__: "EventData",
        n_neurons: 21n,
        t_max: expect.closeTo(7e-4, 12),
      });
      const [idx, time] = ["idx", "time"].map((name) => spikes.get(name) as Dataset);
      const [step, neuron] = recording.networks.get("perception")!.get("stage2")!.samples[0]![0]!;
      expect([idx!.dtype, time!.dtype]).toEqual(["<q", "<d"]);
      expect((idx!.value as BigInt64Array)[0]).toBe(BigInt(neuron));
      expect((time!.value as Float64Array)[0]).toBeCloseTo((step + 0.5) * 1e-4, 12);
    });
    expect(() => recordSpikes(model, split, [8])).toThrow(/expected image numbers from 0 to 7, got 8/);
    await team.close();
  });

  it("of more images than a batch has are those of each", async () => {
    const { team, model, split } = await smallModel();
    const images = [3, 1, 4, 1, 5, 2, 6, 5, 3, 0, 7];
    const { decisions, networks } = recordSpikes(model, split, images);
    expect(images.length).toBeGreaterThan(model.maxImages);
    for (const [k, image] of images.entries()) {
      const alone = recordSpikes(model, split, [image]);
      expect(decisions[k]).toBe(alone.decisions[0]);
      for (const [network, trains] of networks)
        for (const [node, { samples }] of trains)
          expect(samples[k]).toEqual(alone.networks.get(network)?.get(node)?.samples[0]);
    }
    await team.close();
  });

  it("refuse an event outside", async () => {
    const trains = { neurons: 2, samples: [[[0, 2]]] } as const;
    const networks = new Map([["perception", new Map([["stage2", trains]])]]);
    await expect(encodeSpikeTrains({ steps: 1, dt: 1, networks })).rejects.toThrow(
      /neurons below 2, got step 0, neuron 2/,
    );
  });
});
