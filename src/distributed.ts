/**
 * One training over several processes or hosts: a pair cut between stages. Runs anywhere; sockets are in `bispike/node`.
 *
 * @example
 * import { Team } from "bispike";
 * import { channelPair, createPart, decodePart, joinParts, limitsOf, trainPart } from "bispike/distributed";
 *
 * const lower = createPart(await Team.create(), config, dataset, { first: 1, last: 2 });
 * const upper = createPart(await Team.create(), config, dataset, { first: 3, last: 5 });
 * const [up, down] = channelPair({ ...limitsOf(lower.model.pair, "above"), ...limitsOf(upper.model.pair, "below") });
 * const saved = new Map<string, Uint8Array>();
 * const keep = (part: string) => ({ software: "1", onSave: (_step: number, bytes: Uint8Array) => saved.set(part, bytes) });
 * await Promise.all([trainPart(lower, { above: up }, keep("lower")), trainPart(upper, { below: down }, keep("upper"))]);
 * const checkpoint = joinParts([...saved].map(([part, bytes]) => decodePart(bytes, part)));
 *
 * @module bispike/distributed
 */

export { balancedCuts, stageWork } from "./cluster/balance.ts";
export {
  type Channel,
  channelPair,
  type Frame,
  type FrameKind,
  type FrameLimits,
  PROTOCOL_VERSION,
  type SpikeCoding,
} from "./cluster/frames.ts";
export type { Neighbours } from "./cluster/join.ts";
export { joinParts } from "./cluster/join.ts";
export { limitsOf, type Traffic } from "./cluster/link.ts";
export { createPart, type Part } from "./cluster/part.ts";
export { decodePart, type PartFile, type PartPosition } from "./cluster/part-file.ts";
export type { PartTiming } from "./cluster/train-part.ts";
export { type PartOptions, type PartResult, type PartStep, trainPart } from "./cluster/train-part.ts";
export { describeStages, parseStages, rangesOf, type StageRange } from "./nets/pair.ts";
