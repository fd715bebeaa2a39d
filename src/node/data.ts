/** `bispike/data` as Node imports it: names, folders and paths are data, too. */
import "./platform.ts";

export * from "../data.ts";
