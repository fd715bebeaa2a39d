/**
 * Whose fault is a gap to backprop: of the stages below, or of what teaches those above? The lowest stages of a finished run are taken over and stay as they are; those above them, and the
 * read-out, start anew and learn by backprop or by BSD. Two rules, `above-by-backprop` and `above-by-bsd`, told by the environment:
 *
 *   FROM   checkpoint of the run    KEEP   hidden stages taken over, from the stimulus up (default 1)
 *
 *   $ FROM=runs/fashion-cnn-seed1/best.safetensors KEEP=2 bispike train experiments/fashion-cnn.yaml --plugin experiments/frozen-below.mjs --rule.name=above-by-backprop --train.epochs=3 --judge held-out
 */
import { readFileSync } from "node:fs";

const { FROM, KEEP = "1" } = process.env;
const keep = Number(KEEP);

/** @param {typeof import("bispike")} bispike */
export default function register({ registerRule, Backprop, Bsd, BispikeError, decodeCheckpoint }) {
  /**
   * Puts the run's stages into the pair; returns the groups that stay.
   *
   * @param {import("bispike").NetworkPair} pair
   */
  function taken(pair) {
    if (!FROM || !Number.isInteger(keep) || keep < 1 || keep >= pair.perception.length)
      throw new BispikeError(
        "usage",
        `frozen-below: expected FROM, a checkpoint, and KEEP from 1 to ${pair.perception.length - 1}, got ${FROM} and ${KEEP}`,
      );
    const { tensors } = decodeCheckpoint(readFileSync(FROM), FROM);
    for (const slot of pair.slots(false)) {
      const stage = Number(/stage(\d+)/.exec(slot.name)?.[1]);
      const data = tensors.get(slot.name)?.data;
      if (stage <= keep + 1 && data instanceof Float32Array) slot.write(data);
    }
    return new Set([...pair.perception.slice(0, keep), ...pair.recall.slice(0, keep + 1)].map(({ group }) => group));
  }

  /**
   * A rule whose optimiser passes over some groups.
   *
   * @param {InstanceType<typeof Bsd> | InstanceType<typeof Backprop>} rule
   * @param {ReturnType<typeof taken>} groups
   */
  function sparing(rule, groups) {
    const { optimiser } = rule;
    const update = optimiser.update.bind(optimiser);
    optimiser.update = (...[group, rate]) => {
      if (!groups.has(group)) update(group, rate);
    };
    return rule;
  }

  registerRule("above-by-backprop", {
    networks: "perception",
    keepDrives: true,
    create: (pair, { rule, optimiser }) => sparing(new Backprop(pair, rule, optimiser), taken(pair)),
  });
  registerRule("above-by-bsd", {
    networks: "both",
    keepDrives: false,
    create: (pair, { rule, optimiser }) => sparing(new Bsd(pair, rule, optimiser), taken(pair)),
  });
}
