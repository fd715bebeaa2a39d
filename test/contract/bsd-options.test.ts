/** What rule BSD refuses of whoever builds it: options that its pair was not made for. */
import { expect, test } from "vitest";
import type { PairOptions } from "../../src/nets/pair.ts";
import type { BsdOptions } from "../../src/problems/classify.ts";
import { smallPair } from "../support/small-pair.ts";

const build = (network: Partial<PairOptions>, rule: Partial<BsdOptions>) =>
  smallPair({ network: { kind: "mlp", ...network }, rule }).then(({ team }) => team.close());

test.each([
  ["recall, of a pair without", { networks: "perception" }, {}, /^this pair has perception alone/],
  ["random codes beside recall", {}, { codes: "random" }, /codes random take the place of recall/],
  [
    "random codes of samples",
    { networks: "perception" },
    { codes: "random", rivals: "masked" },
    /codes random are one a class: expected rivals prototypes, got masked/,
  ],
  ["stages that are not detached, without their drives", {}, { detached: false }, /keepDrives true/],
  ["errors that reach others, without their drives", {}, { errorDepth: 1 }, /errors that reach .*keepDrives true/],
  [
    "errors that reach others all the way",
    { keepDrives: true },
    { errorDepth: 1, detached: false },
    /expected errorDepth 0, got 1/,
  ],
  [
    "errors that reach others by a recall that is no chain",
    { recall: "broadcast", keepDrives: true },
    { errorDepth: 1 },
    /expected a pair with recall chain, got broadcast; or errorWeights learned or transposes/,
  ],
  [
    "errors that reach others by a recall that is not there",
    { networks: "perception", keepDrives: true },
    { errorDepth: 1, codes: "random" },
    /expected a pair with recall chain, got perception alone/,
  ],
  [
    "errors that reach others on a part of a pair",
    { keepDrives: true, part: { first: 1, last: 3 } },
    { errorDepth: 1 },
    /errorDepth 0 on a pair that is cut/,
  ],
  [
    "stages that are not detached, of a recall that is no chain",
    { recall: "broadcast", keepDrives: true },
    { detached: false },
    /expected a pair with recall chain, got broadcast/,
  ],
  [
    "a part of a pair whose concept reaches the stages of others",
    { recall: "broadcast", part: { first: 1, last: 3 } },
    {},
    /network\.recall: expected chain for a part of a pair, got broadcast/,
  ],
] as const)("%s", async (_, network, rule, message) => {
  await expect(build(network, rule)).rejects.toThrow(message);
});

test("what fits is built", async () => {
  await build({ networks: "perception", keepDrives: true }, { codes: "random", detached: false });
  await build({ keepDrives: true }, { freeze: "both" });
  await build({ recall: "broadcast" }, { recallFeatures: "membrane" });
  // Nothing comes down to its stages.
  const alone = { networks: "perception", recall: "broadcast", keepDrives: true } as const;
  await build(alone, { codes: "random", detached: false });
  await build(alone, { codes: "random", errorDepth: 1, errorWeights: "transposes" });
  await build({ recall: "broadcast", keepDrives: true }, { errorDepth: 1, errorWeights: "transposes" });
  await build({ keepDrives: true }, { errorDepth: 1, freeze: "recall" });
});
