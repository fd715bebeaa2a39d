import { describe, expect, it } from "vitest";
import { alignTable, bar, classLabel, percent } from "../../src/cli/report/tables.ts";

describe("alignTable", () => {
  it("aligns columns as told, numbers to the right by default", () => {
    const rows = [
      ["class", "images", "accuracy"],
      ["bag", "9", "80.00 %"],
      ["ankle boot", "1000"],
    ];
    expect(alignTable(rows, "lr")).toBe(
      ["class       images  accuracy", "bag              9   80.00 %", "ankle boot    1000"].join("\n"),
    );
    expect(alignTable([["a"], ["bcd"]])).toBe("  a\nbcd");
  });

  it("counts code points, and shows control characters of foreign names as such", () => {
    expect(
      alignTable(
        [
          ["\u{1F600}", "1"],
          ["ab", "2"],
        ],
        "l",
      ),
    ).toBe("\u{1F600}   1\nab  2");
    expect(alignTable([["a\u001b[31m\nb", "1"]], "l")).toBe("a\uFFFD[31m\uFFFDb  1");
  });
});

it("percent, bar and classLabel word what they are given", () => {
  expect([percent(0.97314), percent(1), percent(null)]).toEqual(["97.31 %", "100.00 %", "-"]);
  expect([bar(0.5, 4), bar(-1, 4), bar(2, 4)]).toEqual(["██", "", "████"]);
  expect([classLabel(1, ["0", "1"]), classLabel(1, ["zero", "one"])]).toEqual(["1", "1 one"]);
});
