import { expect, test } from "bun:test";
import { join } from "node:path";
import type { Results } from "../../bench/figures.ts";
import { benchmarksChart } from "../../bench/report/chart.ts";
import { contestant, jobsPerSecond, someResults } from "./results.ts";
import { assertWellFormed } from "./well-formed.ts";

const fixture = (await Bun.file(join(import.meta.dir, "fixtures/results.json")).json()) as Results;

test("the chart is well-formed, shows everyone, and nothing that is not known", () => {
  const chart = benchmarksChart(fixture);
  assertWellFormed(chart);
  expect(chart).not.toMatch(/undefined|NaN|null|Infinity/);
  for (const { name, kind } of fixture.contestants) {
    expect(chart).toContain(`>${kind === "ceiling" ? "ceiling: " : ""}${name}</text>`);
  }
});

test("a bar is as long as its figure, a failure has none, and the ceiling is marked on each", () => {
  const nuvom = contestant("Nuvom on SQLite", "nuvom");
  const [slow, broken] = [contestant("slow", "peer"), contestant("broken", "peer")];
  const ceiling = contestant("bare SQLite", "ceiling");
  const chart = benchmarksChart(
    someResults(
      [nuvom, slow, broken, ceiling],
      [
        jobsPerSecond(nuvom, "drain", [7_000, 8_000, 9_000]),
        jobsPerSecond(slow, "drain", [2_000, 2_000, 2_000]),
        jobsPerSecond(broken, "drain", [4_000], ["it lost some"]),
        jobsPerSecond(ceiling, "drain", [10_000, 10_000, 10_000]),
      ],
    ),
  );
  const found = (pattern: RegExp) => Array.from(chart.matchAll(pattern), ([, value = ""]) => value);
  const [track = 0] = found(/class="track"[^>]* width="([\d.]+)"/g).map(Number);
  const bars = found(/class="bar (?:nuvom|peer)"[^>]* width="([\d.]+)" height="6"/g).map(Number);
  expect(bars).toEqual([0.8, 0.2].map((share) => Math.round(share * track * 10) / 10));
  expect(found(/class="number [^"]*"[^>]*>([^<]+)</g)).toEqual(["8,000", "2,000", "failed", "10,000"]);
  expect(new Set(found(/class="ceiling" x="([\d.]+)"[^>]* height="10"/g).slice(1)).size).toBe(1);
  expect(chart).not.toContain("4,000");
});

test("any name can stand in the chart, and a long one is fitted into its place", () => {
  const odd = contestant(`<"Bull" & 'MQ'>, ${"sandboxed processes ".repeat(4)}`, "peer");
  const chart = benchmarksChart(someResults([odd], [jobsPerSecond(odd, "drain", [5])]));
  assertWellFormed(chart);
  expect(chart).toContain("textLength=");
});

test.each([
  "<a>",
  "<a></b>",
  "<a/><a/>",
  "a",
  '<a b="1" b="2"/>',
  "<a b=1/>",
  '<a b="<"/>',
  "<a>&</a>",
  "<a>&nbsp;</a>",
  "<a><</a>",
  "",
])("what is not well-formed is noticed: %s", (xml) => {
  expect(() => assertWellFormed(xml)).toThrow();
});
