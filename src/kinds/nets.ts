/** Networks, models of them and where they are kept in memory. */
import * as z from "zod/mini";
import { callable, listed, number, shape, statistics, thing, whole } from "./schemas.ts";

const hidden = z.array(number);
const layers = z.looseObject({ perception: listed, recall: listed, options: thing, target: thing });
const frozen = { kind: z.string(), hidden };
const spiking = { hidden, steps: whole, tau: number, norm: z.boolean(), maxImages: whole, seed: number };
const elements = z.looseObject({ kind: z.string(), width: number });

/** Of rules that read the drives of a whole pass again: without, the last stage's are where they look for all others'. */
const keeping = z.looseObject({ keepDrives: z.literal(true) });

export const netKinds = {
  team: { schema: z.looseObject({ arena: thing, threads: z.number() }), words: "a team, as Team.create gives it" },
  arena: { schema: z.looseObject({ allocate: callable, memory: thing }), words: "an arena, such as team.arena" },
  arenaOfTeam: { schema: z.looseObject({ memory: thing }), words: "an arena; Team.create makes a team" },
  arenaOptions: {
    schema: z.looseObject({ maximumPages: z.optional(whole), shared: z.optional(z.boolean()) }),
    words: "{ maximumPages, shared }, both optional",
  },
  room: {
    schema: z.looseObject({ positive: thing, negative: thing }),
    words: "room for a pairing, as pairingRoom gives it",
  },
  data: {
    schema: z.looseObject({ name: z.string(), shape, classNames: listed, statistics }),
    words: "what a net knows of its data, { name, shape, classNames, statistics }",
  },
  model: {
    schema: z.looseObject({
      data: z.looseObject({ classNames: z.array(z.string()) }),
      ...{ load: callable, perceive: callable },
    }),
    words: "a model, such as experiment.model",
  },
  pairModel: {
    schema: z.looseObject({ pair: z.looseObject({ target: thing }), data: thing }),
    words: "a spiking pair's model, such as experiment.model",
  },
  autoencoderModel: {
    schema: z.looseObject({ learner: thing, redraw: callable, originals: callable }),
    words: "an autoencoder's model, such as experiment.model",
  },
  pair: { schema: layers, words: "a spiking pair, such as experiment.model.pair" },
  keepingPair: { schema: z.looseObject({ options: keeping }), words: "a pair with keepDrives true" },
  rewardedPair: {
    schema: z.looseObject({ options: z.extend(keeping, { target: z.literal("one-hot") }) }),
    words: "a pair with keepDrives true and target one-hot",
  },
  autoencoderLearner: {
    schema: z.looseObject({ stimulus: thing, stimulusWidth: number, step: callable, redraw: callable }),
    words: "an autoencoder's learner, such as experiment.learner",
  },
  autoencoderPair: {
    schema: z.looseObject({ perception: listed, recall: listed, options: thing, path: callable }),
    words: "an AutoencoderPair",
  },
  sequencePair: {
    schema: z.looseObject({ perception: listed, recall: listed, options: z.looseObject({ window: whole }) }),
    words: "a SequencePair",
  },
  net: {
    schema: z.union([z.looseObject({ perception: listed }), z.looseObject({ layers: listed })]),
    words: "a spiking pair or a net of real numbers, as countedNet gives it",
  },
  recurrentNet: { schema: z.looseObject({ layers: listed, windows: thing }), words: "a RecurrentNet" },
  realRows: {
    schema: z.looseObject({ net: thing, stimulus: thing, stimulusWidth: number, maxImages: number }),
    words: "a net of real numbers and its stimuli, { net, stimulus, stimulusWidth, maxImages }",
  },
  realImageNet: {
    schema: z.looseObject({ net: z.looseObject({ layers: listed }), options: thing, stimulus: thing }),
    words: "a net of real numbers, as realImageNet gives it",
  },
  nets: {
    schema: z.looseObject({ slots: callable }),
    words: "what has tensors to keep, such as experiment.model or experiment.rule",
  },
  network: { schema: z.looseObject(frozen), words: "a net's { kind, hidden }, such as config.network" },
  modelOptions: {
    schema: z.looseObject({ network: z.looseObject(frozen), seed: number, maxImages: number }),
    words: "{ network, seed, maxImages } and more",
  },
  pairOptions: {
    schema: z.looseObject({
      ...{ ...frozen, ...spiking, image: shape, classes: whole, target: z.string(), stimulus: z.string() },
      threshold: z.looseObject({ perception: number, recall: number }),
    }),
    words: "what a pair is made from: config.network with image, classes, maxImages and seed",
  },
  autoencoderPairOptions: {
    schema: z.looseObject({
      ...{ ...frozen, ...spiking, image: shape, latent: whole },
      threshold: z.looseObject({ perception: number, recall: number }),
    }),
    words: "what an autoencoder is made from: config.network with image, maxImages and seed",
  },
  autoencoderShape: { schema: z.looseObject({ ...frozen, latent: number }), words: "{ kind, hidden, latent }" },
  realNetOptions: {
    schema: z.looseObject({ ...frozen, image: shape, classes: whole, maxImages: whole, seed: number }),
    words: "{ kind, image, hidden, classes, norm, maxImages, seed }",
  },
  recurrentOptions: {
    schema: z.looseObject({
      inputs: elements,
      targets: elements,
      hidden,
      window: number,
      maxRows: number,
      seed: number,
    }),
    words: "what a recurrent net is made from: { inputs, targets, hidden, window, maxRows, seed } and more",
  },
};
