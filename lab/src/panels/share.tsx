/** What is on screen, as a link to this page and as commands that train the same to the same bytes. */
import { useSignal } from "@preact/signals";
import { checkedConfig, commandOf, linkOf } from "../setup/index.ts";
import { beside, setup } from "../state/lab.ts";

export function Share() {
  const shown = beside.value ? [setup.value, beside.value] : [setup.value];
  const configs = shown.map(({ config }) => checkedConfig(config));
  const link = `${location.origin}${location.pathname}#${linkOf(configs)}`;
  const files = shown[0]!.data.kind === "files";
  return (
    <section class="share" aria-label="Share">
      <h2>Share what is on screen</h2>
      <Copied label="Link" text={link} />
      {files && <p class="note">A link cannot carry your own files: who opens it has to drop them again.</p>}
      {configs.map((config, k) => (
        <Copied
          key={k}
          label={configs.length > 1 ? `Command of run ${k + 1}` : "Command"}
          text={commandOf(config, shown[k]!.data.kind === "files")}
        />
      ))}
      <p class="note">
        The command trains the same on the command line, to the same bytes
        {files ? "; put your folder's path in (of a zip file, unpacked)" : ""}.
      </p>
    </section>
  );
}

function Copied({ label, text }: { label: string; text: string }) {
  const said = useSignal("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      said.value = "copied";
    } catch {
      said.value = "this browser does not let the page copy: select the text";
    }
  };
  return (
    <div class="copied">
      <strong>{label}</strong>
      <button type="button" onClick={copy} aria-label={`Copy the ${label.toLowerCase()}`}>
        Copy
      </button>
      <span role="status">{said.value}</span>
      <textarea readOnly rows={2} aria-label={label} value={text} />
    </div>
  );
}
