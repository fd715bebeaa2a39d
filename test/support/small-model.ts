/** Small image models with everything set at random, norms and running statistics too: what other formats must say of any trained one. */
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { Model, type ModelOptions } from "../../src/nets/model.ts";
import type { NetworkOptions, PairOptions } from "../../src/nets/pair.ts";
import type { Slot } from "../../src/nets/parameters.ts";
import type { Shape } from "../../src/nets/shape.ts";

export interface SmallModelOptions {
  readonly network?: Partial<NetworkOptions> & Pick<PairOptions, "spec">;
  readonly networks?: ModelOptions["networks"];
  readonly shape?: Shape;
  readonly classes?: number;
  readonly seed?: number;
}

/** Close the team when done. Pixels are random. */
export async function smallModel(options: SmallModelOptions = {}) {
  const { network, networks = "both", shape = { height: 3, width: 5, channels: 1 }, classes = 3, seed = 5 } = options;
  const team = await Team.create({ maximumPages: 2048 });
  const random = new RandomStream(seed, "small model");
  const data = {
    name: "random",
    shape,
    classNames: Array.from({ length: classes }, (_, c) => `class ${c}`),
    statistics: {
      mean: Array.from({ length: shape.channels }, () => 0.3 + 0.2 * random.uniform()),
      std: Array.from({ length: shape.channels }, () => 0.2 + 0.2 * random.uniform()),
    },
  };
  const whole: NetworkOptions = {
    kind: "mlp",
    hidden: [21, 18],
    steps: 4,
    norm: true,
    tau: 2,
    threshold: { perception: 0.6, recall: 0.5 },
    stimulus: "direct",
    target: "one-hot",
    targetSize: 0,
    ...network,
  };
  const model = new Model(team, { network: whole, seed, maxImages: 8, networks }, data);
  fillSlots(model.slots(false), random);
  const count = 8;
  const pixels = Uint8Array.from({ length: count * shape.height * shape.width * shape.channels }, () =>
    random.below(256),
  );
  const split = { images: pixels, labels: Uint16Array.from({ length: count }, () => random.below(classes)), count };
  return { team, model, split };
}

/** Random values a net works with: weights that make it fire, variances above 0. */
export function fillSlots(slots: Iterable<Slot>, random: RandomStream): void {
  for (const slot of slots) {
    const values = slot.read();
    const fan = slot.shape.slice(1).reduce((a, b) => a * b, 1);
    const [least, most] = slot.name.endsWith(".weight")
      ? [-3 / Math.sqrt(fan), 3 / Math.sqrt(fan)]
      : /variance|gamma/.test(slot.name)
        ? [0.5, 1.5]
        : [-0.3, 0.5];
    random.fillUniform(values, least, most);
    slot.write(values);
  }
}
