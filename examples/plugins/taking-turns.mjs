/**
 * A rule of one's own: Bidirectional Spike-Based Distillation whose networks take turns. In even steps perception learns from a recall that stays, in odd ones recall from perception.
 *
 *   $ bispike train experiments/mnist-mlp.yaml --plugin examples/plugins/taking-turns.mjs --rule.name=taking-turns
 */

/** @param {typeof import("bispike")} bispike */
export default function register({ registerRule, Bsd }) {
  registerRule("taking-turns", {
    networks: "both",
    keepDrives: false,
    create: (pair, { rule, optimiser }) => {
      const bsd = new Bsd(pair, rule, optimiser);
      return {
        optimiser: bsd.optimiser,
        slots: (moments) => bsd.slots(moments),
        step: (batch, { perception, recall }) =>
          bsd.step(batch, batch.counter % 2 === 0 ? { perception, recall: 0 } : { perception: 0, recall }),
      };
    },
  });
}
