/** A setup of the lab goes into the page's address and into a command line, and comes back the same from both. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commandOf } from "../../lab/src/setup/command.ts";
import { faultsOf } from "../../lab/src/setup/faults.ts";
import { Draft, FIELDS, fieldsOf, othersOf, RULES } from "../../lab/src/setup/fields.ts";
import { linkOf, readLink } from "../../lab/src/setup/link.ts";
import { pairsOf, rawOf } from "../../lab/src/setup/pairs.ts";
import { splitOverrides } from "../../src/cli/arguments.ts";
import { trainCommand } from "../../src/cli/commands/train.ts";
import { BispikeError } from "../../src/errors.ts";
import { resolveAnyConfig } from "../../src/training/any-config.ts";
import { checkedConfig, type ExperimentConfig, imageRules } from "../../src/training/config.ts";
import { parseConfig } from "../../src/training/config-text.ts";
import { decodeCheckpoint } from "../../src/training/read-checkpoint.ts";
import { runHere } from "../support/cli-here.ts";
import { temporaryFolders } from "../support/folder.ts";
import { steppedSession } from "../support/lab-session.ts";
import { writeSmallDigits } from "../support/small-digits.ts";
import { smallTraining } from "../support/small-training.ts";

const makeFolder = temporaryFolders();

const size = fc.double({ min: 1e-9, max: 1e9, noNaN: true });
const share = fc.double({ min: 1e-9, max: 0.99, noNaN: true });
const count = fc.integer({ min: 2, max: 64 });
const seed = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
// What people call folders, and what shells and YAML stumble over.
const path = fc.oneof(
  fc.constantFrom(
    "true",
    "12",
    "1e3",
    "null",
    "a b",
    "it's",
    "x: y",
    "#1",
    "~",
    "é/ü",
    "[1]",
    "a&b=c",
    "100%",
    "$HOME",
    "-",
  ),
  fc.string({ minLength: 1, maxLength: 20, unit: "grapheme" }).filter((text) => !/\p{Cc}|\p{Cs}/u.test(text)),
);

const augment = fc.record(
  { shift: fc.integer({ min: 0, max: 64 }), flip: fc.boolean(), rotate: fc.double({ min: 0, max: 180, noNaN: true }) },
  { requiredKeys: [] },
);

const raws = fc
  .record(
    {
      name: fc.constantFrom("mine", "1e5", "true", "a.b-c_d"),
      data: fc.oneof(
        fc.record({ name: fc.constantFrom("mnist", "fashion-mnist", "cifar10") }),
        fc.record({ path, validation: share, labelNoise: share, augment }, { requiredKeys: ["path"] }),
      ),
      network: fc.record(
        {
          kind: fc.constantFrom("mlp", "cnn"),
          hidden: fc.array(count, { minLength: 1, maxLength: 5 }),
          steps: fc.integer({ min: 1, max: 16 }),
          norm: fc.boolean(),
          threshold: fc.record({ perception: size, recall: size }, { requiredKeys: [] }),
          stimulus: fc.constantFrom("direct", "poisson"),
          activation: fc.constantFrom("own", "elu"),
          recall: fc.constantFrom("chain", "broadcast"),
        },
        { requiredKeys: [] },
      ),
      rule: fc.record(
        {
          name: fc.constantFrom(...imageRules),
          loss: fc.constantFrom("infonce", "reco", "mse"),
          lambda: size,
          temperature: size,
          features: fc.constantFrom("rate", "membrane"),
          recallFeatures: fc.constantFrom("same", "drive"),
          rivals: fc.constantFrom("prototypes", "masked", "literal"),
          homeostasis: fc.record({ weight: size, rate: share }, { requiredKeys: ["rate"] }),
          detached: fc.boolean(),
        },
        { requiredKeys: [] },
      ),
      train: fc.record({ seed, epochs: count, batch: count, learningRate: size }, { requiredKeys: [] }),
    },
    { requiredKeys: ["data"] },
  )
  .map((raw) => {
    try {
      return checkedConfig(raw);
    } catch (error) {
      if (error instanceof BispikeError) return null;
      throw error;
    }
  })
  .filter((config): config is ExperimentConfig => config !== null);

/** What a shell hands the command, and what the command makes of it. */
function parsed(command: string): ExperimentConfig {
  expect(command).toMatch(/^npx bispike train /);
  const script = `set -- ${command.slice("npx bispike train ".length)}; printf '%s\\0' "$@"`;
  const args = execFileSync("sh", ["-c", script], { encoding: "utf8" }).split("\0").slice(0, -1);
  const { rest, overrides } = splitOverrides(args);
  const options = trainCommand();
  const { operands, unknown } = options.parseOptions([...rest]);
  expect([operands, unknown]).toEqual([[], []]);
  const { name } = options.opts<{ name?: string }>();
  const own = name === undefined ? [] : [`--name=${JSON.stringify(name)}`];
  return resolveAnyConfig({}, [...overrides, ...own]) as ExperimentConfig;
}

