/** The zod schema of an autoencoder experiment's configuration; a field's meaning is documented on its type in `config.ts`. */

import * as z from "zod/mini";
import { stageLosses } from "../../losses/stage-loss.ts";
import {
  choice,
  choiceOrRegistered,
  flag,
  hidden,
  name,
  positive,
  real,
  section,
  trainSection,
  whole,
} from "../config-fields.ts";
import { imageDataSection } from "../config-schema.ts";
import type { AutoencoderConfig } from "./config.ts";

export const AUTOENCODE = "autoencode";
/** Rules on the spiking net, whose latent can be read and set. */
export const SPIKING_RULES = ["bsd", "backprop"] as const;
/** Rules on the real-valued net. */
export const REAL_RULES = ["real-backprop"] as const;

/** A radius in the plane of spatial frequencies, whose corner is at the root of a half. */
const radius = () => {
  const error = "a radius from 0 to 0.7071 cycles a pixel";
  return z.number({ error }).check(z.gte(0, { error }), z.lte(Math.SQRT1_2, { error }));
};

export const autoencoderSchema = section({
  name: name(),
  task: choice([AUTOENCODE]),
  data: imageDataSection(),
  network: section({
    kind: choice(["mlp", "cnn"]),
    hidden: hidden(),
    latent: whole(1, 65535),
    steps: whole(1, 65536),
    norm: flag(),
    tau: real(1),
    threshold: section({ perception: positive(), recall: positive() }),
  }),
  rule: section({
    name: choice([...SPIKING_RULES, ...REAL_RULES]),
    features: choice(["rate", "drive", "membrane"]),
    centred: flag(),
    loss: choiceOrRegistered(stageLosses),
    lambda: real(0),
    temperature: positive(),
    weight: real(0),
    stimulusWeight: real(0),
    topWeight: real(0),
    seeing: real(0),
    redraw: real(0),
    homeostasis: section({ weight: real(0), rate: real(0, 1) }),
    frequency: section({
      on: flag(),
      split: radius(),
      bands: choice(["two", "smooth"]),
      lowLambda: real(0),
      highLambda: real(0),
      lowWeight: real(0),
      highWeight: real(0),
      softness: positive(),
      rings: whole(1, 64),
    }),
  }),
  train: trainSection(),
}) satisfies z.ZodMiniType<AutoencoderConfig>;
