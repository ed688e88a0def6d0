import { ExtData } from "@msgpack/msgpack";
import { EncodeError, NuvomError } from "./errors.ts";
import {
  bufferKinds,
  errorKinds,
  extension,
  firstBufferType,
  maxDepth,
  pack,
  types,
  unpack,
} from "./msgpack.ts";
import { describeThrown } from "./thrown.ts";

/** In bytes. */
export const defaultSizeLimit = 1024 * 1024;

/** Bytes that do not hold a value that `encode` wrote. */
export class DecodeError extends NuvomError {
  override name = "DecodeError";
  constructor(message: string, options?: ErrorOptions) {
    super("NOT_DECODABLE", message, options);
  }
}

/** Why something inside the value cannot be stored. The path to it grows as this travels up. */
class Refusal {
  path = "";
  constructor(readonly problem: string) {}
}

interface Pass {
  readonly root: string;
  readonly limit: number;
  /** The objects that are being prepared, outermost first. */
  readonly ancestors: object[];
  /** How many bytes the result has at least. */
  size: number;
}

/**
 * Encodes a value as msgpack so that `decode` gives the same value back, and refuses what would come back changed.
 * Left out, as in JSON, are properties that are not enumerable and named properties of an array. An object that
 * stands in several places is stored several times. The result is a buffer of its own.
 * @param options.root what the value is called in error messages, such as `input`.
 * @param options.limit how many bytes the result may have.
 * @throws EncodeError if the value or something inside it cannot be stored, or if it is too large.
 */
export function encode(value: unknown, options: { root: string; limit: number }): Uint8Array {
  const pass: Pass = { root: options.root, limit: options.limit, ancestors: [], size: 1 };
  try {
    const bytes = pack(prepare(value, pass));
    if (bytes.length > pass.limit) throw tooLarge(pass, bytes.length, "");
    return bytes;
  } catch (thrown) {
    const error = refusalAt("", thrown);
    throw error instanceof Refusal ? new EncodeError(pass.root + abridged(error.path), error.problem) : error;
  }
}

/**
 * Decodes what `encode` wrote. The result shares no memory with `bytes`.
 * @throws DecodeError if they are damaged or were written by something else.
 */
export function decode(bytes: Uint8Array): unknown {
  try {
    return unpack(bytes);
  } catch (cause) {
    const problem = `${bytes.length} bytes are damaged, or Nuvom did not write them`;
    throw new DecodeError(`${problem}: ${describeThrown(cause).message}`, { cause });
  }
}

const absent = extension(types.undefined, null);
const minusZero = extension(types.minusZero, null);

/** A copy of the value that the library encodes without loss: with `ExtData` in the place of what it would lose. */
function prepare(value: unknown, pass: Pass): unknown {
  switch (typeof value) {
    case "boolean":
      return value;
    case "number":
      return Object.is(value, -0) ? minusZero : value;
    case "string":
      return prepareText(value, pass);
    case "undefined":
      return absent;
    case "bigint":
      return extension(types.bigint, value.toString(16));
    case "object":
      return value === null ? null : prepareObject(value, pass);
    default:
      throw new Refusal(`a ${typeof value} cannot be stored`);
  }
}

function prepareText(text: string, pass: Pass): unknown {
  grow(pass, text.length);
  if (isPlain(text)) return text;
  return extension(types.text, Buffer.from(text, "utf16le").toString("latin1"));
}

/** Whether the library keeps the text: it loses lone surrogates, and a byte order mark at the start. */
function isPlain(text: string): boolean {
  return text.isWellFormed() && text.charCodeAt(0) !== 0xfeff;
}

function prepareObject(object: object, pass: Pass): unknown {
  if (pass.ancestors.includes(object)) throw new Refusal("an object that contains itself cannot be stored");
  if (pass.ancestors.length === maxDepth) throw new Refusal(`it is nested deeper than ${maxDepth} levels`);
  pass.ancestors.push(object);
  const prepared = prepareKind(object, pass);
  pass.ancestors.pop();
  return prepared;
}

function prepareKind(object: object, pass: Pass): unknown {
  const prototype = Object.getPrototypeOf(object);
  if (prototype === Object.prototype || prototype === null) {
    return prepareProperties(object, Object.keys(object), pass);
  }
  if (prototype === Array.prototype && Array.isArray(object)) {
    return prepareList(object, pass, (index) => `[${index}]`);
  }
  const prepareSpecial = specials.get(prototype);
  if (prepareSpecial) return prepareSpecial(object, pass);
  if (object instanceof Error) return prepareError(object, pass);
  if (object instanceof Promise) throw new Refusal("a promise cannot be stored: await it first");
  const name = prototype.constructor?.name || "a class";
  throw new Refusal(
    `an instance of ${name} cannot be stored: only plain data, Date, Map, Set, URL, Error and bytes`,
  );
}

