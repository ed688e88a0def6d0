import type { ContestName } from "../cli/bench/contest.ts";

export { type ContestName, contests } from "../cli/bench/contest.ts";

/** One thing that was measured, of one contestant, once a round. */
export interface Figure {
  /** Such as `sqlite/in flight`: the figures of one measurement are compared with each other. */
  measurement: string;
  /** Such as `nuvom` or `bullmq, sandboxed`. */
  contestant: string;
  unit: "jobs/s" | "ms" | "MiB" | "bytes" | "%" | "files/s";
  /** One of each round that went well. */
  values: number[];
  /** What went wrong, such as jobs that were lost or done twice; a round in which it did has no value. */
  problems: string[];
}

/** What `bun run bench` writes, and what the report is made from. */
export interface Results {
  /** When it began, as ISO 8601. */
  date: string;
  machine: { processor: string; cores: number; memory: string; system: string; disk: string };
  /** By name: Bun, Redis, PostgreSQL, SQLite, Nuvom and the peers. */
  versions: Record<string, string>;
  /** What was measured, with a `+` if it was changed since; `null` where there is no history. */
  commit: string | null;
  rounds: number;
  contestants: Description[];
  figures: Figure[];
}

export interface Description {
  name: string;
  kind: "nuvom" | "peer" | "ceiling";
  /** Where its jobs are, such as `SQLite`. */
  storage: "sqlite" | "redis" | "postgresql";
  /** What a power failure may undo, and what a crash of the program, in one sentence. */
  durability: string;
  /** The worst that no confirmed job is lost by; with `nothing`, a crash of the program that added it may lose it. */
  survives: "power failure" | "program crash" | "nothing";
  /** What is measured of it: of one that differs only in its workers, `drain`. */
  contests: readonly ContestName[];
  /** How it is set up, where that is not how it comes, and why. */
  setup: string;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

/** The value that the share of them (0.99, say) does not pass, by the nearest rank. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}
