/** `bispike` as Node imports it: the library, with threads, files and run folders behind `train` and `load`. */
import "./platform.ts";

export * from "../index.ts";
