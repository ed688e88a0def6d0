import { expect, test } from "bun:test";
import fc from "fast-check";
import { InvalidOptionError } from "../../src/errors.ts";
import { openStorage } from "../../src/storage/open.ts";
import { type RedisAddress, redisAddress, withPrefix } from "../../src/storage/redis/address.ts";
import { certificates } from "../support/certificate.ts";
import { temporaryFolder } from "../support/folder.ts";
import { startRedis } from "../support/redis.ts";

const encode = encodeURIComponent;
const awkward = "p@ss:w/rd%?#[] é+";

/** Whether a client can be connected so, and in which database and as whom it is. */
async function connected({ clientUrl, tls, database }: RedisAddress): Promise<string> {
  const client = new Bun.RedisClient(clientUrl, { tls, autoReconnect: false, enableOfflineQueue: false });
  try {
    await client.connect();
    await client.send("SELECT", [`${database}`]);
    const session = await client.send("CLIENT", ["INFO"]);
    return `${await client.ping()} ${/\bdb=\d+/.exec(session)} ${/\buser=\S+/.exec(session)}`;
  } finally {
    client.close();
  }
}

function problem(url: string): string {
  try {
    redisAddress(url);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidOptionError);
    return (error as Error).message;
  }
  throw new Error(`${url} is taken for right`);
}

test("a URL may say no more than the host", () => {
  expect(redisAddress("redis://localhost")).toEqual({
    clientUrl: "redis://localhost:6379",
    tls: false,
    database: 0,
    place: { host: "localhost", port: 6379 },
    credentials: null,
    prefix: "nuvom",
    timeout: 5000,
    shown: "redis://localhost:6379",
  });
});

test.each(["redis://h", "rediss://h", "redis+unix:///s", "valkey://h", "valkeys://h", "valkey+unix:///s"])(
  "%s names a storage",
  async (url) => {
    await openStorage(url).close();
  },
);

test("a URL may say everything", () => {
  expect(redisAddress("valkey://al%40ice:p%3Aw@10.0.0.1:7000/12?prefix=my+app&timeout=250ms")).toEqual({
    clientUrl: "valkey://al%40ice:p%3Aw@10.0.0.1:7000",
    tls: false,
    database: 12,
    place: { host: "10.0.0.1", port: 7000 },
    credentials: { user: "al@ice", password: "p:w" },
    prefix: "my+app",
    timeout: 250,
    shown: "valkey://al%40ice:***@10.0.0.1:7000/12",
  });
});

test("an IPv6 address stands in brackets", () => {
  const { place, clientUrl } = redisAddress("redis://[::1]");
  expect(place).toEqual({ host: "::1", port: 6379 });
  expect(clientUrl).toBe("redis://[::1]:6379");
});

test("a socket has a path, and its database is an option", () => {
  expect(redisAddress("redis+unix://:secret@/run/re%64is.sock?db=3")).toMatchObject({
    tls: false,
    database: 3,
    place: { socket: "/run/redis.sock" },
    credentials: { user: "", password: "secret" },
    shown: "redis+unix://:***@/run/redis.sock?db=3",
  });
  expect(redisAddress("redis+unix:///run/redis.sock").shown).toBe("redis+unix:///run/redis.sock");
});

test("the shown URL is one that can be read again", () => {
  for (const url of ["redis://[::1]:7000/3", "rediss://u:***@host:6379", "redis+unix://u:***@/a.sock?db=2"]) {
    expect(redisAddress(url).shown).toBe(url);
  }
});

test("every user and password arrives as it is", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary" }),
      fc.string({ unit: "binary", minLength: 1 }),
      (user, password) => {
        const address = redisAddress(`redis://${encode(user)}:${encode(password)}@localhost`);
        expect(address.credentials).toEqual({ user, password });
        expect(decodeURIComponent(new URL(address.clientUrl).password)).toBe(password);
      },
    ),
  );
});

test("no message and no shown URL holds a password, however it is written", () => {
  const scheme = fc.constantFrom("redis", "rediss", "redis+unix", "http");
  const rest = fc.constantFrom(
    "localhost",
    "localhost:x",
    "localhost/x",
    "/a.sock",
    "",
    "h?prefix=",
    "h?db=1&ca=x",
  );
  fc.assert(
    fc.property(scheme, rest, fc.string(), fc.string(), (scheme, rest, before, after) => {
      const url = `${scheme}://user:${before}hunter2${after}@${rest}`;
      let text: string;
      try {
        text = redisAddress(url).shown;
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidOptionError);
        text = (error as Error).message;
      }
      expect(text).not.toContain("hunter2");
    }),
    { numRuns: 1000 },
  );
  expect(problem("redis://user:hunter2")).not.toContain("hunter2");
});

