/** Entry of a thread of the engine's team in a page: serves the team it is started for until it is terminated. */
import { serve } from "../../../src/engine/team-loop.js";

addEventListener("message", ({ data }) => {
  postMessage("ready");
  serve(data);
});
