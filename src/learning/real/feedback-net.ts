/** The net that runs from the classes' one-hot rows down to the stimulus, of the shapes an image net has going up. */
import { padded } from "../../engine/kernels.ts";
import type { Team } from "../../engine/team.ts";
import { BispikeError } from "../../errors.ts";
import { LayeredNet } from "../../network/real/layered-net.ts";
import type { StageConnections } from "../../network/real/real-layer.ts";
import { describeShape, flat, type Shape, sizeOf } from "../../network/shape.ts";
import type { RealImageNet, RealImageNetOptions } from "./image-net.ts";

/** Connections of the feedback net from the classes down; the last redraws the stimulus. Throws a `shape` error where planes cannot be doubled to the image's. */
export function feedbackConnections({
  kind,
  image,
  hidden,
}: Pick<RealImageNetOptions, "kind" | "image" | "hidden">): StageConnections[] {
  const down = hidden.toReversed();
  if (kind === "mlp") return [...down, sizeOf(image)].map((width) => ({ kind: "linear", shape: flat(width) }));
  const unit = 2 ** hidden.length;
  if (image.height % unit !== 0 || image.width % unit !== 0) {
    throw new BispikeError(
      "shape",
      `a feedback net doubles its plane up to the image's in ${hidden.length} stages: expected sides divisible by ${unit}, got ${describeShape(image)}`,
    );
  }
  const [deepest, ...wider] = down;
  if (deepest === undefined) return [{ kind: "linear", shape: image }];
  const plane: Shape = {
    height: image.height >> hidden.length,
    width: image.width >> hidden.length,
    channels: deepest,
  };
  const up = [...wider, image.channels].map((channels) => ({ kind: "conv", channels, upsample: true }) as const);
  return [{ kind: "linear", shape: plane }, ...up];
}

/** The net from the classes' one-hot rows down to the stimulus. */
export function feedbackNet(team: Team, options: RealImageNet["options"]): LayeredNet {
  const { classes, norm, seed, activation } = options;
  const stride = padded(classes);
  const rows = team.arena.f32(classes * stride);
  for (let c = 0; c < classes; c++) rows.view[c * stride + c] = 1;
  const input = { kind: "real", shape: flat(classes), at: rows.at, stride, maxImages: classes } as const;
  const stages = feedbackConnections(options);
  const names = stages.map((_, k) => `feedback.stage${stages.length - k}`);
  return new LayeredNet(team, { input, stages, norm, activation, names, seed });
}
