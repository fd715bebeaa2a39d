/** The real-valued net on one element at a time: h_n = tanh(W_x x_n + W_h h_{n-1} + b), with h_{n-1} kept in a row of its own. */
import type { Element } from "../../data/sequence/element.ts";
import type { Region } from "../../engine/memory.ts";
import type { RecurrentNet } from "../../network/real/recurrent-net.ts";
import type { Stepper } from "./stepper.ts";

export class RealStepper implements Stepper {
  readonly #net: RecurrentNet;
  /** h of the newest element, a row a layer. */
  readonly #newest: readonly Region<Float32Array>[];
  /** Whether there is one. */
  #begun = false;

  constructor(net: RecurrentNet) {
    this.#net = net;
    this.#newest = net.layers.map(({ stride }) => net.team.arena.f32(stride));
  }

  reset(): void {
    this.#begun = false;
  }

  next(element: Element): Float32Array {
    const { windows, layers, readout } = this.#net;
    windows.present(element);
    for (const [k, layer] of layers.entries()) {
      const { at, view } = this.#newest[k]!;
      const h = layer.valuesAt(0);
      layer.drive(0, 1);
      if (this.#begun) layer.recurFrom({ at, stride: layer.stride }, 1, h, "own");
      layer.activate(h, 1);
      view.set(layer.values.view.subarray(0, layer.stride));
    }
    this.#begun = true;
    readout.forward(0, 1);
    return readout.outputs.view.slice(0, readout.width);
  }
}
