/**
 * The stages of an autoencoder, from the image through the latent and back:
 *
 *   image -> hidden[0] -> ... -> hidden[K - 1] -> latent -> hidden[K - 1] -> ... -> hidden[0] -> image
 *
 * cnn: 3x3 convolutions of stride 2 halve the plane on the way in, nearest upsampling with 3x3 convolutions doubles it on the way out; the latent is flat. mlp: all flat.
 */
import { BispikeError } from "../../errors.ts";
import { describeShape, flat, type Shape } from "../shape.ts";
import { paddedShape } from "../stage-plan.ts";

/** What an autoencoder looks like; the YAML section `network` of task autoencode. */
export interface AutoencoderShape {
  /** mlp: fully connected stages. cnn: 3x3 convolutions of stride 2 down to the latent and, mirrored, nearest upsampling with 3x3 convolutions back. */
  readonly kind: "mlp" | "cnn";
  /** Neurons (mlp) or channels (cnn) of the stages between image and latent. */
  readonly hidden: readonly number[];
  /** Neurons of the latent. */
  readonly latent: number;
}

/**
 * The frame images are put in: a cnn halves its sides at every stage between image and latent, so they are padded to a multiple of that.
 *
 * @example
 * autoencoderFrame({ kind: "cnn", hidden: [16, 32, 64], latent: 64 }, { height: 28, width: 28, channels: 1 }); // 32 x 32
 */
export function autoencoderFrame(network: AutoencoderShape, image: Shape): Shape {
  const { kind, hidden } = network;
  return paddedShape(kind, hidden.length, image);
}

/**
 * Shapes of the hidden stages in the order a stimulus goes through them: into the latent (index `hidden.length`) and out again. `image`: the frame.
 *
 * @throws BispikeError "shape" where a cnn's frame cannot be halved as often as there are convolutions
 * @example
 * autoencoderShapes({ kind: "mlp", hidden: [256], latent: 64 }, image).map(({ channels }) => channels); // 256, 64, 256
 */
export function autoencoderShapes(network: AutoencoderShape, image: Shape): Shape[] {
  const { kind, hidden, latent } = network;
  const unit = 2 ** hidden.length;
  if (kind === "cnn" && (image.height % unit !== 0 || image.width % unit !== 0)) {
    throw new BispikeError(
      "shape",
      `an autoencoder of ${hidden.length} convolutions halves its image as often: expected sides divisible by ${unit}, got ${describeShape(image)}`,
    );
  }
  const planes = hidden.map((channels, k) =>
    kind === "mlp" ? flat(channels) : { height: image.height >> (k + 1), width: image.width >> (k + 1), channels },
  );
  return [...planes, flat(latent), ...planes.toReversed()];
}
