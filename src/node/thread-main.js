// @ts-check
/** Entry of a worker thread: serves the team it was started for. */
import { parentPort, workerData } from "node:worker_threads";
import { serve } from "../engine/team-loop.js";

parentPort?.postMessage("ready");
serve(workerData);
