import { expect, test } from "bun:test";
import fc from "fast-check";
import { Histogram, Registry } from "prom-client";
import { histogram } from "../../src/monitoring/histogram.ts";

const options = { name: "seconds", help: "How long.", buckets: [0.1, 1, 10], labelNames: ["task"] as const };
const value = fc.oneof(fc.constantFrom(0, ...options.buckets), fc.double({ min: 0, max: 20, noNaN: true }));
const observed = fc.array(fc.record({ task: fc.constantFrom("a", 'b"\n\\'), value }), { minLength: 1 });

test("a histogram says what that of prom-client says", async () => {
  await fc.assert(
    fc.asyncProperty(observed, async (values) => {
      const [ours, theirs] = [new Registry(), new Registry()];
      const make = histogram(ours, options);
      const other = new Histogram({ ...options, registers: [theirs] });
      const series = new Map<string, (value: number) => void>();
      for (const { task, value } of values) {
        if (!series.has(task)) series.set(task, make({ task }));
        series.get(task)!(value);
        other.observe({ task }, value);
      }
      expect(await ours.metrics()).toBe(await theirs.metrics());
      expect<object[]>(await theirs.getMetricsAsJSON()).toMatchObject(await ours.getMetricsAsJSON());
    }),
  );
});

test("a histogram can be set back", async () => {
  const registry = new Registry();
  const observe = histogram(registry, { ...options, labelNames: [] })({});
  observe(5);
  const [before] = await registry.getMetricsAsJSON();
  registry.resetMetrics();
  observe(0.5);
  expect(await registry.metrics()).toContain('seconds_bucket{le="1"} 1\nseconds_bucket{le="10"} 1\n');
  expect(await registry.metrics()).toContain("seconds_sum 0.5\nseconds_count 1\n");
  expect(before).toMatchObject({ name: "seconds", type: "histogram" });
});
