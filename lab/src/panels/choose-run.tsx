/** Rule, net and numbers of one run: only what its rule reads, and what is wrong where it is typed. */
import { Draft, type Field, fieldsOf, othersOf, RULES } from "../setup/index.ts";
import { change, checks, drafts, forget } from "../state/draft.ts";

export function ChooseRun({ run, of }: { run: number; of: number }) {
  const pairs = drafts.value[run];
  if (!pairs) return null;
  const draft = new Draft(pairs);
  const { fields, others } = checks.value[run]!.faults;
  return (
    <fieldset class="draft">
      <legend>{of === 1 ? "Rule and net" : run === 0 ? "First run" : "Second run"}</legend>
      <div class="wide">
        <label for={`rule-${run}`}>Learning rule</label>
        <select
          id={`rule-${run}`}
          value={draft.rule}
          onChange={(event) => change(run, "rule.name", event.currentTarget.value)}
        >
          {RULES.map(({ net, rules }) => (
            <optgroup key={net} label={net}>
              {rules.map(({ value, label }) => (
                <option key={value} value={value} selected={value === draft.rule}>
                  {label}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      </div>
      {fieldsOf(draft).map((field) => (
        <FieldRow key={field.key} run={run} field={field} draft={draft} fault={fields.get(field.key)} />
      ))}
      {othersOf(pairs)
        .filter((key) => !key.startsWith("data."))
        .map((key) => (
          <p class="wide" key={key}>
            Also set: <code>{`${key} = ${pairs.get(key)}`}</code>{" "}
            <button type="button" aria-label={`Drop ${key}`} onClick={() => forget(run, key)}>
              drop
            </button>
          </p>
        ))}
      {others.map((fault) => (
        <p class="fault wide" role="alert" key={fault}>
          {fault}
        </p>
      ))}
    </fieldset>
  );
}

interface RowProps {
  readonly run: number;
  readonly field: Field;
  readonly draft: Draft;
  readonly fault: string | undefined;
}

function FieldRow({ run, field, draft, fault }: RowProps) {
  const { key, label, hint, choices } = field;
  const id = `${key.replaceAll(".", "-")}-${run}`;
  const described = [...(fault ? [`${id}-fault`] : []), ...(hint ? [`${id}-hint`] : [])].join(" ");
  const common = {
    id,
    "aria-invalid": fault !== undefined,
    ...(described === "" ? {} : { "aria-describedby": described }),
  };
  return (
    <div>
      <label for={id}>{label}</label>
      {choices ? (
        <select {...common} onChange={(event) => change(run, key, event.currentTarget.value)}>
          {choices.map(({ value, label: words }) => (
            <option key={value} value={value} selected={value === draft.value(key)}>
              {words}
            </option>
          ))}
        </select>
      ) : (
        <input
          {...common}
          type="text"
          inputMode={key === "network.hidden" ? "text" : "decimal"}
          autoComplete="off"
          value={draft.pairs.get(key) ?? ""}
          placeholder={draft.usual(key)}
          onInput={(event) => change(run, key, event.currentTarget.value)}
        />
      )}
      {fault && (
        <small class="fault" id={`${id}-fault`} role="alert">
          {fault}
        </small>
      )}
      {hint && <small id={`${id}-hint`}>{hint}</small>}
    </div>
  );
}