/** By prototype, so that instances of subclasses, which would lose their class, are not taken for these. */
// biome-ignore lint/suspicious/noExplicitAny: the prototype decides what the function is given.
const specials = new Map<object, (value: any, pass: Pass) => ExtData>([
  [Date.prototype, (date: Date) => extension(types.date, date.getTime())],
  [URL.prototype, (url: URL) => extension(types.url, url.href)],
  [Map.prototype, prepareMap],
  [Set.prototype, prepareSet],
  ...bufferKinds.map((kind, index) => [kind.prototype, bufferPreparer(index)] as const),
  [Buffer.prototype, bufferPreparer(0)],
]);

function prepareProperties(object: object, keys: string[], pass: Pass): unknown {
  if (Object.getOwnPropertySymbols(object).length > 0)
    throw new Refusal("a symbol as a key cannot be stored");
  grow(pass, 2 * keys.length);
  const copy: Record<string, unknown> = {};
  let key = "";
  try {
    for (key of keys) {
      if (key === "__proto__") throw new Refusal("this key cannot be stored");
      copy[key] = prepare((object as Record<string, unknown>)[key], pass);
    }
  } catch (thrown) {
    throw refusalAt(property(key), thrown);
  }
  if (keys.every(isPlain)) return copy;
  const entries = Object.entries(copy).flatMap(([name, value]) => [prepareText(name, pass), value]);
  return extension(types.object, entries);
}

function prepareList(list: readonly unknown[], pass: Pass, segment: (index: number) => string): unknown[] {
  grow(pass, list.length);
  const copy = new Array<unknown>(list.length);
  let index = 0;
  try {
    for (; index < list.length; index++) copy[index] = prepare(list[index], pass);
  } catch (thrown) {
    throw refusalAt(segment(index), thrown);
  }
  return copy;
}

function prepareSet(set: Set<unknown>, pass: Pass): ExtData {
  return extension(
    types.set,
    prepareList([...set], pass, (index) => `.values()[${index}]`),
  );
}

function prepareMap(map: Map<unknown, unknown>, pass: Pass): ExtData {
  const entries = [...map].flat();
  const segment = (index: number) => {
    const key = entries[index - 1];
    if (index % 2 === 0) return `.keys()[${index / 2}]`;
    return Object(key) === key ? `.values()[${(index - 1) / 2}]` : `.get(${Bun.inspect(key)})`;
  };
  return extension(types.map, prepareList(entries, pass, segment));
}

/** Bun prints an error with what the last three say of its place in the source. */
const hiddenKeys = ["name", "message", "stack", "cause", "errors", "line", "column", "sourceURL"];

function prepareError(error: Error, pass: Pass): ExtData {
  const kind = errorKinds.findLastIndex((candidate) => error instanceof candidate);
  const inherited: object = errorKinds[kind]!.prototype;
  const differs = (key: string) => Reflect.get(error, key) !== Reflect.get(inherited, key);
  const shown = Object.keys(error);
  const hidden = hiddenKeys.filter(
    (key) => !shown.includes(key) && (Object.hasOwn(error, key) || differs(key)),
  );
  const properties = [prepareProperties(error, hidden, pass), prepareProperties(error, shown, pass)];
  return extension(types.error, [kind, ...properties]);
}

function bufferPreparer(kind: number) {
  return (buffer: ArrayBuffer | ArrayBufferView, pass: Pass) => {
    grow(pass, buffer.byteLength);
    const view = buffer instanceof ArrayBuffer ? new DataView(buffer) : buffer;
    return new ExtData(firstBufferType + kind, new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  };
}

/**
 * Stops at a size that no limit allows: an object that stands in many places may be small in memory and endless when
 * stored, as may an array with holes. What is only somewhat too large is encoded, to tell its exact size.
 */
function grow(pass: Pass, bytes: number): void {
  pass.size += bytes;
  if (pass.size > 2 * pass.limit) throw tooLarge(pass, pass.size, "at least ");
}

function tooLarge(pass: Pass, size: number, qualifier: string): EncodeError {
  const [takes, limit] = [size.toLocaleString("en"), pass.limit.toLocaleString("en")];
  const problem = `it takes ${qualifier}${takes} bytes and the limit is ${limit}`;
  return new EncodeError(pass.root, `${problem}: keep large data elsewhere and pass a reference to it`);
}

function refusalAt(segment: string, thrown: unknown): Refusal | EncodeError {
  if (thrown instanceof EncodeError) return thrown;
  const known = thrown instanceof Refusal;
  const refusal = known ? thrown : new Refusal(`it cannot be read: ${describeThrown(thrown).message}`);
  refusal.path = segment + refusal.path;
  return refusal;
}

function property(key: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function abridged(path: string): string {
  return path.length <= 200 ? path : `${path.slice(0, 100)}…${path.slice(-100)}`;
}
