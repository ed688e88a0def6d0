import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { DecodeError, decode, defaultSizeLimit, encode } from "../src/codec.ts";
import { EncodeError, NuvomError } from "../src/errors.ts";
import { anyValue, portrait } from "./support/values.ts";

const options = { root: "input", limit: defaultSizeLimit };

const roundTrip = (value: unknown) => decode(encode(value, options));

function refusal(value: unknown, limit = defaultSizeLimit): EncodeError {
  try {
    encode(value, { root: "input", limit });
  } catch (error) {
    if (error instanceof EncodeError) return error;
    throw error;
  }
  throw new Error("the value was not refused");
}

describe("what is kept", () => {
  test("any value of the supported kinds comes back as it was", () => {
    const law = fc.property(anyValue, (value) => {
      expect(portrait(roundTrip(value))).toBe(portrait(value));
    });
    fc.assert(law, { numRuns: 1000 });
  });

  const examples: Record<string, unknown> = {
    undefined: [undefined, { a: undefined }],
    "negative zero": [-0, { a: -0 }, new Map([[1, -0]])],
    "the largest numbers": [Number.MAX_VALUE, Number.MIN_VALUE, 2 ** 53 + 2, Number.MIN_SAFE_INTEGER],
    "bigints of any size": [0n, -1n, 2n ** 64n, -(10n ** 500n)],
    "short and long text with lone surrogates": [
      "\ud800",
      "\udc00\ud800",
      `${"x".repeat(300)}\ud800`,
      { "\udfff": 1 },
    ],
    "a byte order mark": [`\ufeff${"x".repeat(300)}`, { [`\ufeff${"x".repeat(300)}`]: 1 }],
    "dates before 1970, with milliseconds, and invalid ones": [
      new Date(-1),
      new Date(1.5e12 + 1),
      new Date(Number.NaN),
    ],
    "the ends of time": [new Date(8.64e15), new Date(-8.64e15)],
    "keys of any kind": new Map<unknown, unknown>([
      [undefined, 1],
      [{ a: [1n] }, 2],
      [new Date(0), new Set([new Map()])],
    ]),
    "keys that objects inherit": { constructor: 1, toString: 2, "": 3, 7: 4 },
    "large collections": new Map([["list", new Set(Array.from({ length: 10_000 }, (_, index) => index))]]),
    "a view of a part of a buffer": new Int16Array(new ArrayBuffer(64), 8, 3),
  };
  for (const [name, value] of Object.entries(examples)) {
    test(name, () => expect(portrait(roundTrip(value))).toBe(portrait(value)));
  }

  test("holes in an array become undefined", () => {
    // biome-ignore lint/suspicious/noSparseArray: it is what is tested.
    expect(portrait(roundTrip([1, , 3]))).toBe("[1, undefined, 3]");
  });

  test("an object without a prototype comes back as a plain one", () => {
    const result = roundTrip(Object.assign(Object.create(null), { a: 1 }));
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
  });

  test("a Buffer comes back as a Uint8Array", () => {
    const result = roundTrip(Buffer.from("abc"));
    expect(Object.getPrototypeOf(result)).toBe(Uint8Array.prototype);
    expect(result).toEqual(Uint8Array.of(97, 98, 99));
  });

  test("an error's own details stay hidden from enumeration, and its added properties visible", () => {
    const error = Object.assign(new TypeError("no", { cause: "why" }), { code: "E1" });
    const result = roundTrip(error) as TypeError;
    expect(result).toBeInstanceOf(TypeError);
    expect(Object.keys(result)).toEqual(["code"]);
    expect(result.stack).toBe(error.stack!);
    expect(result.cause).toBe("why");
  });

  test("an error is printed with the place where it was made", () => {
    const error = new Error("no");
    error.stack = "Error: no\n    at /app/tasks.ts:1:1";
    expect(Bun.inspect(error)).toContain("codec.test.ts");
    expect(Bun.inspect(roundTrip(error))).toBe(Bun.inspect(error));
  });

  test("an error without a stack comes back without one", () => {
    const error = new Error("no");
    delete error.stack;
    expect((roundTrip(error) as Error).stack).toBeUndefined();
  });

  test("an error without a cause comes back without one", () => {
    expect(Object.hasOwn(roundTrip(new Error("x")) as Error, "cause")).toBe(false);
  });

  test("an aborted signal's reason comes back as an Error of its name", () => {
    const result = roundTrip(AbortSignal.abort().reason) as Error;
    expect(result).toBeInstanceOf(Error);
    expect(result.name).toBe("AbortError");
  });

  test("an object that stands in two places is stored in both", () => {
    const shared = { a: 1 };
    expect(roundTrip([shared, { again: shared }])).toEqual([{ a: 1 }, { again: { a: 1 } }]);
  });

  test("nesting of 100 levels", () => {
    const value = nested(100);
    expect(roundTrip(value)).toEqual(value);
  });

  test("a getter is read once", () => {
    let reads = 0;
    const counter = {
      get reads() {
        return ++reads;
      },
    };
    expect(roundTrip(counter)).toEqual({ reads: 1 });
  });
});

