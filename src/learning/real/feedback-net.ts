/** The net that runs from the classes' one-hot rows down to the stimulus, of the shapes an image net has going up. */
import { padded } from "../../engine/kernels.ts";
import type { Team } from "../../engine/team.ts";
import { BispikeError } from "../../errors.ts";
import { LayeredNet } from "../../network/real/layered-net.ts";
import { describeShape, flat } from "../../network/shape.ts";
import type { RealImageNet } from "./image-net.ts";

/** The net from the classes' one-hot rows down to the stimulus. Throws a `shape` error where planes cannot be doubled to the image's. */
export function feedbackNet(team: Team, { options, net }: RealImageNet): LayeredNet {
  const { kind, image, hidden, classes, seed } = options;
  const unit = 2 ** hidden.length;
  if (kind === "cnn" && (image.height % unit !== 0 || image.width % unit !== 0)) {
    throw new BispikeError(
      "shape",
      `a feedback net doubles its plane up to the image's in ${hidden.length} stages: expected sides divisible by ${unit}, got ${describeShape(image)}`,
    );
  }
  const stride = padded(classes);
  const rows = team.arena.f32(classes * stride);
  for (let c = 0; c < classes; c++) rows.view[c * stride + c] = 1;
  const input = { kind: "real", shape: flat(classes), at: rows.at, stride, maxImages: classes } as const;
  return new LayeredNet(team, { input, spec: net.spec, side: "recall", seed });
}
