import { readFileSync } from "node:fs";
import { isAbsolute } from "node:path";
import { type Duration, milliseconds } from "../../duration.ts";
import { InvalidOptionError } from "../../errors.ts";

/** What a storage URL says: where a Redis is, who we are to it, and how to use it. */
export interface RedisAddress {
  /** For `new Bun.RedisClient(clientUrl, { tls })`; it does not name the database. */
  clientUrl: string;
  /** A certificate authority (PEM) replaces those that are trusted by default. */
  tls: boolean | { ca: string };
  /**
   * To `SELECT` on every new connection. Bun cannot be trusted with it: it ignores that of a socket, and elsewhere
   * calls itself connected before the server has agreed.
   */
  database: number;
  place: { host: string; port: number } | { socket: string };
  /** An empty user is the default user. */
  credentials: { user: string; password: string } | null;
  /** What every key begins with. */
  prefix: string;
  /** How long an operation may take before it fails, in milliseconds. */
  timeout: number;
  /** The URL for people: without password and options. */
  shown: string;
}

type Kind = "plain" | "tls" | "socket";
type Wrong = (problem: string) => InvalidOptionError;

const kinds = new Map<string, Kind>([
  ["redis", "plain"],
  ["valkey", "plain"],
  ["rediss", "tls"],
  ["valkeys", "tls"],
  ["redis+unix", "socket"],
  ["valkey+unix", "socket"],
]);

const optionsOf: Record<Kind, readonly string[]> = {
  plain: ["prefix", "timeout"],
  tls: ["prefix", "timeout", "ca"],
  socket: ["prefix", "timeout", "db"],
};

/** A mere number means milliseconds, and is easily mistaken for seconds. */
const shortestTimeout = 100;

/** A timer of the platform cannot be longer. */
const longestTimeout = 2 ** 31 - 1;

/**
 * Reads the URL of a Redis or Valkey:
 *
 * - `redis://user:password@host:6379/3`, where all but the host may be left out; `/3` is the database
 * - `rediss://…` the same with TLS, optionally with `?ca=/path/ca.pem`, the certificate authority to trust
 * - `redis+unix://user:password@/path/redis.sock?db=3`
 *
 * Each takes `?prefix=nuvom` and `?timeout=5s`; `valkey` may stand in place of `redis`.
 * @throws InvalidOptionError for every mistake in it; the message holds no password.
 */
