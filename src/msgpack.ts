import { Decoder, Encoder, ExtData } from "@msgpack/msgpack";

/** Extension types for what msgpack has no form for. Stored jobs hold these numbers: add to them, never change one. */
export const types = {
  undefined: 0,
  minusZero: 1,
  bigint: 2,
  text: 3,
  object: 4,
  date: 5,
  url: 6,
  map: 7,
  set: 8,
  error: 9,
};
export const firstBufferType = 16;

/** A buffer's extension type is `firstBufferType` plus its place here: add at the end. */
// biome-ignore format: a list
export const bufferKinds = [
  Uint8Array, ArrayBuffer, DataView, Uint8ClampedArray, Int8Array, Uint16Array, Int16Array, Uint32Array, Int32Array,
  BigUint64Array, BigInt64Array, Float16Array, Float32Array, Float64Array,
];

/** An error is stored with the place of the last of these that it is an instance of: add at the end. */
// biome-ignore format: a list
export const errorKinds = [
  Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError, AggregateError,
] as (new (errors: unknown) => Error)[];

/** How deep a value may be nested. */
export const maxDepth = 100;

const extensionCodec = {
  tryToEncode: (object: unknown) => (object instanceof ExtData ? object : null),
  decode: restore,
};

const newEncoder = () => new Encoder({ extensionCodec, maxDepth: maxDepth + 1 });
let encoder = newEncoder();

/** The value as msgpack, in a buffer of its own. Of special objects it takes `ExtData` only. */
export function pack(prepared: unknown): Uint8Array {
  const bytes = encoder.encode(prepared);
  // An encoder never gives back the memory of the largest value it has seen.
  if (bytes.length > 64 * 1024) encoder = newEncoder();
  return bytes;
}

/** One for each level of extensions within extensions: while a decoder works, it can do nothing else. */
const decoders = Array.from({ length: maxDepth + 2 }, () => newDecoder(4096));
let level = 0;

/** Damaged bytes can ask for an array of gigabytes; a sound one has no more items than there are bytes. */
function newDecoder(maxArrayLength: number): Decoder {
  return new Decoder({ extensionCodec, maxArrayLength });
}

/** What was packed, with what its extensions stand for in their place; shares no memory with `bytes`. */
export function unpack(bytes: Uint8Array): unknown {
  if (level >= decoders.length) throw new Error("the nesting is too deep");
  const decoder = bytes.length > 4096 ? newDecoder(bytes.length) : decoders[level]!;
  level++;
  try {
    return decoder.decode(bytes);
  } finally {
    level--;
  }
}

export function extension(type: number, prepared: unknown): ExtData {
  return new ExtData(type, pack(prepared));
}

function restore(data: Uint8Array, type: number): unknown {
  const bufferKind = bufferKinds[type - firstBufferType];
  if (bufferKind) return restoreBuffer(data, bufferKind);
  const restoreKind = restorers[type];
  if (restoreKind) return restoreKind(unpack(data));
  throw new Error(`extension type ${type} is unknown`);
}

// biome-ignore lint/suspicious/noExplicitAny: what `codec.ts` packs for this type.
const restorers: Record<number, (inner: any) => unknown> = {
  [types.undefined]: () => undefined,
  [types.minusZero]: () => -0,
  [types.bigint]: restoreBigint,
  [types.text]: (latin1: string) => Buffer.from(latin1, "latin1").toString("utf16le"),
  [types.object]: (list: unknown[]) => Object.fromEntries(pairs(list)),
  [types.date]: (time: number) => new Date(time),
  [types.url]: (href: string) => new URL(href),
  [types.map]: (list: unknown[]) => new Map(pairs(list)),
  [types.set]: (list: unknown[]) => new Set(list),
  [types.error]: restoreError,
};

function restoreBuffer(data: Uint8Array, Kind: (typeof bufferKinds)[number]): unknown {
  // The library's `data` is a view of its input.
  const { buffer } = new Uint8Array(data);
  return Kind === ArrayBuffer ? buffer : new (Kind as Uint8ArrayConstructor)(buffer);
}

function restoreBigint(hexadecimal: string): bigint {
  return hexadecimal.startsWith("-") ? -BigInt(`0x${hexadecimal.slice(1)}`) : BigInt(`0x${hexadecimal}`);
}

function restoreError([kind, hidden, shown]: [
  number,
  Record<string, unknown>,
  Record<string, unknown>,
]): Error {
  // An AggregateError insists on a list; to the others it is an empty message.
  const error = new errorKinds[kind]!([]);
  // An error without a stack must not show where it was decoded.
  define(error, { stack: undefined, ...hidden }, false);
  define(error, shown, true);
  return error;
}

function define(error: Error, properties: Record<string, unknown>, enumerable: boolean): void {
  for (const [key, value] of Object.entries(properties)) {
    Object.defineProperty(error, key, { value, enumerable, writable: true, configurable: true });
  }
}

function pairs(list: unknown[]): [string, unknown][] {
  if (!Array.isArray(list)) throw new Error("a list was expected");
  return Array.from({ length: list.length / 2 }, (_, index) => [
    list[2 * index] as string,
    list[2 * index + 1],
  ]);
}
