/** A growing series of which a bounded number of points is kept, spread evenly over all of it. */
export class Trace {
  readonly #most: number;
  #every = 1;
  #seen = 0;
  readonly #values: number[] = [];

  /** @param most points that are kept at most; an even number */
  constructor(most = 96) {
    this.#most = most;
  }

  add(value: number): void {
    if (this.#seen++ % this.#every !== 0) return;
    this.#values.push(value);
    if (this.#values.length < this.#most) return;
    // Every second one, the first among them.
    for (let k = 0; 2 * k < this.#values.length; k++) this.#values[k] = this.#values[2 * k]!;
    this.#values.length = Math.ceil(this.#values.length / 2);
    this.#every *= 2;
  }

  clear(): void {
    this.#values.length = this.#seen = 0;
    this.#every = 1;
  }

  /** Oldest first. */
  get values(): readonly number[] {
    return this.#values;
  }
}
