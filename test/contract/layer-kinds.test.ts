/** Layers of a kind from outside are built, drawn and trained as the library's own. */
import { expect, test } from "vitest";
import { perceptionToNir, recallToNir } from "../../src/formats/nir.ts";
import { perceptionOnnx } from "../../src/formats/onnx.ts";
import { CostMeter } from "../../src/measure/cost.ts";
import { registerLayerKind } from "../../src/nets/build.ts";
import { LinearSynapses } from "../../src/nets/linear.ts";
import type { Shape } from "../../src/nets/shape.ts";
import { type LayerSpec, layerSize, mirror } from "../../src/nets/spec.ts";
import { classifierSpec } from "../../src/nets/specs.ts";
import type { Source, Synapses, Work } from "../../src/nets/synapses.ts";
import { smallModel } from "../support/small-model.ts";
import { randomImages, smallPair } from "../support/small-pair.ts";

test("a registered kind that does what linear does trains to the same bytes", async () => {
  registerLayerKind("copy", {
    build: (team, { source, spec }) => new LinearSynapses(team, source, spec.shape, spec.bias),
  });
  const trained = async (own: boolean) => {
    const plain = await smallPair({ network: { kind: "mlp" } });
    const { spec } = plain.pair;
    await plain.team.close();
    const as = (layer: LayerSpec): LayerSpec => (own ? { ...layer, synapses: { kind: "own:copy" } } : layer);
    const changed = { ...spec, perception: spec.perception.map(as), recall: spec.recall.map(as) };
    const { team, pair, step } = await smallPair({ network: { kind: "mlp", spec: changed } });
    try {
      for (let k = 0; k < 3; k++) step(randomImages(pair, 6, k), k);
      return pair.layers.map(({ group }) => Float32Array.from(group.parameters.view));
    } finally {
      await team.close();
    }
  };
  expect(await trained(true)).toEqual(await trained(false));
  expect(() => registerLayerKind("copy", { build: () => expect.unreachable() })).toThrow(/taken by this program/);
});

/** Full connections by composition, as somebody else would write them: nothing of them is known but the interface. */
class Foreign implements Synapses {
  readonly #inner: LinearSynapses;
  readonly source: Source;
  readonly shape: Shape;
  readonly fanIn: number;
  readonly blocks: Readonly<Record<string, number>>;
  readonly chunkImages: number;
  readonly wiring = "full";

  constructor(inner: LinearSynapses) {
    this.#inner = inner;
    this.source = inner.source;
    this.shape = inner.shape;
    this.fanIn = inner.fanIn;
    this.blocks = inner.blocks;
    this.chunkImages = inner.chunkImages;
  }

  workspace = (maxImages: number) => this.#inner.workspace(maxImages);
  forward(...args: Parameters<Synapses["forward"]>): void {
    this.#inner.forward(...args);
  }
  gradient(...args: Parameters<Synapses["gradient"]>): void {
    this.#inner.gradient(...args);
  }
  performed(images: number): Work {
    return this.#inner.performed(images);
  }
  plainShape(block: string): readonly number[] {
    return this.#inner.plainShape(block);
  }
  pack(block: string, plain: ArrayLike<number>, packed: Float32Array): void {
    this.#inner.pack(block, plain, packed);
  }
  unpack(block: string, packed: Float32Array, plain: Float32Array): void {
    this.#inner.unpack(block, packed, plain);
  }
  packedIndices(block: string): Int32Array {
    return this.#inner.packedIndices(block);
  }
}

test("a registered kind is counted, measured and written to ONNX and NIR with no word of it elsewhere", async () => {
  registerLayerKind("foreign", {
    build: (team, { source, spec }) => new Foreign(new LinearSynapses(team, source, spec.shape, spec.bias)),
  });
  const told = async (own: boolean) => {
    const plain = await smallModel({ network: { kind: "mlp" } });
    const { spec } = plain.model.pair;
    await plain.team.close();
    const as = (layer: LayerSpec): LayerSpec => (own ? { ...layer, synapses: { kind: "own:foreign" } } : layer);
    const changed = { ...spec, perception: spec.perception.map(as), recall: spec.recall.map(as) };
    const { team, model } = await smallModel({ network: { kind: "mlp", spec: changed } });
    try {
      const meter = new CostMeter(model.pair);
      randomImages(model.pair, 6, 1);
      model.perceive(6);
      meter.add(6);
      const graphs = [perceptionToNir(model), recallToNir(model)];
      return { cost: meter.result(), onnx: perceptionOnnx(model).bytes, graphs };
    } finally {
      await team.close();
    }
  };
  const foreign = await told(true);
  expect(foreign).toEqual(await told(false));
  expect(foreign.cost.perception.operations.acs).toBeGreaterThan(0);
});

test("a kind is told its options, and the name and seed that key its draws", async () => {
  const told: unknown[] = [];
  registerLayerKind("told", {
    build: (team, { name, seed, source, spec }, options) => {
      told.push([name, seed, options]);
      return new LinearSynapses(team, source, spec.shape, spec.bias);
    },
  });
  const plain = await smallModel({ network: { kind: "mlp" } });
  const { spec } = plain.model.pair;
  await plain.team.close();
  const [first, ...others] = spec.perception;
  const synapses = { kind: "own:told", options: { density: 0.25 } } as const;
  const perception = [{ ...first!, synapses }, ...others];
  const recall = mirror(perception, { stimulus: spec.stimulus, units: spec.recall[1]!.units });
  const { team } = await smallModel({ network: { kind: "mlp", spec: { ...spec, perception, recall } } });
  await team.close();
  expect(told).toEqual([
    ["perception.stage2", 5, { density: 0.25 }],
    ["recall.stage1", 5, { density: 0.25 }],
  ]);
});

test("a kind nobody registered is named", async () => {
  const image = { height: 4, width: 4, channels: 1 };
  const network = { kind: "mlp", hidden: [8], steps: 4, norm: true, tau: 2, image } as const;
  const spec = classifierSpec({ ...network, threshold: { perception: 0.6, recall: 0.6 } }, 4);
  const perception = spec.perception.map((layer) => ({ ...layer, synapses: { kind: "own:nope" } as const }));
  const recall = mirror(perception, { stimulus: spec.stimulus, units: spec.recall[1]!.units });
  expect(recall.map(({ synapses }) => synapses.kind)).toEqual(["own:nope", "own:nope"]);
  expect(layerSize(spec.perception[0]!, spec.stimulus)).toEqual({
    weights: 128,
    biases: 0,
    norms: 16,
    connections: 128,
  });
  await expect(smallPair({ network: { kind: "mlp", spec: { ...spec, perception, recall } } })).rejects.toThrow(
    /layer kind nope: nobody registered it/,
  );
});
