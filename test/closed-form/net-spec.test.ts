/** Specs of nets: recall's layers are perception's the other way round. */
import { expect, test } from "vitest";
import { flat } from "../../src/nets/shape.ts";
import { chain, type LayerSpec, mirror } from "../../src/nets/spec.ts";
import { autoencoderSpec, classifierSpec } from "../../src/nets/specs.ts";

const image = { height: 8, width: 4, channels: 2 };
const network = { hidden: [5, 17], steps: 4, norm: true, tau: 2, threshold: { perception: 0.6, recall: 0.5 } };

/** "stage<from: synapses, shape; B: bias, N: norm". */
function words({ stage, from, synapses, shape, bias, norm }: LayerSpec): string {
  const kind =
    synapses.kind !== "conv"
      ? "linear"
      : ["conv", synapses.stride === 2 && "/2", synapses.pool && "max", synapses.upsample && "x2"]
          .filter(Boolean)
          .join(" ");
  const flags = `${bias ? "B" : ""}${norm === "none" ? "" : "N"}`;
  return `${stage}<${from}: ${kind} ${shape.height}x${shape.width}x${shape.channels} ${flags}`;
}

test("a convolutional classifier halves by pooling and doubles by upsampling", () => {
  const { perception, recall } = classifierSpec({ ...network, kind: "cnn", image }, 10);
  expect(perception.map(words)).toEqual([
    "2<stimulus: conv max 4x2x5 N",
    "3<2: conv max 2x1x17 N",
    "4<3: linear 1x1x10 B",
  ]);
  expect(recall.map(words)).toEqual(["1<2: conv x2 8x4x2 B", "2<3: conv x2 4x2x5 N", "3<target: linear 2x1x17 BN"]);
  expect(recall[1]!.units).toEqual({ kind: "lif", tau: 2, threshold: 0.5 });
});

test("in a broadcast the target reaches every hidden stage, and stage 2 alone reconstructs", () => {
  const { recall } = classifierSpec({ ...network, kind: "mlp", image, recall: "broadcast" }, 10);
  expect(recall.map(words)).toEqual(["1<2: linear 1x1x64 B", "2<target: linear 1x1x5 N", "3<target: linear 1x1x17 N"]);
});

test("an autoencoder's recall is its perception from the other image", () => {
  const { perception, recall } = autoencoderSpec({ ...network, kind: "cnn", image, latent: 6 });
  expect(perception.map(words)).toEqual([
    "2<stimulus: conv /2 4x2x5 N",
    "3<2: conv /2 2x1x17 N",
    "4<3: linear 1x1x6 N",
    "5<4: linear 2x1x17 BN",
    "6<5: conv x2 4x2x5 N",
    "7<6: conv x2 8x4x2 B",
  ]);
  const up = (spec: LayerSpec) => words(spec).replace(/^.*: /, "");
  expect(recall.toReversed().map(up)).toEqual(perception.map(up));
});

test("nets without a norm have biases everywhere; one layer is a read-out both ways", () => {
  const units = { kind: "relu" } as const;
  const perception = chain(image, [{ kind: "linear", shape: flat(3) }], { norm: "none", units });
  expect(perception.map(words)).toEqual(["2<stimulus: linear 1x1x3 B"]);
  expect(mirror(perception, { stimulus: image, units }).map(words)).toEqual(["1<target: linear 8x4x2 B"]);
  const bare = classifierSpec({ ...network, norm: false, kind: "cnn", image }, 10);
  expect([...bare.perception, ...bare.recall].every(({ bias }) => bias)).toBe(true);
});
