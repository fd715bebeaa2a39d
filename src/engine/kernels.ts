/** The kernels by name, and how to compile them. Their sources, with the equations, are in `assembly/`. */
import { BINDINGS, type KernelArguments } from "./bindings.generated.ts";
import { kernelBytes } from "./wasm.generated.ts";

/** A kernel's name. What each computes is said at its arguments (`KernelArguments`) and in its source in `src/engine/assembly`. */
export type KernelName = keyof KernelArguments;

/** The kernels' names; the order is part of the team's protocol. */
export const KERNEL_NAMES = Object.keys(BINDINGS) as readonly KernelName[];

/** A kernel as WebAssembly exports it. */
export type Kernel = (begin: number, end: number, thread: number, ...args: number[]) => void;

/** Neurons a tile; all layouts are padded to it. */
export const LANES = 16;

/** Floats an item of the element-wise kernels (`adamw`, `sumSquares`, `addInto`). */
export const BLOCK = 2048;

/** Columns an item of `centre`. */
export const CENTRED_COLUMNS = 128;

/** Rows that take a step together in the neurons' kernels. */
export const ROWS = 32;

/** Rounds up to whole tiles of neurons. */
export function padded(count: number): number {
  return Math.ceil(count / LANES) * LANES;
}

/** How the module asks for its memory: module and field name, kind memory, then the flags "has a maximum" and "shared". */
const MEMORY_IMPORT = [3, ...letters("env"), 6, ...letters("memory"), 2];
const [MAXIMUM_ONLY, MAXIMUM_AND_SHARED] = [1, 3];

const compiled = new Map<boolean, Promise<WebAssembly.Module>>();

/**
 * The compiled module; compiled once a process.
 *
 * @param shared whether it takes shared memory (default), or memory of one thread: the same code, which uses no instruction that only shared memory has
 */
export function kernelModule(shared = true): Promise<WebAssembly.Module> {
  let module = compiled.get(shared);
  if (!module) {
    module = compile(shared);
    compiled.set(shared, module);
  }
  return module;
}

async function compile(shared: boolean): Promise<WebAssembly.Module> {
  const bytes = await kernelBytes();
  if (!shared) bytes[memoryFlags(bytes)] = MAXIMUM_ONLY!;
  return WebAssembly.compile(bytes);
}

/** Where the flags of the imported memory stand. */
function memoryFlags(bytes: Uint8Array): number {
  const at = bytes.findIndex((_, i) => MEMORY_IMPORT.every((byte, k) => bytes[i + k] === byte)) + MEMORY_IMPORT.length;
  if (bytes[at] !== MAXIMUM_AND_SHARED) throw new Error("the kernels do not import a shared memory");
  return at;
}

function letters(text: string): number[] {
  return Array.from(text, (letter) => letter.charCodeAt(0));
}
