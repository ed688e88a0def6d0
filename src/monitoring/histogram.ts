import type { Metric, Registry } from "prom-client";

interface HistogramOptions<Label extends string> {
  name: string;
  help: string;
  /** The upper bounds, in rising order. */
  buckets: readonly number[];
  labelNames: readonly Label[];
}

/**
 * Registers a histogram, and returns what makes a series of it. That of prom-client looks up a series by its labels at
 * each value, which takes ten times as long: too long for what is told of every job.
 */
export function histogram<Label extends string>(
  registry: Registry,
  { name, help, buckets, labelNames }: HistogramOptions<Label>,
): (labels: Record<Label, string>) => (value: number) => void {
  const all: { labels: Record<Label, string>; counts: number[]; sum: number }[] = [];
  const values = () =>
    all.flatMap(({ labels, counts, sum }) => {
      let total = 0;
      const cumulated = counts.map((count, index) => {
        total += count;
        return {
          metricName: `${name}_bucket`,
          labels: { le: buckets[index] ?? "+Inf", ...labels },
          value: total,
        };
      });
      return [
        ...cumulated,
        { metricName: `${name}_sum`, labels, value: sum },
        { metricName: `${name}_count`, labels, value: total },
      ];
    });
  const described = { name, help, type: "histogram", aggregator: "sum" };
  const metric = {
    ...described,
    labelNames,
    get: async () => ({ ...described, values: values() }),
    reset() {
      for (const series of all) Object.assign(series, { sum: 0, counts: series.counts.fill(0) });
    },
  };
  registry.registerMetric(metric as unknown as Metric);
  return (labels) => {
    const series = { labels, counts: Array<number>(buckets.length + 1).fill(0), sum: 0 };
    all.push(series);
    return (value) => {
      let bucket = 0;
      while (bucket < buckets.length && value > buckets[bucket]!) bucket++;
      series.counts[bucket]!++;
      series.sum += value;
    };
  };
}
