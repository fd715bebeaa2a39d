/** What to train: images, net, rule and its numbers, of one run or of two; and the same as a link and a command. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import "../styles/choose.css";
import { apply, checks, drafts, setBeside, takeOver } from "../state/draft.ts";
import { beside, setup } from "../state/lab.ts";
import { ChooseImages } from "./choose-images.tsx";
import { ChooseRun } from "./choose-run.tsx";
import { Share } from "./share.tsx";

export function Choose() {
  const said = useSignal("");
  // What is on screen may change by the address too.
  useEffect(takeOver, [setup.value, beside.value]);
  const two = drafts.value.length > 1;
  const wrong = checks.value.some(({ config }) => !config);
  const submit = async (event: Event) => {
    event.preventDefault();
    said.value = "";
    if (!(await apply())) said.value = "Not started: see what is marked above.";
  };
  return (
    <div class="choose">
      <form onSubmit={submit} noValidate>
        <ChooseImages />
        <fieldset class="radios">
          <legend>Runs</legend>
          <label>
            <input type="radio" name="runs" checked={!two} onChange={() => setBeside(false)} /> one run
          </label>
          <label>
            <input type="radio" name="runs" checked={two} onChange={() => setBeside(true)} /> two side by side
          </label>
        </fieldset>
        <div class="drafts">
          {drafts.value.map((_, k) => (
            <ChooseRun key={k} run={k} of={drafts.value.length} />
          ))}
        </div>
        <p>
          <button type="submit" disabled={wrong}>
            Apply
          </button>{" "}
          {wrong ? "Something above cannot be run as it is." : "Starts anew with this setup."}
        </p>
        <p role="status">{said.value}</p>
      </form>
      <Share />
    </div>
  );
}
