/** What a task threw, as data that can be stored and shown. */
export interface Thrown {
  name: string;
  /** At most 8 Ki characters. */
  message: string;
  /** At most 16 Ki characters, causes included; empty if what was thrown has no stack. */
  stack: string;
}

const nameLimit = 256;
const messageLimit = 8 * 1024;
const stackLimit = 16 * 1024;
const causeLimit = 16;

/**
 * Describes anything a task may throw. Never throws, and leaves the text as it is: only what is too long is cut,
 * with a mark that says so, and lone surrogates are replaced, since they cannot be stored as UTF-8.
 */
export function describeThrown(thrown: unknown): Thrown {
  try {
    const { name, message, stack } = describe(thrown, "the task threw ");
    return { name: cut(name, nameLimit), message, stack: cut(stack + causes(thrown), stackLimit) };
  } catch {
    return { name: "Thrown", message: "the task threw something that cannot be read", stack: "" };
  }
}

function describe(thrown: unknown, how: string): Thrown {
  if (!isError(thrown)) {
    const kind = thrown == null ? thrown : typeof thrown === "object" ? "an object" : `a ${typeof thrown}`;
    const detail = thrown == null ? "" : `: ${textOf(thrown)}`;
    return { name: "Thrown", message: cut(`${how}${kind}, not an Error${detail}`, messageLimit), stack: "" };
  }
  const name = read(thrown, "name");
  const text = textOf(read(thrown, "message"));
  const message = cut(text, messageLimit);
  const stack = read(thrown, "stack");
  return {
    name: typeof name === "string" && name !== "" ? name : "Error",
    message,
    // The stack begins with the message: one that is too long would push every frame out.
    stack: typeof stack !== "string" ? "" : text === message ? stack : stack.replace(text, () => message),
  };
}

/** The stacks of everything that led to the error: its `cause`, the `errors` of an AggregateError, and theirs. */
function causes(thrown: unknown): string {
  let text = "";
  const seen = new Set<unknown>([thrown]);
  const waiting = reasonsOf(thrown);
  for (let cause = waiting.shift(); cause !== undefined; cause = waiting.shift()) {
    if (seen.has(cause.value)) continue;
    if (seen.size > causeLimit) return `${text}\n${cause.label}: … [more causes left out]`;
    seen.add(cause.value);
    const { name, message, stack } = describe(cause.value, "");
    text += `\n${cause.label}: ${stack || `${name}: ${message}`}`;
    waiting.unshift(...reasonsOf(cause.value));
  }
  return text;
}

interface Reason {
  label: string;
  value: unknown;
}

function reasonsOf(error: unknown): Reason[] {
  if (!isError(error)) return [];
  const cause = read(error, "cause");
  const errors = read(error, "errors");
  const reasons: Reason[] = cause === undefined ? [] : [{ label: "caused by", value: cause }];
  if (!Array.isArray(errors)) return reasons;
  const count = Math.min(errors.length, causeLimit + 1);
  for (let index = 0; index < count; index++) {
    reasons.push({ label: `error ${index + 1} of ${errors.length}`, value: read(errors, index) });
  }
  return reasons;
}

function isError(value: unknown): value is Error {
  try {
    return value instanceof Error;
  } catch {
    return false;
  }
}

const unreadable = Symbol("unreadable");

function read(object: object, key: PropertyKey): unknown {
  try {
    return Reflect.get(object, key);
  } catch {
    return unreadable;
  }
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    return value === unreadable ? "[it cannot be read]" : Bun.inspect(value, { depth: 2 });
  } catch {
    return "[it cannot be shown]";
  }
}

function cut(text: string, limit: number): string {
  if (text.length <= limit) return text.toWellFormed();
  const mark = `… [cut, ${text.length} characters in all]`;
  // A surrogate pair cut in two would end in half a character.
  const kept = text.slice(0, limit - mark.length).replace(/[\ud800-\udbff]$/, "");
  return kept.toWellFormed() + mark;
}
