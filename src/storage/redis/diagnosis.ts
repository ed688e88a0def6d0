import { connect as connectPlainly } from "node:net";
import { type ConnectionOptions, connect as connectByTls } from "node:tls";
import { formatDuration } from "../../duration.ts";
import type { RedisAddress } from "./address.ts";

/** Why there is no connection. */
export interface NoConnection {
  /** What is wrong and what to do, without the address, and without a password. */
  problem: string;
  /** Whether it may go away by itself; else the address or the configuration of the server has to change. */
  passing: boolean;
}

/** What came of one connection. */
interface Trial {
  /** What the server has sent. */
  answer: string;
  /** How it ended before an answer was complete: `SILENCE`, `CLOSED`, or the code of the system or of TLS. */
  failure: string | null;
  /** Whether the server speaks TLS, and we found no fault with its certificate. */
  secured: boolean;
}

/** In milliseconds. Whoever asks why has waited before. */
const longestPatience = 2000;

/**
 * Connects once more, by hand, to find out why `Bun.RedisClient` could not: all it says is "Connection closed".
 * Takes no longer than the address' timeout twice, and 4 seconds.
 */
export async function whyNoConnection(address: RedisAddress): Promise<NoConnection> {
  const { answer, failure } = await trial(address, address.tls !== false, greeting(address));
  const known = failure === null ? null : knownFailure(failure, address);
  if (known) return known;
  if (failure === null && !isTls(answer)) return explain(answer, address);
  return (await tlsMismatch(answer, address)) ?? broken(failure ?? "CLOSED", address);
}

/** What `Bun.RedisClient` says at first, and PING, which a server that is not ready refuses. */
function greeting({ credentials, database }: RedisAddress): string[][] {
  const login = credentials ? ["AUTH", credentials.user || "default", credentials.password] : [];
  const select = database > 0 ? [["SELECT", `${database}`]] : [];
  return [["HELLO", "3", ...login], ...select, ["PING"]];
}

/** Where the server is silent, or answers in TLS, it may wait for the other way to speak. */
async function tlsMismatch(answer: string, address: RedisAddress): Promise<NoConnection | null> {
  if ("socket" in address.place) return null;
  // Without the password: what is meant for TLS must not be sent in the clear.
  const other = await trial(address, address.tls === false, [["PING"]]);
  if (address.tls === false) {
    const expectsTls = isTls(answer) || other.secured;
    return expectsTls ? mistake("the server expects TLS: begin the URL with rediss:// or valkeys://") : null;
  }
  if (isRedis(other.answer)) {
    return mistake("the server does not use TLS: begin the URL with redis:// or valkey://");
  }
  return other.answer === "" ? null : explain(other.answer, address);
}

function trial(
  { place, tls, timeout }: RedisAddress,
  secure: boolean,
  commands: readonly string[][],
): Promise<Trial> {
  const options = "socket" in place ? { path: place.socket } : place;
  const security: ConnectionOptions = {
    ...(typeof tls === "object" && tls),
    // Where TLS was not asked for, the question is only whether it is spoken.
    rejectUnauthorized: tls !== false,
  };
  return new Promise((resolve) => {
    let answer = "";
    let connected = false;
    let secured = false;
    const socket = secure ? connectByTls({ ...options, ...security }) : connectPlainly(options);
    const end = (failure: string | null) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ answer, failure, secured });
    };
    const patience = Math.min(timeout, longestPatience);
    const timer = setTimeout(() => end(connected ? "SILENCE" : "ETIMEDOUT"), patience);
    const speak = () => socket.write(commands.map(encode).join(""));
    socket.once("connect", () => {
      connected = true;
      if (!secure) speak();
    });
    socket.once("secureConnect", () => {
      secured = true;
      speak();
    });
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      answer += text;
      if (isComplete(answer)) end(null);
    });
    socket.on("error", (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
    socket.once("close", () => end("CLOSED"));
  });
}

function encode(command: string[]): string {
  return `*${command.length}\r\n${command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join("")}`;
}

function isRedis(answer: string): boolean {
  return /^(?:[-+]|[$*%:]\d)/.test(answer);
}

/** An alert is what a TLS server says to those who do not speak it. */
function isTls(answer: string): boolean {
  return answer.startsWith("\x15\x03");
}

function isComplete(answer: string): boolean {
  return !isRedis(answer) || answer.endsWith("+PONG\r\n") || firstError(answer) !== undefined;
}

function firstError(answer: string): string | undefined {
  return /(?:^|\n)-(.*)\r\n/.exec(answer)?.[1];
}

