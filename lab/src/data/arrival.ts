/** How much of the images has come: over a slow network they take longer than all else. */

/** Bytes that have come, and of how many: null where a server does not say, or packs on the way, so that what comes is not what it counted. */
export interface Arrival {
  readonly bytes: number;
  readonly of: number | null;
}

/** Milliseconds between two times that it is told. */
const TOLD_EVERY = 200;

/** Reads several answers whole and tells of them together. */
export class Arriving {
  readonly #tell: (arrival: Arrival) => void;
  readonly #announced = new Map<string, number | null>();
  readonly #files: number;
  #bytes = 0;
  #telling: ReturnType<typeof setTimeout> | undefined;

  /** @param files how many are fetched: until each has been answered, of how many bytes is not known */
  constructor(files: number, tell: (arrival: Arrival) => void) {
    this.#files = files;
    this.#tell = tell;
  }

  /**
   * The answer's bytes. Rejects with the browser's own TypeError where it breaks off twice.
   *
   * Two workers that ask at once share an entry of the browser's cache; where that cannot keep the file, as in a private window, the second one's answer breaks off.
   */
  async read(response: Response): Promise<Uint8Array<ArrayBuffer>> {
    const { headers, body, url } = response;
    const length = headers.get("Content-Length");
    this.#announced.set(url, length === null || headers.has("Content-Encoding") ? null : Number(length));
    if (!body) return new Uint8Array(await response.arrayBuffer());
    const counted = body.pipeThrough(
      new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
        transform: (chunk, out) => {
          this.#bytes += chunk.length;
          this.#say();
          out.enqueue(chunk);
        },
      }),
    );
    const whole = await new Response(counted).arrayBuffer().catch(() => unkept(url));
    return new Uint8Array(whole);
  }

  #say(): void {
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      this.#tell({ bytes: this.#bytes, of: this.#all() });
    }, TOLD_EVERY);
  }

  #all(): number | null {
    if (this.#announced.size < this.#files) return null;
    let all = 0;
    for (const bytes of this.#announced.values()) {
      if (bytes === null) return null;
      all += bytes;
    }
    return all;
  }
}

/** What an address answers without the cache. */
const unkept = async (url: string) => (await fetch(url, { cache: "no-store" })).arrayBuffer();