describe("what is refused, and where", () => {
  class User {
    name = "Ada";
  }
  const cycle: Record<string, unknown> = { list: [] };
  (cycle.list as unknown[]).push({ owner: cycle });
  const throwing = {
    get broken() {
      throw new Error("not today");
    },
  };

  const cases: [string, unknown, string, string][] = [
    ["a function", { run() {} }, "input.run", "a function cannot be stored"],
    ["a symbol", [Symbol("s")], "input[0]", "a symbol cannot be stored"],
    ["a symbol as a key", { a: { [Symbol("s")]: 1 } }, "input.a", "a symbol as a key"],
    [
      "a class instance",
      { users: [1, { avatar: new User() }] },
      "input.users[1].avatar",
      "an instance of User",
    ],
    [
      "a subclass of a kind that is kept",
      new (class Index extends Map {})(),
      "input",
      "an instance of Index",
    ],
    ["a subclass of Array", { a: new (class Items extends Array {})() }, "input.a", "an instance of Items"],
    ["a regular expression", { a: /x/ }, "input.a", "an instance of RegExp"],
    ["a promise", { a: Promise.resolve() }, "input.a", "await it first"],
    ["a weak map", new WeakMap(), "input", "an instance of WeakMap"],
    ["a boxed primitive", [Object("text")], "input[0]", "an instance of String"],
    ["a shared buffer", new SharedArrayBuffer(1), "input", "an instance of SharedArrayBuffer"],
    [
      "a __proto__ key",
      JSON.parse('{"a": {"__proto__": 1}}'),
      "input.a.__proto__",
      "this key cannot be stored",
    ],
    ["a cycle", cycle, "input.list[0].owner", "contains itself"],
    ["a getter that throws", { a: throwing }, "input.a.broken", "cannot be read: not today"],
    ["a value in a Map", { index: new Map([["a", [User]]]) }, 'input.index.get("a")[0]', "a function"],
    ["a value in a Map under an object", new Map([[{}, User]]), "input.values()[0]", "a function"],
    ["a key of a Map", new Map([[{ User }, 1]]), "input.keys()[0].User", "a function"],
    ["an item of a Set", new Set([1, User]), "input.values()[1]", "a function"],
    ["an error's cause", new Error("x", { cause: User }), "input.cause", "a function"],
    ["an error's property", Object.assign(new Error("x"), { User }), "input.User", "a function"],
    ["a key that is no identifier", { "a b": { "1": User } }, 'input["a b"]["1"]', "a function"],
    ["the fake of a kind that is kept", { a: Object.create(Date.prototype) }, "input.a", "cannot be read"],
  ];
  for (const [name, value, path, problem] of cases) {
    test(name, () => {
      const error = refusal(value);
      expect(error.path).toBe(path);
      expect(error.message).toStartWith(`${path}: `);
      expect(error.message).toContain(problem);
    });
  }

  test("a revoked proxy", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(refusal({ a: proxy }).path).toBe("input.a");
  });

  test("nesting of 101 levels, with a path of readable length", () => {
    const error = refusal(nested(101));
    expect(error.message).toMatch(/^.{200,220}: it is nested deeper than 100 levels$/);
  });
});