function knownFailure(code: string, { tls }: RedisAddress): NoConnection | null {
  switch (code) {
    case "ECONNREFUSED":
      return passing("nothing listens there: start Redis, or correct the address");
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "ESERVFAIL":
    case "ETIMEOUT":
      return passing("the name of the host is not known: correct it, or see to the name server (DNS)");
    case "ETIMEDOUT":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return passing("the host cannot be reached: correct it, or see to the network and its firewalls");
    case "ENOENT":
      return passing("there is no such socket: start Redis with this `unixsocket`, or correct the path");
    case "EACCES":
    case "EPERM":
      return mistake(
        "this user may not open the socket: see to `unixsocketperm` of Redis and the permissions of the folder",
      );
    case "EINVAL":
    case "ENAMETOOLONG":
      return mistake("the path of the socket is too long for the system: choose a shorter one");
    case "CERT_HAS_EXPIRED":
      return mistake("the certificate of the server has expired: renew it");
    case "CERT_NOT_YET_VALID":
      return mistake("the certificate of the server is not valid yet: see to the clocks of both machines");
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return mistake(
        "the certificate of the server is for another host: write the host name that it was made for",
      );
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "CERT_UNTRUSTED":
    case "INVALID_CA":
      return mistake(
        typeof tls === "object"
          ? "the certificate of the server is not signed by the authority that `ca` names: name the right one"
          : "the certificate of the server is not trusted here: name its authority as ?ca=/path/ca.pem, or in NODE_EXTRA_CA_CERTS",
      );
    case "ERR_SSL_TLSV1_ALERT_CERTIFICATE_REQUIRED":
      return mistake(
        "the server wants a certificate of its clients, which Nuvom has not: set `tls-auth-clients no`",
      );
    default:
      return null;
  }
}

function broken(failure: string, { timeout }: RedisAddress): NoConnection {
  if (failure === "SILENCE") {
    const patience = formatDuration(Math.min(timeout, longestPatience));
    return passing(`there is no answer within ${patience}: is this a Redis, and not overloaded?`);
  }
  if (failure === "CLOSED" || failure === "ECONNRESET" || failure === "EPIPE") {
    return passing("the server closes the connection without an answer: is this a Redis?");
  }
  return passing(`the connection fails with ${failure}`);
}

function explain(answer: string, address: RedisAddress): NoConnection {
  const error = firstError(answer);
  if (error !== undefined) return explainError(error, address);
  if (isRedis(answer)) return passing("the server answers again: it was away for a moment");
  return mistake(
    `this is not a Redis, it answers "${printable(answer, address)}": correct the host and port`,
  );
}

function explainError(error: string, address: RedisAddress): NoConnection {
  const user = address.credentials?.user;
  if (error.startsWith("NOAUTH")) {
    return mistake("a password is needed: write it into the URL, such as redis://:PASSWORD@HOST");
  }
  if (error.startsWith("WRONGPASS")) {
    return mistake(
      user
        ? `the user "${user}" does not exist, is disabled, or has another password`
        : "the password is wrong",
    );
  }
  if (error.startsWith("NOPERM")) {
    return mistake(`the user lacks permissions: give them with ACL SETUSER (${printable(error, address)})`);
  }
  if (error.startsWith("DENIED")) {
    return mistake(
      "Redis is in protected mode and serves its own machine only: set a password there, or `protected-mode no`",
    );
  }
  if (error.startsWith("LOADING")) return passing("Redis is still loading its data");
  if (error.startsWith("ERR max number of clients")) {
    return passing(
      "Redis has too many clients: raise its `maxclients`, or find out who holds the connections",
    );
  }
  if (error.startsWith("ERR DB index")) {
    return mistake(
      `there is no database ${address.database}: choose a lower number, or raise \`databases\` of Redis`,
    );
  }
  if (error.startsWith("ERR unknown command") || error.startsWith("NOPROTO")) {
    return mistake("the server is too old: Nuvom needs Redis or Valkey 7.0 or newer");
  }
  return passing(`the server answers "${printable(error, address)}"`);
}

/** The beginning of it, in which a server may have quoted what we sent. */
function printable(answer: string, { credentials }: RedisAddress): string {
  const masked = credentials?.password ? answer.replaceAll(credentials.password, "***") : answer;
  return masked
    .replace(/[\r\n].*/s, "")
    .slice(0, 80)
    .replace(/[^ -~]/g, ".");
}

function passing(problem: string): NoConnection {
  return { problem, passing: true };
}

function mistake(problem: string): NoConnection {
  return { problem, passing: false };
}
