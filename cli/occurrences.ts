import { formatDuration } from "../src/duration.ts";
import type { Recurrence } from "../src/recurrence.ts";
import { relative } from "./output.ts";
import { table } from "./table.ts";

export function ruleText(rule: Recurrence["rule"]): string {
  return "every" in rule ? `every ${formatDuration(rule.every)}` : `${rule.cron} ${rule.tz}`;
}

/** A table of the times in the rule's zone and, where that is another, in local time. */
export function occurrenceTable(times: readonly number[], rule: Recurrence["rule"], now: number): string {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zones = [...new Set(["tz" in rule ? rule.tz : "UTC", here])];
  const rows = times.map((at) => [...zones.map((zone) => inZone(at, zone)), relative(at, now)]);
  return table([...zones.map((header) => ({ header })), { header: "" }], rows);
}

/** Such as `Mon 2026-03-02 09:00:00`. */
export function inZone(at: number, timeZone: string): string {
  const date = new Date(at);
  const day = date.toLocaleDateString("en", { weekday: "short", timeZone });
  return `${day} ${date.toLocaleString("sv", { timeZone })}`;
}