describe("the address", () => {
  it("brings one run back", () => {
    fc.assert(
      fc.property(raws, (config) => {
        expect(readLink(`#${linkOf([config])}`)).toEqual([config]);
      }),
    );
  });

  it("brings two runs back, whatever is different", () => {
    fc.assert(
      fc.property(raws, raws, (a, b) => {
        expect(readLink(linkOf([a, b]))).toEqual([a, b]);
      }),
    );
  });

  it("brings two equal runs back", () => {
    const config = checkedConfig({ data: { name: "mnist" } });
    expect(readLink(linkOf([config, config]))).toEqual([config, config]);
  });

  it("can be read by people", () => {
    const raw = { data: { name: "mnist" }, network: { hidden: [512, 256] }, train: { epochs: 2 } };
    const bsd = checkedConfig(raw);
    const backprop = checkedConfig({ ...raw, rule: { name: "backprop" } });
    expect(linkOf([bsd])).toBe("data=mnist&hidden=512,256&rule=bsd&epochs=2");
    expect(linkOf([bsd, backprop])).toBe("data=mnist&hidden=512,256&rule=bsd&epochs=2&2.rule=backprop");
    expect(linkOf([])).toBe("");
    expect(readLink("")).toEqual([]);
  });

  it("trains what no field of the form says", async () => {
    const hash = "#data.path=bars&hidden=8,8&rule=bsd&network.recall=broadcast&rule.recallFeatures=membrane&epochs=2";
    const [config] = readLink(hash);
    expect(othersOf(pairsOf(config!))).toEqual(["network.recall", "rule.recallFeatures"]);
    const lab = decodeCheckpoint(await steppedSession(config!, () => {}), "the lab's");
    expect(lab.config).toMatchObject({ network: { recall: "broadcast" }, rule: { recallFeatures: "membrane" } });
    const plain = await smallTraining(config!, { data: { classes: 3, train: 60, test: 6 } });
    expect(lab.position.step).toBe(2);
    expect(lab.tensors).toEqual(decodeCheckpoint(plain.last, "the trainer's").tensors);
  });

  it.each([
    ["nonsense", /expected key=value in the address, got "nonsense"/],
    ["data=mnist&colour=red", /unknown key colour/],
    ["data=mnist&epochs=many", /train\.epochs: expected an integer from 1 to 1000000, got the text "many"/],
    ["data=mnist&epochs=1e999", /train\.epochs: expected an integer/],
    ["data=mnist&hidden=64,x", /network\.hidden\[1\]: expected an integer .* got the text "x"/],
    ["data=mnist&rule=magic", /rule\.name: expected one of/],
    ["data=imagenet", /data\.name: expected one of mnist/],
    ["rule=bsd", /data: expected a name/],
    ["data=mnist&epochs=1&epochs=2", /train\.epochs: expected once in the address, got twice/],
    ["data=mnist&train=3&epochs=2", /train\.epochs: expected a value or a section/],
    ["data=mnist&train.epochs.x=2&epochs=2", /expected a value or a section/],
    ["data=%E0%A4%A", /in the address is damaged/],
    ["data=mnist&__proto__.x=1", /__proto__ \(this name is refused\)/],
    ["data=mnist&2.rule=r-stdp&2.batch=1", /train\.batch: expected at least 2/],
    [`data=mnist&seed=${"9".repeat(20_000)}`, /expected at most 16384 characters/],
  ])("refuses %.60s", (hash, message) => {
    expect(() => readLink(`#${hash}`)).toThrow(BispikeError);
    expect(() => readLink(`#${hash}`)).toThrow(message);
  });

  it("makes any text a setup or a typed error", () => {
    const words = fc.constantFrom(
      "data",
      "mnist",
      "=",
      "&",
      "2.",
      ".",
      "train",
      "epochs",
      "%",
      "1",
      ",",
      "rule",
      "__proto__",
    );
    const texts = fc.oneof(
      fc.string(),
      fc.array(words, { maxLength: 20 }).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          readLink(text);
        } catch (error) {
          expect(error).toBeInstanceOf(BispikeError);
        }
      }),
    );
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});

