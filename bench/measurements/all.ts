/**
 * What is measured of Nuvom besides the contests, in the order of the report; `name` is that of the file. Those that take
 * minutes are measured once, and what metrics cost (`metrics.ts`) not at all.
 */
export const measurements: { name: string; rounds: "each" | "once" }[] = [
  { name: "latency", rounds: "each" },
  { name: "due", rounds: "each" },
  { name: "schedules", rounds: "each" },
  { name: "claim", rounds: "once" },
  { name: "memory", rounds: "once" },
  { name: "storage-size", rounds: "once" },
  { name: "discovery", rounds: "each" },
  { name: "start-up", rounds: "each" },
  { name: "io", rounds: "each" },
  { name: "cpu", rounds: "each" },
  { name: "recovery", rounds: "once" },
  { name: "ipc", rounds: "each" },
];
