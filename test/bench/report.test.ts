import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Figure, Results } from "../../bench/figures.ts";
import type { Aim } from "../../bench/report/aims.ts";
import { aims } from "../../bench/report/aims.ts";
import { benchmarksDocument } from "../../bench/report/markdown.ts";
import { percent } from "../../bench/report/numbers.ts";
import { readmeSection, withBenchmarks } from "../../bench/report/readme.ts";
import { contestant, jobsPerSecond, someResults, tableRows } from "./results.ts";

const fixture = (await Bun.file(join(import.meta.dir, "fixtures/results.json")).json()) as Results;
const nuvom = contestant("Nuvom on SQLite", "nuvom");
const peer = contestant("a peer", "peer");
const ceiling = contestant("bare SQLite", "ceiling");

describe("the document", () => {
  const rowsOf = (results: Results, some: readonly Aim[] = []) =>
    tableRows(benchmarksDocument(results, some));

  test("shows medians with their spread, Nuvom's ratio to a peer, and its share of a ceiling", () => {
    const rows = rowsOf(
      someResults(
        [ceiling, peer, nuvom],
        [
          jobsPerSecond(ceiling, "drain", [80_000, 90_000, 80_000]),
          jobsPerSecond(peer, "drain", [9_000, 11_111, 10_000]),
          jobsPerSecond(nuvom, "drain", [64_321, 10_000, 56_000]),
        ],
      ),
    );
    expect([...rows.values()]).toEqual([
      ["survives", "drain"],
      ["---", "---:"],
      ["program crash", "**56,000**<br>10,000–64,300"],
      ["program crash", "10,000 (5.6 ×)<br>9,000–11,100"],
      ["program crash", "80,000 (70 %)<br>80,000–90,000"],
    ]);
    expect([...rows.keys()].slice(2)).toEqual(["**Nuvom on SQLite**", "a peer", "_ceiling: bare SQLite_"]);
  });

  test("says where a peer is faster", () => {
    const figures = [jobsPerSecond(nuvom, "bulk", [500]), jobsPerSecond(peer, "bulk", [2_000])];
    expect(rowsOf(someResults([nuvom, peer], figures)).get("a peer")).toEqual([
      "program crash",
      "2,000 (0.25 ×)",
    ]);
  });

  test("shows what went wrong in one round instead of a figure", () => {
    const lost = "of 10 jobs 1 were lost\nand <2> done | more than once";
    const document = benchmarksDocument(
      someResults(
        [nuvom, peer],
        [jobsPerSecond(nuvom, "drain", [500, 500, 500]), jobsPerSecond(peer, "drain", [777, 777], [lost])],
      ),
      [],
    );
    expect(tableRows(document).get("a peer")).toEqual(["program crash", "failed"]);
    expect(document).not.toContain("777");
    expect(document).toContain(
      "- a peer, drain, failed in 1 of 3 rounds: `of 10 jobs 1 were lost and <2> done | more than once`\n",
    );
  });

  test("compares with nobody when Nuvom failed", () => {
    const figures = [
      jobsPerSecond(nuvom, "drain", [], ["it was late"]),
      jobsPerSecond(peer, "drain", [50, 50, 50]),
    ];
    const rows = rowsOf(someResults([nuvom, peer], figures));
    expect(rows.get("**Nuvom on SQLite**")).toEqual(["program crash", "failed"]);
    expect(rows.get("a peer")).toEqual(["program crash", "50.0<br>50.0–50.0"]);
  });

  test("leaves out contests that nobody was measured in, and storages without any", () => {
    const postgresql = contestant("on PostgreSQL", "peer", "postgresql");
    const redis = contestant("Nuvom on Redis", "nuvom", "redis");
    const document = benchmarksDocument(
      someResults(
        [nuvom, peer, postgresql, redis],
        [
          jobsPerSecond(nuvom, "bulk", [500]),
          jobsPerSecond(peer, "drain", [50]),
          jobsPerSecond(postgresql, "one at a time", [5]),
          jobsPerSecond(postgresql, "bulk", [5]),
        ],
      ),
      [],
    );
    const rows = tableRows(document);
    expect(rows.get("jobs/s")).toEqual(["survives", "bulk", "drain"]);
    expect(rows.get("**Nuvom on SQLite**")).toEqual(["program crash", "**500**", "–"]);
    expect(rows.get("a peer")).toEqual(["program crash", "–", "50.0"]);
    expect(rows.get("on PostgreSQL")).toEqual(["program crash", "5.00 (100 ×)", "–"]);
    expect(document).not.toContain("## Redis");
    expect(document).not.toContain("Nuvom on Redis");
  });

  test("shows other measurements by their group, the longer list downwards", () => {
    const figure = (measurement: string, of: string, value: number): Figure => ({
      measurement,
      contestant: of,
      unit: "ms",
      values: [value],
      problems: [],
    });
    const rows = rowsOf(
      someResults(
        [nuvom],
        [
          figure("latency/p50", "A", 1.234),
          figure("latency/p50", "B", 2),
          figure("I/O/20 ms", "A", 12_345),
          figure("I/O/1 ms", "A", 1),
          figure("latency/p99", "B", 3),
        ],
      ),
    );
    expect(rows.get("A")).toEqual(["1.23", "–"]);
    expect(rows.get("B")).toEqual(["2.00", "3.00"]);
    expect([rows.get("20 ms (ms)"), rows.get("1 ms (ms)")]).toEqual([["12,300"], ["1.00"]]);
  });

  test("says shares to two digits, and to the whole percent above 100", () => {
    expect([0.0457, 0.913, 1.059].map(percent)).toEqual(["4.6 %", "91 %", "106 %"]);
  });

  test("says of each aim what was reached", () => {
    const { measurement } = jobsPerSecond(nuvom, "drain", []);
    const aim = { measurement, contestant: nuvom.name };
    const other = contestant("another peer", "peer");
    const peers = { contestants: ["a peer", "another peer"] };
    const document = benchmarksDocument(
      someResults(
        [nuvom, peer, other, ceiling],
        [
          jobsPerSecond(nuvom, "drain", [1_000]),
          jobsPerSecond(peer, "drain", [100]),
          jobsPerSecond(other, "drain", [251]),
          jobsPerSecond(ceiling, "drain", [2_000]),
          jobsPerSecond(peer, "bulk", [], ["it was late"]),
        ],
      ),
      [
        { ...aim, comparedWith: peers, bound: { atLeast: 4 }, heldBack: "it syncs." },
        { ...aim, comparedWith: { contestants: ["a peer"] }, bound: { atLeast: 4 }, heldBack: "not shown." },
        {
          ...aim,
          comparedWith: { ...peers, measurement: "sqlite/bulk" },
          bound: { atLeast: 4 },
          heldBack: "not shown.",
        },
        { ...aim, comparedWith: { contestants: ["unknown"] }, bound: { atLeast: 4 }, heldBack: "not shown." },
        { ...aim, comparedWith: "ceiling", bound: { atLeast: 0.35 } },
        { ...aim, bound: { atMost: 999 }, heldBack: "it waits." },
      ],
    );
    const drain = "| Nuvom on SQLite, drain |";
    expect(document.split("\n").filter((line) => line.startsWith(drain))).toEqual([
      `${drain} another peer | ≥ 4 × | 3.98 × | no |`,
      `${drain} a peer | ≥ 4 × | 10.0 × | yes |`,
      `${drain} a peer | ≥ 4 × | failed | – |`,
      `${drain} unknown | ≥ 4 × | not measured | – |`,
      `${drain} ceiling: bare SQLite | ≥ 35 % | 50.0 % | yes |`,
      `${drain}  | ≤ 999 jobs/s | 1,000 jobs/s | no |`,
    ]);
    expect(document).toContain("- Nuvom on SQLite, drain, compared with another peer: it syncs.\n");
    expect(document).toContain("\n- Nuvom on SQLite, drain: it waits.\n");
    expect(document).not.toContain("not shown.");
    expect(document).toContain("\n2 of 6 are reached.\n");
  });

  test("has a cell for each column, says all of everyone, and nothing that is not known", () => {
    const document = benchmarksDocument(fixture, aims);
    for (const block of document.split("\n\n").filter((text) => text.startsWith("| "))) {
      const widths = block
        .trim()
        .split("\n")
        .map((row) => row.split(" | ").length);
      expect(new Set(widths).size).toBe(1);
    }
    expect(document).not.toMatch(/undefined|NaN|null|Infinity|\[object/);
    for (const { name, durability, setup } of fixture.contestants) {
      expect(document).toContain(`**${name}**`);
      expect(document).toContain(`Durability: ${durability}. Setup: ${setup}.`);
    }
    for (const { measurement } of fixture.figures) {
      const [name = ""] = measurement.split("/").slice(-1);
      expect(document.includes(name) || name === "in flight").toBe(true);
    }
  });
});

describe("the table of the README", () => {
  test("has the medians of Nuvom and its peers, and no other figures", () => {
    const rows = tableRows(readmeSection(fixture));
    const contestants = fixture.contestants.filter(({ kind }) => kind !== "ceiling");
    expect(rows.size).toBe(contestants.length + 2);
    for (const { name, kind, storage, survives } of contestants) {
      const medians = ["one at a time", "in flight", "bulk", "drain"].map((contest) => {
        const figure = fixture.figures.find(
          (one) => one.measurement === `${storage}/${contest}` && one.contestant === name,
        );
        if (!figure) return "–";
        if (figure.problems.length > 0) return "failed";
        const [, , middle = 0] = figure.values.toSorted((a, b) => a - b);
        return Number(middle.toPrecision(3)).toLocaleString("en-US");
      });
      expect(rows.get(kind === "nuvom" ? `**${name}**` : name)).toEqual([survives, ...medians]);
    }
  });

  const empty = "# A\n\n<!-- benchmarks -->\n<!-- /benchmarks -->\n\nB\n";

  test("replaces what stands between its markers, and nothing else", () => {
    const first = withBenchmarks(empty, "one | $& $1");
    expect(first).toBe("# A\n\n<!-- benchmarks -->\n\none | $& $1\n\n<!-- /benchmarks -->\n\nB\n");
    expect(withBenchmarks(first, "two")).toBe(first.replace("one | $& $1", "two"));
  });

  test.each([
    ["no marker", "# A"],
    ["no end", "<!-- benchmarks -->"],
    ["the end before the beginning", "<!-- /benchmarks -->\n<!-- benchmarks -->"],
    ["two tables", empty + empty],
  ])("says what is missing: %s", (_, readme) => {
    expect(() => withBenchmarks(readme, "two")).toThrow(
      "README.md must have the lines <!-- benchmarks --> and <!-- /benchmarks --> once each",
    );
  });
});