describe("the command", () => {
  it("is read by shell and command line as the same configuration", () => {
    fc.assert(
      fc.property(raws, (config) => {
        expect(parsed(commandOf(config))).toEqual(config);
      }),
      { numRuns: 60 },
    );
  });

  it("names no more than what differs, and a place for own files", () => {
    expect(commandOf(checkedConfig({ data: { name: "mnist" }, network: { hidden: [64] } }))).toBe(
      "npx bispike train --data.name=mnist '--network.hidden=[64]' --rule.name=bsd",
    );
    expect(commandOf(checkedConfig({ data: { path: "my cats" }, rule: { name: "r-stdp" } }), true)).toBe(
      `npx bispike train '--data.path="PATH/TO/my cats"' --rule.name=r-stdp`,
    );
  });

  it("trains without a file", async () => {
    const folder = makeFolder();
    writeSmallDigits(join(folder, "bars"));
    const config = checkedConfig({ data: { path: "bars" }, network: { hidden: [8, 8] }, train: { epochs: 1 } });
    const script = `set -- ${commandOf(config).slice("npx bispike ".length)}; printf '%s\\0' "$@"`;
    const args = execFileSync("sh", ["-c", script], { encoding: "utf8" }).split("\0").slice(0, -1);
    const { code, stderr } = await runHere([...args, "--out", "run", "--quiet"], folder);
    expect([code, stderr]).toEqual([0, ""]);
    expect(parseConfig(readFileSync(join(folder, "run/config.yaml"), "utf8"))).toEqual(config);
  });
});

describe("the form", () => {
  it("offers every rule once", () => {
    expect(RULES.flatMap(({ rules }) => rules.map(({ value }) => value))).toEqual([...imageRules]);
  });

  it("shows the default of every field, which is none where it is typed in", () => {
    for (const rule of imageRules) {
      for (const kind of ["mlp", "cnn"]) {
        const plain = new Map([
          ["data.name", "mnist"],
          ["network.kind", kind],
          ["rule.name", rule],
        ]);
        const draft = new Draft(plain);
        const typed = new Map([...plain, ...FIELDS.map(({ key }) => [key, draft.value(key)] as const)]);
        expect(pairsOf(checkedConfig(rawOf(typed)))).toEqual(pairsOf(checkedConfig(rawOf(plain))));
      }
    }
  });

  it("shows what the loss that is chosen reads", () => {
    const keys = (pairs: Record<string, string>) =>
      fieldsOf(new Draft(new Map(Object.entries(pairs)))).map(({ key }) => key);
    expect(keys({})).toContain("rule.temperature");
    expect(keys({})).not.toContain("rule.lambda");
    expect(keys({ "rule.loss": "reco" })).toContain("rule.lambda");
    expect(keys({ "rule.name": "backprop", "rule.loss": "reco" })).not.toContain("rule.lambda");
    expect(keys({ "rule.name": "dll" })).not.toContain("network.steps");
  });

  it("names what a link set beyond its fields", () => {
    expect(othersOf(pairsOf(checkedConfig({ data: { name: "mnist" }, rule: { detached: false } })))).toEqual([
      "rule.detached",
    ]);
  });

  it("says faults at their fields, in its own words", () => {
    const typed = new Map([
      ["data.name", "mnist"],
      ["network.hidden", "64, big"],
      ["train.epochs", "0"],
      ["train.epoch", "3"],
    ]);
    const error = (() => {
      try {
        checkedConfig(rawOf(typed));
      } catch (caught) {
        return caught;
      }
      return undefined;
    })();
    const { fields, others } = faultsOf(error);
    expect(fields.get("network.hidden")).toBe('expected an integer from 1 to 65535, got the text "big"');
    expect(fields.get("train.epochs")).toBe("expected an integer from 1 to 1000000, got the number 0");
    expect(others).toEqual(["unknown key train.epoch (did you mean Epochs?)"]);
    expect(() => faultsOf(new Error("ours"))).toThrow("ours");
  });
});
