import { describe, expect, test } from "bun:test";
import onDisk from "../../docs/monitoring/dashboard.json";
import { dashboard } from "../../scripts/dashboard.ts";
import { allMetrics } from "../../scripts/reference.ts";
import { alerts, queries } from "./expressions.ts";

const metrics = new Map(allMetrics().map((metric) => [metric.name, metric]));

/** By Prometheus itself, or those of a histogram's parts. */
const everywhere = ["job", "instance", "le"];

function labelsOf(name: string): string[] {
  const metric = metrics.get(name) ?? metrics.get(name.replace(/_(bucket|sum|count)$/, ""));
  if (!metric || (metric.name !== name && metric.type !== "histogram"))
    throw new Error(`there is no ${name}`);
  return [...metric.labelNames, ...everywhere];
}

/** The names of metrics, and of labels, that are not in the code. */
function check(expression: string, texts: string[]): void {
  const selectors = [...expression.matchAll(/\b(nuvom_\w+)(?:\{(.*?)\})?/g)];
  expect(selectors).not.toEqual([]);
  for (const [, name = "", conditions = ""] of selectors) {
    const labels = Array.from(conditions.matchAll(/(\w+)(?:=~?|!=|!~)"/g), ([, label]) => label!);
    expect(labelsOf(name)).toEqual(expect.arrayContaining(labels));
  }
  const known = selectors.flatMap(([, name = ""]) => labelsOf(name));
  const grouped = [...expression.matchAll(/\b(?:by|on) \((.*?)\)/g)].flatMap(([, list = ""]) =>
    list.split(", "),
  );
  const shown = texts.flatMap((text) =>
    Array.from(text.matchAll(/\{\{ ?(?:\$labels\.)?(\w+) ?\}\}/g), ([, label]) => label!),
  );
  expect(known).toEqual(expect.arrayContaining([...grouped, ...shown]));
}

test("the dashboard is that of the script: else run `bun scripts/dashboard.ts`", () => {
  expect(onDisk).toEqual(JSON.parse(JSON.stringify(dashboard)));
});

describe("metrics and labels exist in the code:", () => {
  test.each(queries)("those of $title, $legend", ({ expr, legend }) => check(expr, [legend]));
  test.each(alerts)("those of $alert", ({ expr, annotations }) => check(expr, Object.values(annotations)));

  test("and this notices those that do not", () => {
    expect(() => check("nuvom_nothing", [])).toThrow("there is no nuvom_nothing");
    expect(() => check("nuvom_storage_up_sum", [])).toThrow("there is no nuvom_storage_up_sum");
    expect(() => check('nuvom_storage_up{queue="a"}', [])).toThrow();
    expect(() => check("sum by (queue) (nuvom_storage_up)", [])).toThrow();
    expect(() => check("nuvom_storage_up", ["{{queue}}"])).toThrow();
    expect(() => check("nuvom_storage_up", ["{{ $labels.queue }}"])).toThrow();
  });
});

test("each metric is on the dashboard", () => {
  const named = queries.flatMap(({ expr }) => expr.match(/nuvom_\w+/g) ?? []);
  const missing = [...metrics.keys()].filter((metric) => !named.some((name) => name.startsWith(metric)));
  expect(missing).toEqual([]);
});
