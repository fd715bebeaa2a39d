// @ts-check
/**
 * How fast can lists of weight rows be added up, when nothing else is done? `sumLists` (assembly/sorted-lists.ts), the inner loop of a convolution, compiled alone: lists of one length, of random
 * rows in order, over a tile of weights of 32, 64 or 128 channels. What a convolution takes above this goes to listing windows, ordering lists, pooling, and to lists and sums that leave the
 * nearest cache.
 *
 *   node bench/list-sums.mjs          (after npm run build)
 */
import { compiled } from "./compiled.mjs";
import { RandomStream } from "./library.mjs";
import { figure, table } from "./table.mjs";

const LISTS = 512;
const RUNS = 400;
/** Bytes of a row, and of a list's record: begin, end, and where its sum goes. */
const ROW = 64;
const RECORD = 12;
/** Where weights, lists, records and sums lie. */
const PLACES = { weights: 1 << 20, lists: 4 << 20, records: 12 << 20, sums: 16 << 20 };

const memory = new WebAssembly.Memory({ initial: 512 });
const binary = await compiled(new URL("../src/engine/assembly/", import.meta.url), "sorted-lists.ts");
const { instance } = await WebAssembly.instantiate(binary, { env: { memory } });
const { sumLists } = /** @type {{ sumLists: (...args: number[]) => void }} */ (/** @type {any} */ (instance.exports));
const random = new RandomStream(1, "bench lists");
const words = new Uint32Array(memory.buffer);
const entries = new Uint16Array(memory.buffer);
new Float32Array(memory.buffer, PLACES.weights, 1152 * 16).fill(0.5);

const rows = [288, 576, 1152].flatMap((inputs) =>
  [8, 16, 32, 128].map((length) => [String(inputs), String(length), figure(nanoseconds(inputs, length))]),
);
console.log(table(["rows of the tile", "entries a list", "ns a vector added"], rows));

/**
 * @param {number} inputs rows of the tile
 * @param {number} length of each list
 */
function nanoseconds(inputs, length) {
  for (let list = 0; list < LISTS; list++) {
    const at = PLACES.lists + 2 * list * length;
    const chosen = Uint16Array.from({ length }, () => Math.floor(random.uniform() * inputs)).sort();
    entries.set(chosen, at / 2);
    words.set([at, at + 2 * length, ROW * list], (PLACES.records + RECORD * list) / 4);
  }
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < RUNS; run++) {
    const began = performance.now();
    sumLists(PLACES.records, PLACES.records + RECORD * LISTS, PLACES.weights, PLACES.sums);
    best = Math.min(best, performance.now() - began);
  }
  return (1e6 * best) / (LISTS * length * 4);
}