export function redisAddress(url: string): RedisAddress {
  const [, scheme = "", rest = ""] = /^([a-z+]+):\/\/(.*)$/s.exec(url) ?? [];
  const kind = kinds.get(scheme);
  if (!kind) {
    throw new InvalidOptionError(
      `storage: this is no URL of a Redis: write ${[...kinds.keys()].join("://, ")}://, such as redis://localhost:6379`,
    );
  }
  // Until all of it is understood, any part of it may be part of a password.
  const unclear: Wrong = (problem) => new InvalidOptionError(`storage ${scheme}://…: ${problem}`);
  const [, login, authority, path, query] =
    /^(?:([^/?#]*)@)?([^/?#@]*)(\/[^?#@]*)?(?:\?([^#@]*))?$/.exec(rest) ?? [];
  if (authority === undefined) {
    throw unclear(
      'there is an "@" or "#" after the host: in a user, password or option write @ as %40, # as %23, / as %2F and ? as %3F',
    );
  }
  const { credentials, secret, masked } = readLogin(login, unclear);

  if (kind === "socket") {
    const socket = readSocket(authority, path, unclear);
    const shown = `${scheme}://${masked}${socket}`;
    const wrong: Wrong = (problem) => new InvalidOptionError(`storage ${shown}: ${problem}`);
    const options = readOptions(query, kind, wrong);
    const database = readDatabase(options.get("db") ?? "0", `${shown}?db=3`, wrong);
    return {
      // Bun takes a password only before a host, which it then ignores.
      clientUrl: `${scheme}://${secret}localhost${socket}`,
      tls: false,
      database,
      place: { socket },
      credentials,
      ...readCommon(options, wrong),
      shown: database === 0 ? shown : `${shown}?db=${database}`,
    };
  }
  const { host, port } = readAuthority(authority, scheme, unclear);
  const server = `${host}:${port}`;
  const shown = `${scheme}://${masked}${server}`;
  const wrong: Wrong = (problem) => new InvalidOptionError(`storage ${shown}: ${problem}`);
  const database = readDatabase(path?.slice(1) || "0", `${shown}/3`, wrong);
  const options = readOptions(query, kind, wrong);
  return {
    clientUrl: `${scheme}://${secret}${server}`,
    tls: kind === "tls" && readCertificateAuthority(options.get("ca"), wrong),
    database,
    place: { host: host.replace(/^\[(.*)\]$/, "$1"), port },
    credentials,
    ...readCommon(options, wrong),
    shown: database === 0 ? shown : `${shown}/${database}`,
  };
}

/** The same Redis for other keys. @param url one that `redisAddress` can read. */
export function withPrefix(url: string, prefix: string): string {
  const [server = "", query] = url.split("?");
  const options = parametersOf(query);
  options.set("prefix", prefix);
  return `${server}?${options.toString().replaceAll("+", "%20")}`;
}

function readLogin(login: string | undefined, wrong: Wrong) {
  if (login === undefined || login === ":") return { credentials: null, secret: "", masked: "" };
  const [, encodedUser, encodedPassword] = /^([^:]*):(.*)$/s.exec(login) ?? [];
  if (encodedUser === undefined || encodedPassword === undefined) {
    throw wrong("there is a user but no password: write USER:PASSWORD@, or :PASSWORD@ for the default user");
  }
  try {
    const [user, password] = [decodeURIComponent(encodedUser), decodeURIComponent(encodedPassword)];
    const name = encodeURIComponent(user);
    const secret = `${name}:${encodeURIComponent(password)}@`;
    return { credentials: { user, password }, secret, masked: `${name}:***@` };
  } catch {
    throw wrong(
      "the user or password has a % that does not begin a percent-encoded character: write it as %25",
    );
  }
}

function readSocket(authority: string, path: string | undefined, wrong: Wrong): string {
  const example = "such as redis+unix:///run/redis/redis.sock";
  if (authority !== "" && authority !== "localhost") {
    throw wrong(`the path of the socket does not begin with a slash: write three slashes, ${example}`);
  }
  if (path === undefined || path.endsWith("/"))
    throw wrong(`the path of the socket is missing: write it, ${example}`);
  // Bun does not decode the path, so there is no way to write these to it.
  const socket = decode(path);
  if (
    !/^[\w!$%&'()*+,./:;=@[\]|~-]+$/.test(socket) ||
    new URL(`redis+unix://localhost${socket}`).pathname !== socket
  ) {
    throw wrong(
      `Bun cannot open a socket whose path has spaces or other special characters: choose a path ${example}`,
    );
  }
  return socket;
}

function readAuthority(authority: string, scheme: string, wrong: Wrong) {
  const example = `such as ${scheme}://localhost:6379`;
  if (!authority.startsWith("[") && authority.split(":").length > 2) {
    throw wrong(`an IPv6 address needs brackets, such as ${scheme}://[::1]:6379`);
  }
  const [, host = "", port = "6379"] = /^(\[.*\]|[^:]*)(?::(.*))?$/s.exec(authority) ?? [];
  if (host === "") throw wrong(`it names no host: write one, ${example}`);
  if (!/^[\w.-]+$|^\[[\da-f:.]+\]$/i.test(host) || !URL.canParse(`redis://${host}`)) {
    throw wrong(`the host is neither a name nor an IP address: write one, ${example}`);
  }
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    throw wrong(`the port is not a number from 1 to 65535: write one, ${example}`);
  }
  return { host, port: Number(port) };
}

function readOptions(query: string | undefined, kind: Kind, wrong: Wrong): Map<string, string> {
  const known = optionsOf[kind];
  const options = new Map<string, string>();
  for (const [name, value] of parametersOf(query)) {
    if (!known.includes(name)) {
      if (name === "ca") throw wrong("ca is for TLS only: write rediss:// to use TLS, or leave ca out");
      if (name === "db") throw wrong("the database is the path of the URL, such as redis://localhost:6379/3");
      throw wrong(`there is no option "${name}", only ${known.join(", ")}, such as ?prefix=nuvom`);
    }
    if (options.has(name)) throw wrong(`${name} is given twice: write it once`);
    options.set(name, value);
  }
  return options;
}

/** A plus is a plus, as in a path: only forms write a space so. */
function parametersOf(query: string | undefined): URLSearchParams {
  return new URLSearchParams(query?.replaceAll("+", "%2B"));
}

function readDatabase(text: string, example: string, wrong: Wrong): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw wrong(`the database "${text}" is not a number: write one, such as ${example}`);
}

function readCommon(options: Map<string, string>, wrong: Wrong) {
  const prefix = options.get("prefix") ?? "nuvom";
  if (prefix === "") throw wrong("the prefix is empty: write one, such as ?prefix=nuvom");
  if (/[{}]/.test(prefix)) {
    throw wrong(
      `the prefix "${prefix}" has braces, which have a meaning to Redis: write one without, such as nuvom`,
    );
  }
  return { prefix, timeout: readTimeout(options.get("timeout") ?? "5s", wrong) };
}

function readTimeout(text: string, wrong: Wrong): number {
  try {
    const timeout = milliseconds(/^\d+$/.test(text) ? Number(text) : (text as Duration), "timeout");
    if (timeout >= shortestTimeout && timeout <= longestTimeout) return timeout;
  } catch (error) {
    throw wrong((error as Error).message);
  }
  throw wrong(
    `timeout: "${text}" is not at least 100 ms and at most 24 days: write a text such as ?timeout=5s`,
  );
}

function readCertificateAuthority(path: string | undefined, wrong: Wrong): true | { ca: string } {
  if (path === undefined) return true;
  // Jobs run in another folder than the program that reads the URL first.
  if (!isAbsolute(path))
    throw wrong(`ca: "${path}" is not an absolute path: write one, such as ?ca=/etc/redis/ca.pem`);
  try {
    const ca = readFileSync(path, "utf8");
    new (process.getBuiltinModule("node:crypto").X509Certificate)(ca);
    return { ca };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const problem = code?.startsWith("ERR_") ? "holds no certificate" : `cannot be read (${code})`;
    throw wrong(`ca: ${path} ${problem}: name a PEM file that begins with -----BEGIN CERTIFICATE-----`);
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
