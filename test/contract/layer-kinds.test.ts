/** Layers of a kind from outside are built, drawn and trained as the library's own. */
import { expect, test } from "vitest";
import { registerLayerKind } from "../../src/network/build.ts";
import { LinearSynapses } from "../../src/network/linear.ts";
import { type LayerSpec, layerSize, mirror } from "../../src/network/spec.ts";
import { classifierSpec } from "../../src/network/specs.ts";
import { randomImages, smallPair } from "../support/small-pair.ts";

test("a registered kind that does what linear does trains to the same bytes", async () => {
  registerLayerKind("copy", {
    build: (team, source, { shape, bias }) => new LinearSynapses(team, source, shape, bias),
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
