import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { describeThrown } from "../src/thrown.ts";

describe("an error", () => {
  test("keeps its name, message and stack", () => {
    const error = new TypeError("no such user");
    expect(describeThrown(error)).toEqual({
      name: "TypeError",
      message: "no such user",
      stack: error.stack!,
    });
  });

  test("keeps text that means something elsewhere", () => {
    for (const message of [
      "[/x] %s %d {} $& $1",
      "\x1b[31mred\x1b[0m",
      "a\0b",
      "<b>&amp;</b>",
      "line\nline",
    ]) {
      expect(describeThrown(new Error(message)).message).toBe(message);
    }
  });

  test("has lone surrogates replaced, in every field", () => {
    const error = new Error("a\ud800b");
    error.name = "\udc00";
    error.stack = "at \ud800";
    expect(describeThrown(error)).toEqual({ name: "\ufffd", message: "a\ufffdb", stack: "at \ufffd" });
  });

  test("has a message that is too long cut, and keeps its frames", () => {
    const { message, stack } = describeThrown(new Error("x".repeat(10_000_000)));
    expect(message).toHaveLength(8192);
    expect(message).toEndWith("x… [cut, 10000000 characters in all]");
    expect(stack.length).toBeLessThanOrEqual(16_384);
    expect(stack).toContain("thrown.test.ts");
  });

  test("has a stack that is too long cut", () => {
    const error = new Error("x");
    error.stack = "frame\n".repeat(100_000);
    const { stack } = describeThrown(error);
    expect(stack).toHaveLength(16_384);
    expect(stack).toEndWith("… [cut, 600000 characters in all]");
  });

  test("is not cut in the middle of a character", () => {
    for (const start of ["", "x"]) {
      expect(describeThrown(new Error(start + "😀".repeat(10_000))).message).toMatch(/^x?(😀)+… \[cut/u);
    }
  });

  test("whose fields are not text is described all the same", () => {
    const error = Object.assign(new Error(), { name: 7, message: { code: 1 }, stack: null });
    expect(describeThrown(error)).toEqual({ name: "Error", message: Bun.inspect({ code: 1 }), stack: "" });
  });

  test("whose fields cannot be read is described all the same", () => {
    const error = new Error("x");
    for (const key of ["name", "message", "stack", "cause", "errors"]) {
      Object.defineProperty(error, key, {
        get() {
          throw new Error("never");
        },
      });
    }
    const { name, message } = describeThrown(error);
    expect({ name, message }).toEqual({ name: "Error", message: "[it cannot be read]" });
  });
});

describe("causes", () => {
  test("follow the stack, outermost first", () => {
    const inner = new RangeError("inner", { cause: "a text" });
    const outer = new Error("outer", { cause: inner });
    const expected = `${outer.stack}\ncaused by: ${inner.stack}\ncaused by: Thrown: a string, not an Error: a text`;
    expect(describeThrown(outer).stack).toBe(expected);
  });

  test("include the errors of an AggregateError, each with its own causes", () => {
    const first = new Error("first", { cause: new Error("root") });
    const { stack } = describeThrown(new AggregateError([first, undefined], "both"));
    expect(stack.match(/^\w.*$/gm)).toEqual([
      "AggregateError: both",
      "error 1 of 2: Error: first",
      "caused by: Error: root",
      "error 2 of 2: Thrown: undefined, not an Error",
    ]);
  });

  test("that form a circle are told once", () => {
    const error = new Error("round");
    error.cause = new Error("and round", { cause: error });
    expect(describeThrown(error).stack.match(/caused by/g)).toHaveLength(1);
  });

  test("that go on and on are left out at some point", () => {
    let error = new Error("0");
    for (let depth = 1; depth < 10_000; depth++) {
      error = new Error(`${depth}`, { cause: error });
      error.stack = `level ${depth}`;
    }
    const { stack } = describeThrown(error);
    expect(stack).toEndWith("caused by: … [more causes left out]");
    expect(stack.match(/caused by: level/g)).toHaveLength(16);
  });
});

describe("what is not an error", () => {
  const examples: [unknown, string][] = [
    [undefined, "the task threw undefined, not an Error"],
    [null, "the task threw null, not an Error"],
    ["boom [/x] %s", "the task threw a string, not an Error: boom [/x] %s"],
    [42, "the task threw a number, not an Error: 42"],
    [10n, "the task threw a bigint, not an Error: 10n"],
    [Symbol("s"), "the task threw a symbol, not an Error: Symbol(s)"],
    [{ code: 1 }, `the task threw an object, not an Error: ${Bun.inspect({ code: 1 })}`],
  ];
  for (const [thrown, message] of examples) {
    test(message, () => expect(describeThrown(thrown)).toEqual({ name: "Thrown", message, stack: "" }));
  }

  test("a proxy that throws at every touch", () => {
    const throwing = () => {
      throw new Error("hands off");
    };
    const traps = new Proxy({}, { get: () => throwing });
    const { name, message } = describeThrown(new Proxy({}, traps));
    expect(name).toBe("Thrown");
    expect(message).toStartWith("the task threw an object, not an Error");
  });

  test("a revoked proxy", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(describeThrown(proxy).message).toStartWith("the task threw an object, not an Error");
  });

  test("an object that throws when it is shown", () => {
    const thrown = {
      [Symbol.for("nodejs.util.inspect.custom")]() {
        throw undefined;
      },
    };
    expect(describeThrown(thrown).message).toBe(
      "the task threw an object, not an Error: [it cannot be shown]",
    );
  });
});

test("anything becomes three well-formed texts of limited length", () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withNullPrototype: true,
  });
  const anyError = fc
    .tuple(
      fc.string({ unit: "binary" }),
      anything,
      fc.dictionary(fc.constantFrom("name", "message", "stack", "errors"), anything),
    )
    .map(([message, cause, own]) => Object.assign(new Error(message, { cause }), own));
  const law = fc.property(fc.oneof(anything, anyError), (thrown) => {
    const { name, message, stack } = describeThrown(thrown);
    for (const [text, limit] of [
      [name, 256],
      [message, 8192],
      [stack, 16_384],
    ] as const) {
      expect(text.isWellFormed()).toBe(true);
      expect(text.length).toBeLessThanOrEqual(limit);
    }
  });
  fc.assert(law, { numRuns: 500 });
});
