import fc from "fast-check";

/** A text that differs whenever two values differ in anything the codec promises to keep. */
export function portrait(value: unknown): string {
  const list = (items: Iterable<unknown>) => `[${Array.from(items, portrait).join(", ")}]`;
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (Object.is(value, -0)) return "-0";
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return list(value);
  if (value instanceof Date) return `Date ${value.getTime()}`;
  if (value instanceof URL) return `URL ${value}`;
  if (value instanceof Map) return `Map ${list([...value].flat())}`;
  if (value instanceof Set) return `Set ${list(value)}`;
  if (value instanceof ArrayBuffer) return `ArrayBuffer ${list(new Uint8Array(value))}`;
  if (value instanceof DataView)
    return `DataView ${list(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))}`;
  if (Buffer.isBuffer(value)) return `Uint8Array ${list(value)}`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name} ${list(value as unknown as number[])}`;
  if (value instanceof Error) {
    const hidden = ["name", "message", "stack", "cause", "errors"].filter((key) => key in value);
    const own = Object.entries(value);
    return `${nearestBuiltIn(value)} ${list(hidden.map((key) => [key, Reflect.get(value, key)]))} ${list(own)}`;
  }
  return `{${Object.entries(value).map(list).join(", ")}}`;
}

function nearestBuiltIn(error: Error): string {
  let prototype = Object.getPrototypeOf(error);
  while (Reflect.get(globalThis, prototype.constructor.name) !== prototype.constructor) {
    prototype = Object.getPrototypeOf(prototype);
  }
  return prototype.constructor.name;
}

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc
    .array(fc.integer({ min: 0xd7fe, max: 0xe001 }), { maxLength: 70 })
    .map((units) => String.fromCharCode(...units)),
  fc.integer({ min: 0, max: 300 }).map((length) => `\ufeff\0${"é".repeat(length)}`),
);

const bytes = fc
  .uint8Array({ maxLength: 64 })
  .map((array) => array.slice(0, array.length - (array.length % 8)));
const bufferKinds: (new (buffer: ArrayBuffer) => unknown)[] = [
  ...[Uint8ClampedArray, Int8Array, Uint16Array, Int16Array, Uint32Array, Int32Array, BigUint64Array],
  ...[BigInt64Array, Float16Array, Float32Array, Float64Array, DataView],
];
const buffer = fc.oneof(
  bytes,
  bytes.map((array) => array.buffer),
  bytes.map((array) => Buffer.from(array)),
  fc.tuple(bytes, fc.constantFrom(...bufferKinds)).map(([array, Kind]) => new Kind(array.buffer)),
);

class PaymentError extends RangeError {
  override name = "PaymentError";
  readonly code = 402;
}
const errorKinds = [
  Error,
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
  PaymentError,
];

/** A value of any kind that the codec keeps, nested in any way. */
export const { value: anyValue } = fc.letrec((tie) => {
  const value = tie("value");
  const list = fc.array(value, { maxLength: 4 });
  const key = text.filter((name) => name !== "__proto__");
  const properties = fc.dictionary(key, value, { maxKeys: 5, noNullPrototype: false });
  return {
    value: fc.oneof(
      { maxDepth: 5, depthIdentifier: "value" },
      fc.constantFrom(
        null,
        undefined,
        true,
        false,
        Number.NaN,
        Infinity,
        -Infinity,
        0,
        -0,
        2 ** 53,
        -(2 ** 63),
      ),
      fc.double(),
      fc.integer(),
      fc.maxSafeInteger(),
      fc.bigInt(),
      text,
      fc.date({ noInvalidDate: false }),
      fc.webUrl().map((url) => new URL(url)),
      buffer,
      list,
      properties,
      fc.array(fc.tuple(value, value), { maxLength: 4 }).map((entries) => new Map(entries)),
      list.map((items) => new Set(items)),
      fc
        .tuple(fc.constantFrom(...errorKinds), text, value, properties)
        .map(([Kind, message, cause, own]) => Object.assign(new Kind(message, { cause }), own)),
      fc.tuple(list, text).map(([errors, message]) => new AggregateError(errors, message)),
    ),
  };
});