describe("size", () => {
  test("the limit itself is allowed, one byte more is not, and the error tells both sizes", () => {
    const size = encode("x".repeat(2000), options).length;
    expect(encode("x".repeat(2000), { root: "input", limit: size })).toHaveLength(size);
    const error = refusal("x".repeat(2000), size - 1);
    expect(error.path).toBe("input");
    expect(error.message).toContain("it takes 2,003 bytes and the limit is 2,002");
  });

  test("values that would be endless when stored are refused at once", () => {
    const doubled = Array.from({ length: 60 }).reduce<unknown>((inner) => [inner, inner], []);
    for (const value of [
      doubled,
      new Array(4_000_000_000),
      new Uint8Array(20_000_000),
      "x".repeat(20_000_000),
    ]) {
      expect(refusal(value, 65_536).message).toMatch(
        /it takes at least [\d,]+ bytes and the limit is 65,536/,
      );
    }
  });
});

describe("memory", () => {
  test("a result stays as it is while others are encoded", () => {
    const first = encode({ a: 1 }, options);
    const before = first.slice();
    encode({ b: "x".repeat(100) }, options);
    expect(first).toEqual(before);
    expect(first.buffer.byteLength).toBe(first.length);
  });

  test("decoded bytes share nothing with their source, even if that is a Buffer", () => {
    const source = Buffer.from(encode({ a: Uint8Array.of(1, 2, 3), b: Int8Array.of(-1).buffer }, options));
    const result = decode(source) as { a: Uint8Array; b: ArrayBuffer };
    source.fill(0);
    expect(result).toEqual({ a: Uint8Array.of(1, 2, 3), b: Int8Array.of(-1).buffer });
    expect(result.a.buffer.byteLength).toBe(3);
  });
});

describe("bytes that are no value", () => {
  function decodingError(bytes: Uint8Array): unknown {
    try {
      decode(bytes);
    } catch (error) {
      return error;
    }
  }

  test("any bytes decode or are refused with a DecodeError", () => {
    const law = fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const error = decodingError(bytes);
      if (error !== undefined) expect(error).toBeInstanceOf(DecodeError);
    });
    fc.assert(law, { numRuns: 2000 });
  });

  test("a value that was cut off is refused", () => {
    const law = fc.property(anyValue, fc.nat(), (value, at) => {
      const whole = encode(value, options);
      expect(decodingError(whole.subarray(0, at % whole.length))).toBeInstanceOf(DecodeError);
    });
    fc.assert(law);
  });

  test("the error says what is wrong", () => {
    const error = decodingError(encode("hello", options).subarray(0, 3)) as DecodeError;
    expect(error).toBeInstanceOf(NuvomError);
    expect(error.code).toBe("NOT_DECODABLE");
    expect(error.message).toContain("3 bytes are damaged, or Nuvom did not write them");
  });

  test("lengths that lie cost no memory, and deep nesting no stack", () => {
    expect(decodingError(Uint8Array.of(0xdd, 0x02, 0xff, 0xff, 0xff))).toBeInstanceOf(DecodeError);
    let bytes = Uint8Array.of(0xc0);
    for (let depth = 0; depth < 1000; depth++) {
      const header = new DataView(new ArrayBuffer(6));
      header.setUint8(0, 0xc9);
      header.setUint32(1, bytes.length);
      header.setUint8(5, 8);
      bytes = Buffer.concat([new Uint8Array(header.buffer), bytes]);
    }
    expect((decodingError(bytes) as DecodeError).message).toContain("the nesting is too deep");
    expect(decode(encode([1], options))).toEqual([1]);
  });

  test("an extension that this version does not know", () => {
    expect((decodingError(Uint8Array.of(0xd4, 0x7f, 0)) as Error).message).toContain(
      "extension type 127 is unknown",
    );
  });
});

function nested(levels: number): unknown {
  let value: unknown = "core";
  for (let level = 0; level < levels; level++) value = { inner: value };
  return value;
}
