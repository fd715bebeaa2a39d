#!/usr/bin/env node
/** The `bispike` command: what the package's `bin` starts. */
import { runProgram } from "./program.ts";

await runProgram(process.argv.slice(2));