test.each([
  ["redis:localhost", "this is no URL of a Redis"],
  ["http://localhost", "such as redis://localhost:6379"],
  ["redis://", "it names no host: write one, such as redis://localhost:6379"],
  ["rediss://:6380/3", "it names no host: write one, such as rediss://localhost:6379"],
  ["redis://my host", "the host is neither a name nor an IP address"],
  ["redis://[fe80]", "the host is neither a name nor an IP address"],
  ["redis://::1:6379", "an IPv6 address needs brackets, such as redis://[::1]:6379"],
  ["redis://localhost:0", "the port is not a number from 1 to 65535"],
  ["redis://localhost:65536", "the port is not a number from 1 to 65535"],
  ["redis://localhost:x", "the port is not a number from 1 to 65535"],
  ["redis://localhost/x", 'the database "x" is not a number: write one, such as redis://localhost:6379/3'],
  ["redis://localhost/-1", 'the database "-1" is not a number'],
  ["redis://localhost/1/2", 'the database "1/2" is not a number'],
  [
    "redis+unix:///a.sock?db=x",
    'the database "x" is not a number: write one, such as redis+unix:///a.sock?db=3',
  ],
  ["redis://localhost?db=3", "the database is the path of the URL, such as redis://localhost:6379/3"],
  ["redis+unix://", "the path of the socket is missing"],
  ["redis+unix:///", "the path of the socket is missing"],
  ["redis+unix:///run/", "the path of the socket is missing"],
  ["redis+unix://run/redis.sock", "write three slashes, such as redis+unix:///run/redis/redis.sock"],
  ["redis+unix:///run/my%20redis.sock", "Bun cannot open a socket whose path has spaces"],
  ["redis://password@localhost", "write USER:PASSWORD@, or :PASSWORD@ for the default user"],
  ["redis://:50%@localhost", "write it as %25"],
  ["redis://:a#b@localhost", "write @ as %40, # as %23"],
  ["redis://localhost?color=red", 'there is no option "color", only prefix, timeout, such as ?prefix=nuvom'],
  ["rediss://localhost?color=red", 'there is no option "color", only prefix, timeout, ca,'],
  ["redis+unix:///a.sock?color=red", 'there is no option "color", only prefix, timeout, db,'],
  ["redis://localhost?prefix=a&prefix=b", "prefix is given twice"],
  ["redis://localhost?prefix=", "the prefix is empty: write one, such as ?prefix=nuvom"],
  ["redis://localhost?prefix={a}", 'the prefix "{a}" has braces'],
  ["redis://localhost?timeout=soon", 'timeout: "soon" is not a duration'],
  ["redis://localhost?timeout=0s", "write a text such as ?timeout=5s"],
  ["redis://localhost?timeout=5", "at least 100 ms"],
  ["redis://localhost?timeout=5w", "at most 24 days"],
  ["redis://localhost?ca=/ca.pem", "ca is for TLS only: write rediss://"],
  ["rediss://localhost?ca=ca.pem", 'ca: "ca.pem" is not an absolute path'],
  ["rediss://localhost?ca=/none/ca.pem", "ca: /none/ca.pem cannot be read (ENOENT)"],
  [`rediss://localhost?ca=${import.meta.path}`, "holds no certificate"],
])("%s is refused with what is wrong and what is right", (url, message) => {
  expect(problem(url)).toContain(message);
});

test("a client connects to a host and a database", async () => {
  await using redis = await startRedis();
  expect(await connected(redisAddress(redis.url))).toBe("PONG db=0 user=default");
  expect(await connected(redisAddress(`valkey://localhost:${redis.port}/3`))).toBe("PONG db=3 user=default");
  expect(await connected(redisAddress(`${redis.url}/15?prefix=a`))).toBe("PONG db=15 user=default");
});

test("a client connects as a user, with the most awkward password", async () => {
  using folder = temporaryFolder();
  const socket = folder.file("redis.sock");
  await using redis = await startRedis({ args: ["--requirepass", awkward, "--unixsocket", socket] });
  const host = `127.0.0.1:${redis.port}`;
  const owner = new Bun.RedisClient(redisAddress(`redis://:${encode(awkward)}@${host}`).clientUrl);
  await owner.send("ACL", ["SETUSER", "al@ice", "on", `>${awkward}`, "~*", "+@all"]);
  owner.close();

  for (const user of ["", "default", "al@ice"]) {
    const login = `${encode(user)}:${encode(awkward)}`;
    const session = `PONG db=3 user=${user || "default"}`;
    expect(await connected(redisAddress(`redis://${login}@${host}/3`))).toBe(session);
    expect(await connected(redisAddress(`redis+unix://${login}@${socket}?db=3`))).toBe(session);
  }
  await expect(connected(redisAddress(`redis://:wrong@${host}`))).rejects.toThrow("Connection closed");
});

test("a client trusts the certificate authority it is told, and no other", async () => {
  await using redis = await startRedis({ tls: certificates.localhost });
  const url = redis.url.replace("127.0.0.1", "localhost");
  for (const address of [redis.url, `${url}/3`, url.replace("rediss", "valkeys")]) {
    expect(await connected(redisAddress(`${address}?ca=${certificates.localhost}`))).toStartWith("PONG");
  }
  for (const query of ["", `?ca=${certificates.otherHost}`]) {
    await expect(connected(redisAddress(`${redis.url}${query}`))).rejects.toThrow("Connection closed");
  }
});

test("a client trusts NODE_EXTRA_CA_CERTS", async () => {
  await using redis = await startRedis({ tls: certificates.localhost });
  const source = `
    import { redisAddress } from ${JSON.stringify(Bun.resolveSync("../../src/storage/redis/address.ts", import.meta.dir))};
    const { clientUrl, tls } = redisAddress(${JSON.stringify(redis.url)});
    const client = new Bun.RedisClient(clientUrl, { tls, autoReconnect: false });
    console.log(await client.ping());
    client.close();`;
  const { stdout } = Bun.spawnSync([process.execPath, "--eval", source], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: certificates.localhost },
  });
  expect(stdout.toString()).toBe("PONG\n");
});

test("the URL of the same Redis with other keys differs in nothing else", () => {
  const prefix = "a+b c&d=e%?é";
  const urls = [
    "redis://localhost",
    "redis://:p%40ss%3F@localhost:7000/3?prefix=old",
    "redis+unix:///run/redis.sock?db=2&timeout=7s",
    "redis://localhost?prefi%78=old+er&timeout=1s",
  ];
  for (const url of urls)
    expect(redisAddress(withPrefix(url, prefix))).toEqual({ ...redisAddress(url), prefix });
});
