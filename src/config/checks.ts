import { availableParallelism } from "node:os";
import { defaultSizeLimit } from "../codec.ts";
import { type Duration, milliseconds } from "../duration.ts";
import { InvalidOptionError } from "../errors.ts";
import { checkedHooks, type Hooks } from "../hooks.ts";
import { defaultKeep, type Keep, type KeepPolicy, keepPolicy } from "../keep.ts";
import { bytesOf, type Size } from "../size.ts";
import type { Storage } from "../storage/storage.ts";
import { type OptionName, options } from "./options.ts";

/** Every option with its value. Durations are milliseconds, sizes bytes. */
export interface Configuration extends Record<OptionName, unknown> {
  storage: string | Storage | (() => Storage);
  include: string[];
  exclude: string[];
  processes: number;
  concurrency: number;
  queues: string[] | null;
  grace: number;
  killGrace: number;
  lease: number;
  importLimit: number;
  maxMemory: number | null;
  "recycle.jobs": number | null;
  "recycle.age": number | null;
  "recycle.memory": number | null;
  sizeLimit: number;
  metricsPort: number | null;
  metricsHost: string;
  keep: KeepPolicy;
  hooks: Hooks;
}

/** What holds where nothing is said. */
export const defaults: Configuration = {
  storage: options.storage.otherwise,
  include: ["."],
  exclude: [],
  processes: availableParallelism(),
  concurrency: 1,
  queues: null,
  grace: 10_000,
  killGrace: 2_000,
  lease: 10_000,
  importLimit: 30_000,
  maxMemory: null,
  "recycle.jobs": null,
  "recycle.age": null,
  "recycle.memory": null,
  sizeLimit: defaultSizeLimit,
  metricsPort: null,
  metricsHost: "127.0.0.1",
  keep: keepPolicy(defaultKeep, ""),
  hooks: {},
};

const shortestLease = 1_000;

/**
 * What each makes of a value that is given; they throw an error that says what is wrong with it. They are plain
 * functions, since loading zod takes longer than most commands need for all else.
 */
export const checks: { [Name in OptionName]: (value: unknown) => Configuration[Name] } = {
  storage(value) {
    const isOpen = typeof value === "function" || typeof (value as Storage | null)?.claim === "function";
    if (isOpen || (typeof value === "string" && value !== "")) return value as Configuration["storage"];
    throw new InvalidOptionError("must be a URL, a storage, or a function that opens one");
  },
  include: list,
  exclude: list,
  processes: count,
  concurrency: count,
  queues: orNull(list),
  grace: duration,
  killGrace: duration,
  lease(value) {
    const length = duration(value);
    if (length >= shortestLease) return length;
    throw new InvalidOptionError('must be at least a second, such as "10s"');
  },
  importLimit: duration,
  maxMemory: orNull(size),
  "recycle.jobs": orNull(count),
  "recycle.age": orNull(duration),
  "recycle.memory": orNull(size),
  sizeLimit: size,
  metricsPort: orNull((value) => whole(value, 0, 65_535, "must be a port")),
  metricsHost(value) {
    if (typeof value === "string" && value !== "") return value;
    throw refusal("must be an address or a name of this machine", value);
  },
  keep: (value) => keepPolicy(value as Keep, ""),
  hooks: (value) => checkedHooks(value as Hooks),
};

function count(value: unknown): number {
  return whole(value, 1, Number.MAX_SAFE_INTEGER, "must be a whole number of at least 1");
}

function whole(value: unknown, least: number, most: number, problem: string): number {
  const number = asNumber(value);
  if (Number.isSafeInteger(number) && least <= (number as number) && (number as number) <= most) {
    return number as number;
  }
  throw refusal(problem, value);
}

function duration(value: unknown): number {
  return milliseconds(asNumber(value) as Duration, "");
}

function size(value: unknown): number {
  return bytesOf(asNumber(value) as Size, "");
}

function list(value: unknown): string[] {
  const names = typeof value === "string" ? value.split(",").map((part) => part.trim()) : value;
  if (!Array.isArray(names) || names.some((name) => typeof name !== "string")) {
    throw refusal("must be a list of names", value);
  }
  if (names.length === 0) throw refusal("must name at least one", value);
  if (names.includes("")) throw refusal("must not hold an empty name", value);
  return [...names];
}

function orNull<Value>(check: (value: unknown) => Value): (value: unknown) => Value | null {
  return (value) => (value === null ? null : check(value));
}

/** Variables and flags are texts. */
function asNumber(value: unknown): unknown {
  return typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
}

function refusal(problem: string, value: unknown): InvalidOptionError {
  return new InvalidOptionError(`${problem}, not ${Bun.inspect(value, { depth: 0 })}`);
}
