/** A run that goes on where its data were moved to: with the same data, however they are stored, and with no others, however alike they look. */
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { runHere } from "../support/cli-here.ts";
import { expectRefusalHere } from "../support/refusal.ts";
import { sharedWorkspace } from "../support/small-run.ts";

const workspace = sharedWorkspace();
const IDX_HEADER = { images: 16, labels: 8 };
const PIXELS = 64;

/** Trains, and takes the results away again: such a run is gone on with. */
async function begun(run: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await runHere(["train", ...args, "--quiet", "--out", run], workspace());
  expect([code, stderr]).toEqual([0, ""]);
  rmSync(join(workspace(), run, "summary.json"));
}

/** A copy of `from` under another name, one file of which is changed. */
function copied(from: string, to: string, file: string, change: (bytes: Buffer) => void): void {
  cpSync(join(workspace(), from), join(workspace(), to), { recursive: true });
  const path = join(workspace(), to, file);
  const bytes = readFileSync(path);
  change(bytes);
  writeFileSync(path, bytes);
}

const environmentOf = (run: string) => readFileSync(join(workspace(), run, "environment.json"), "utf8");

async function expectOthersRefused(run: string, override: string, message: RegExp): Promise<void> {
  const kept = environmentOf(run);
  await expectRefusalHere(["train", "--resume", run, override], workspace(), 1, message);
  expect(environmentOf(run), "what was refused leaves no trace").toBe(kept);
}

describe("a run of images", () => {
  beforeAll(() => begun("images", ["bars.yaml", "--train.epochs=1", "--data.validation=0"]));

  it("goes on with the same images zipped since", async () => {
    cpSync(join(workspace(), "bars"), join(workspace(), "zipped"), { recursive: true });
    const file = join(workspace(), "zipped", "train-images-idx3-ubyte");
    writeFileSync(`${file}.gz`, gzipSync(readFileSync(file)));
    rmSync(file);
    cpSync(join(workspace(), "images"), join(workspace(), "of-zipped"), { recursive: true });
    const { code, stderr } = await runHere(
      ["train", "--resume", "of-zipped", "--data.path=zipped", "--quiet"],
      workspace(),
    );
    expect([code, stderr]).toEqual([0, ""]);
  });

  it("refuses the same images in another order, which have the same statistics", async () => {
    copied("bars", "turned-about", "train-images-idx3-ubyte", (bytes) => {
      // Images 0 and 4 are of one class.
      const [first, second] = [0, 4].map((image) =>
        bytes.subarray(IDX_HEADER.images + image * PIXELS).subarray(0, PIXELS),
      );
      const kept = Buffer.from(first!);
      first!.set(second!);
      second!.set(kept);
    });
    await expectOthersRefused(
      "images",
      "--data.path=turned-about",
      /^bispike: images: expected the data the run began with \(content [0-9a-f]{12}\), got others \(content [0-9a-f]{12}, train-images-idx3-ubyte differs\); put them back, or give where they now lie by --data\.path; to train on others train anew/,
    );
  });

  it("refuses another test part, which no weight has seen", async () => {
    copied("bars", "other-test", "t10k-labels-idx1-ubyte", (bytes) => {
      bytes[IDX_HEADER.labels] = 3;
    });
    await expectOthersRefused("images", "--data.path=other-test", /t10k-labels-idx1-ubyte differs\)/);
  });

  it("refuses other labels of the same images", async () => {
    copied("bars", "other-labels", "train-labels-idx1-ubyte", (bytes) => {
      bytes[IDX_HEADER.labels] = 3;
    });
    await expectOthersRefused(
      "images",
      "--data.path=other-labels",
      /other labels or images than .* mean images differ/,
    );
  });

  it("warns of other files where an earlier version kept no checksum of what they held", async () => {
    cpSync(join(workspace(), "images"), join(workspace(), "earlier"), { recursive: true });
    const { content: _, ...environment } = JSON.parse(environmentOf("earlier")) as { content: string };
    writeFileSync(join(workspace(), "earlier", "environment.json"), JSON.stringify(environment));
    copied("bars", "of-earlier", "t10k-labels-idx1-ubyte", (bytes) => {
      bytes[IDX_HEADER.labels] = 3;
    });
    const { code, stderr } = await runHere(
      ["train", "--resume", "earlier", "--data.path=of-earlier", "--quiet"],
      workspace(),
    );
    expect(code).toBe(0);
    expect(stderr).toMatch(/warning: the data's files are not those the run began with/);
  });
});

const SEQUENCE = ["--data.window=4", "--network.hidden=[4]", "--network.steps=2", "--train.epochs=1"];

it("a run of a text refuses another as long, of the same characters", async () => {
  const text = "abcd ".repeat(60);
  writeFileSync(join(workspace(), "a.txt"), text);
  writeFileSync(join(workspace(), "b.txt"), text.replace("abcd", "abdc"));
  await begun("text", ["--task=next-character", "--data.text=a.txt", ...SEQUENCE]);
  await expectOthersRefused(
    "text",
    "--data.text=b.txt",
    /text: expected the data .*b\.txt differs\).* by --data\.text;/,
  );
});

it("a run of a series refuses another that differs in its test part alone", async () => {
  const rows = Array.from({ length: 120 }, (_, n) => `${n},${Math.sin(n / 3).toFixed(3)}`);
  const write = (file: string, lines: readonly string[]) =>
    writeFileSync(join(workspace(), file), `time,x\n${lines.join("\n")}\n`);
  write("a.csv", rows);
  write("b.csv", rows.with(115, "115,0.5"));
  const options = ["--task=forecast", "--data.horizon=1", "--data.series=a.csv", ...SEQUENCE];
  await begun("series", options);
  await expectOthersRefused("series", "--data.series=b.csv", /b\.csv differs\).* by --data\.series;/);
});
